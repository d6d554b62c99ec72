using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Artifacts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "Artifacts",
                columns: table => new
                {
                    Id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    RunNumber = table.Column<long>(type: "INTEGER", nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Size = table.Column<long>(type: "INTEGER", nullable: false),
                    Sha256 = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    MediaType = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Key = table.Column<string>(type: "TEXT", maxLength: 1024, nullable: false),
                    CreatedAt = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Artifacts", x => x.Id);
                    table.ForeignKey(
                        name: "FK_Artifacts_Runs_RunNumber",
                        column: x => x.RunNumber,
                        principalTable: "Runs",
                        principalColumn: "Number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "ArtifactPins",
                columns: table => new
                {
                    ArtifactId = table.Column<long>(type: "INTEGER", nullable: false),
                    Holder = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    PinnedAt = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ArtifactPins", x => new { x.ArtifactId, x.Holder });
                    table.ForeignKey(
                        name: "FK_ArtifactPins_Artifacts_ArtifactId",
                        column: x => x.ArtifactId,
                        principalTable: "Artifacts",
                        principalColumn: "Id");
                });

            migrationBuilder.CreateIndex(
                name: "IX_Artifacts_Key",
                table: "Artifacts",
                column: "Key",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Artifacts_RunNumber",
                table: "Artifacts",
                column: "RunNumber");

            migrationBuilder.AddColumn<long>(
                name: "WeightsId",
                table: "Checkpoints",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "StateId",
                table: "Checkpoints",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "WeightsId",
                table: "PausePoints",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.AddColumn<long>(
                name: "StateId",
                table: "PausePoints",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            // The files stay where they are: the key of each is its place in the data folder. Columns go only afterwards, when SQLite lays both tables out anew.
            migrationBuilder.Sql("""
                INSERT INTO "Artifacts" ("RunNumber", "Name", "Size", "Sha256", "MediaType", "Key", "CreatedAt")
                SELECT f."RunNumber", f."Name", f."Size", f."Sha256", 'application/octet-stream', 'runs/' || r."Id" || '/checkpoints/' || f."Name", f."SavedAt"
                FROM (
                    SELECT "RunNumber", "FileName" AS "Name", "Size", "Sha256", "SavedAt", "Epoch" AS "Place", 0 AS "Part" FROM "Checkpoints"
                    UNION ALL
                    SELECT "RunNumber", "StateFileName", "StateSize", "StateSha256", "SavedAt", "Epoch", 1 FROM "Checkpoints" WHERE "StateFileName" IS NOT NULL
                    UNION ALL
                    SELECT "RunNumber", "FileName", "Size", "Sha256", "SavedAt", 1e9, 0 FROM "PausePoints"
                    UNION ALL
                    SELECT "RunNumber", "StateFileName", "StateSize", "StateSha256", "SavedAt", 1e9, 1 FROM "PausePoints"
                ) AS f
                JOIN "Runs" AS r ON r."Number" = f."RunNumber"
                ORDER BY f."RunNumber", f."Place", f."Part"
                """);

            migrationBuilder.Sql("""
                UPDATE "Checkpoints" SET
                    "WeightsId" = (SELECT a."Id" FROM "Runs" AS r JOIN "Artifacts" AS a ON a."Key" = 'runs/' || r."Id" || '/checkpoints/' || "FileName" WHERE r."Number" = "Checkpoints"."RunNumber"),
                    "StateId" = (SELECT a."Id" FROM "Runs" AS r JOIN "Artifacts" AS a ON a."Key" = 'runs/' || r."Id" || '/checkpoints/' || "StateFileName" WHERE r."Number" = "Checkpoints"."RunNumber")
                """);

            migrationBuilder.Sql("""
                UPDATE "PausePoints" SET
                    "WeightsId" = (SELECT a."Id" FROM "Runs" AS r JOIN "Artifacts" AS a ON a."Key" = 'runs/' || r."Id" || '/checkpoints/' || "FileName" WHERE r."Number" = "PausePoints"."RunNumber"),
                    "StateId" = (SELECT a."Id" FROM "Runs" AS r JOIN "Artifacts" AS a ON a."Key" = 'runs/' || r."Id" || '/checkpoints/' || "StateFileName" WHERE r."Number" = "PausePoints"."RunNumber")
                """);

            migrationBuilder.DropColumn(
                name: "FileName",
                table: "PausePoints");

            migrationBuilder.DropColumn(
                name: "Sha256",
                table: "PausePoints");

            migrationBuilder.DropColumn(
                name: "StateFileName",
                table: "PausePoints");

            migrationBuilder.DropColumn(
                name: "StateSha256",
                table: "PausePoints");

            migrationBuilder.DropColumn(
                name: "FileName",
                table: "Checkpoints");

            migrationBuilder.DropColumn(
                name: "Sha256",
                table: "Checkpoints");

            migrationBuilder.DropColumn(
                name: "StateFileName",
                table: "Checkpoints");

            migrationBuilder.DropColumn(
                name: "StateSha256",
                table: "Checkpoints");

            migrationBuilder.DropColumn(
                name: "Size",
                table: "Checkpoints");

            migrationBuilder.DropColumn(
                name: "StateSize",
                table: "Checkpoints");

            migrationBuilder.DropColumn(
                name: "Size",
                table: "PausePoints");

            migrationBuilder.DropColumn(
                name: "StateSize",
                table: "PausePoints");

            migrationBuilder.CreateIndex(
                name: "IX_PausePoints_StateId",
                table: "PausePoints",
                column: "StateId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_PausePoints_WeightsId",
                table: "PausePoints",
                column: "WeightsId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Checkpoints_StateId",
                table: "Checkpoints",
                column: "StateId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Checkpoints_WeightsId",
                table: "Checkpoints",
                column: "WeightsId",
                unique: true);

            migrationBuilder.AddForeignKey(
                name: "FK_Checkpoints_Artifacts_StateId",
                table: "Checkpoints",
                column: "StateId",
                principalTable: "Artifacts",
                principalColumn: "Id");

            migrationBuilder.AddForeignKey(
                name: "FK_Checkpoints_Artifacts_WeightsId",
                table: "Checkpoints",
                column: "WeightsId",
                principalTable: "Artifacts",
                principalColumn: "Id");

            migrationBuilder.AddForeignKey(
                name: "FK_PausePoints_Artifacts_StateId",
                table: "PausePoints",
                column: "StateId",
                principalTable: "Artifacts",
                principalColumn: "Id");

            migrationBuilder.AddForeignKey(
                name: "FK_PausePoints_Artifacts_WeightsId",
                table: "PausePoints",
                column: "WeightsId",
                principalTable: "Artifacts",
                principalColumn: "Id");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(name: "FileName", table: "Checkpoints", type: "TEXT", nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<long>(name: "Size", table: "Checkpoints", type: "INTEGER", nullable: false, defaultValue: 0L);
            migrationBuilder.AddColumn<string>(name: "Sha256", table: "Checkpoints", type: "TEXT", maxLength: 64, nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<string>(name: "StateFileName", table: "Checkpoints", type: "TEXT", nullable: true);
            migrationBuilder.AddColumn<long>(name: "StateSize", table: "Checkpoints", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<string>(name: "StateSha256", table: "Checkpoints", type: "TEXT", nullable: true);

            migrationBuilder.AddColumn<string>(name: "FileName", table: "PausePoints", type: "TEXT", nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<long>(name: "Size", table: "PausePoints", type: "INTEGER", nullable: false, defaultValue: 0L);
            migrationBuilder.AddColumn<string>(name: "Sha256", table: "PausePoints", type: "TEXT", maxLength: 64, nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<string>(name: "StateFileName", table: "PausePoints", type: "TEXT", nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<long>(name: "StateSize", table: "PausePoints", type: "INTEGER", nullable: false, defaultValue: 0L);
            migrationBuilder.AddColumn<string>(name: "StateSha256", table: "PausePoints", type: "TEXT", maxLength: 64, nullable: false, defaultValue: "");

            migrationBuilder.Sql("""
                UPDATE "Checkpoints" SET
                    "FileName" = (SELECT "Name" FROM "Artifacts" WHERE "Id" = "Checkpoints"."WeightsId"),
                    "Size" = (SELECT "Size" FROM "Artifacts" WHERE "Id" = "Checkpoints"."WeightsId"),
                    "Sha256" = (SELECT "Sha256" FROM "Artifacts" WHERE "Id" = "Checkpoints"."WeightsId"),
                    "StateFileName" = (SELECT "Name" FROM "Artifacts" WHERE "Id" = "Checkpoints"."StateId"),
                    "StateSize" = (SELECT "Size" FROM "Artifacts" WHERE "Id" = "Checkpoints"."StateId"),
                    "StateSha256" = (SELECT "Sha256" FROM "Artifacts" WHERE "Id" = "Checkpoints"."StateId")
                """);
            migrationBuilder.Sql("""
                UPDATE "PausePoints" SET
                    "FileName" = (SELECT "Name" FROM "Artifacts" WHERE "Id" = "PausePoints"."WeightsId"),
                    "Size" = (SELECT "Size" FROM "Artifacts" WHERE "Id" = "PausePoints"."WeightsId"),
                    "Sha256" = (SELECT "Sha256" FROM "Artifacts" WHERE "Id" = "PausePoints"."WeightsId"),
                    "StateFileName" = (SELECT "Name" FROM "Artifacts" WHERE "Id" = "PausePoints"."StateId"),
                    "StateSize" = (SELECT "Size" FROM "Artifacts" WHERE "Id" = "PausePoints"."StateId"),
                    "StateSha256" = (SELECT "Sha256" FROM "Artifacts" WHERE "Id" = "PausePoints"."StateId")
                """);

            migrationBuilder.DropForeignKey(name: "FK_Checkpoints_Artifacts_StateId", table: "Checkpoints");
            migrationBuilder.DropIndex(name: "IX_Checkpoints_StateId", table: "Checkpoints");
            migrationBuilder.DropColumn(name: "StateId", table: "Checkpoints");
            migrationBuilder.DropForeignKey(name: "FK_Checkpoints_Artifacts_WeightsId", table: "Checkpoints");
            migrationBuilder.DropIndex(name: "IX_Checkpoints_WeightsId", table: "Checkpoints");
            migrationBuilder.DropColumn(name: "WeightsId", table: "Checkpoints");
            migrationBuilder.DropForeignKey(name: "FK_PausePoints_Artifacts_StateId", table: "PausePoints");
            migrationBuilder.DropIndex(name: "IX_PausePoints_StateId", table: "PausePoints");
            migrationBuilder.DropColumn(name: "StateId", table: "PausePoints");
            migrationBuilder.DropForeignKey(name: "FK_PausePoints_Artifacts_WeightsId", table: "PausePoints");
            migrationBuilder.DropIndex(name: "IX_PausePoints_WeightsId", table: "PausePoints");
            migrationBuilder.DropColumn(name: "WeightsId", table: "PausePoints");

            // SQLite lays the tables out anew at the end, and until then they speak of what goes here.
            migrationBuilder.Sql("PRAGMA foreign_keys = 0;", suppressTransaction: true);
            migrationBuilder.DropTable(name: "ArtifactPins");
            migrationBuilder.DropTable(name: "Artifacts");
        }
    }
}
