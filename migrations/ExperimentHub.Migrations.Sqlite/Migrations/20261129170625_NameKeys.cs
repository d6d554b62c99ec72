using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class NameKeys : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_SavedViews_Name",
                table: "SavedViews");

            migrationBuilder.DropIndex(
                name: "IX_RunTags_Name_Value_RunNumber",
                table: "RunTags");

            migrationBuilder.DropIndex(
                name: "IX_Experiments_Name",
                table: "Experiments");

            migrationBuilder.AddColumn<string>(
                name: "NameKey",
                table: "SavedViews",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "NameKey",
                table: "RunTags",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "NameKey",
                table: "Experiments",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            // Names that an older hub told apart and that are one by the rule of today are all kept: the oldest has the key, the others have a mark behind it.
            migrationBuilder.Sql($"""
                UPDATE "Experiments" SET "NameKey" = {SqliteFunctions.NameKey}("Name");
                UPDATE "Experiments" SET "NameKey" = "NameKey" || char(1) || "Id"
                    WHERE "DeletedAt" IS NULL AND EXISTS (SELECT 1 FROM "Experiments" o WHERE o."NameKey" = "Experiments"."NameKey" AND o."DeletedAt" IS NULL AND o."Id" < "Experiments"."Id");
                UPDATE "SavedViews" SET "NameKey" = {SqliteFunctions.NameKey}("Name");
                UPDATE "SavedViews" SET "NameKey" = "NameKey" || char(1) || "Id"
                    WHERE EXISTS (SELECT 1 FROM "SavedViews" o WHERE o."NameKey" = "SavedViews"."NameKey" AND o."Id" < "SavedViews"."Id");
                UPDATE "RunTags" SET "NameKey" = {SqliteFunctions.NameKey}("Name");
                UPDATE "RunTags" SET "NameKey" = "NameKey" || char(1) || rowid
                    WHERE EXISTS (SELECT 1 FROM "RunTags" o WHERE o."RunNumber" = "RunTags"."RunNumber" AND o."NameKey" = "RunTags"."NameKey" AND o.rowid < "RunTags".rowid);
                """);

            migrationBuilder.CreateIndex(
                name: "IX_SavedViews_NameKey",
                table: "SavedViews",
                column: "NameKey",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_RunTags_NameKey_Value_RunNumber",
                table: "RunTags",
                columns: new[] { "NameKey", "Value", "RunNumber" });

            migrationBuilder.CreateIndex(
                name: "IX_RunTags_RunNumber_NameKey",
                table: "RunTags",
                columns: new[] { "RunNumber", "NameKey" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Experiments_NameKey",
                table: "Experiments",
                column: "NameKey",
                unique: true,
                filter: "\"DeletedAt\" IS NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_SavedViews_NameKey",
                table: "SavedViews");

            migrationBuilder.DropIndex(
                name: "IX_RunTags_NameKey_Value_RunNumber",
                table: "RunTags");

            migrationBuilder.DropIndex(
                name: "IX_RunTags_RunNumber_NameKey",
                table: "RunTags");

            migrationBuilder.DropIndex(
                name: "IX_Experiments_NameKey",
                table: "Experiments");

            migrationBuilder.DropColumn(
                name: "NameKey",
                table: "SavedViews");

            migrationBuilder.DropColumn(
                name: "NameKey",
                table: "RunTags");

            migrationBuilder.DropColumn(
                name: "NameKey",
                table: "Experiments");

            migrationBuilder.CreateIndex(
                name: "IX_SavedViews_Name",
                table: "SavedViews",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_RunTags_Name_Value_RunNumber",
                table: "RunTags",
                columns: new[] { "Name", "Value", "RunNumber" });

            migrationBuilder.CreateIndex(
                name: "IX_Experiments_Name",
                table: "Experiments",
                column: "Name",
                unique: true,
                filter: "\"DeletedAt\" IS NULL");
        }
    }
}
