using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class OwedBytes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AlterColumn<long>(
                name: "RunNumber",
                table: "Artifacts",
                type: "INTEGER",
                nullable: true,
                oldClrType: typeof(long),
                oldType: "INTEGER");

            migrationBuilder.AddColumn<string>(
                name: "DatasetKey",
                table: "Artifacts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "OwedBytes",
                columns: table => new
                {
                    Key = table.Column<string>(type: "TEXT", maxLength: 1024, nullable: false),
                    IsFolder = table.Column<bool>(type: "INTEGER", nullable: false),
                    OwedAt = table.Column<DateTime>(type: "TEXT", nullable: false),
                    Node = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    Life = table.Column<Guid>(type: "TEXT", nullable: true),
                    LeaseSeconds = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_OwedBytes", x => x.Key);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Artifacts_DatasetKey",
                table: "Artifacts",
                column: "DatasetKey");

            migrationBuilder.AddCheckConstraint(
                name: "CK_Artifacts_Owner",
                table: "Artifacts",
                sql: "(\"RunNumber\" IS NULL) <> (\"DatasetKey\" IS NULL)");

            migrationBuilder.AddForeignKey(
                name: "FK_Artifacts_OwnDatasets_DatasetKey",
                table: "Artifacts",
                column: "DatasetKey",
                principalTable: "OwnDatasets",
                principalColumn: "Key",
                onDelete: ReferentialAction.Cascade);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropForeignKey(
                name: "FK_Artifacts_OwnDatasets_DatasetKey",
                table: "Artifacts");

            migrationBuilder.DropTable(
                name: "OwedBytes");

            migrationBuilder.DropIndex(
                name: "IX_Artifacts_DatasetKey",
                table: "Artifacts");

            migrationBuilder.DropCheckConstraint(
                name: "CK_Artifacts_Owner",
                table: "Artifacts");

            migrationBuilder.DropColumn(
                name: "DatasetKey",
                table: "Artifacts");

            migrationBuilder.AlterColumn<long>(
                name: "RunNumber",
                table: "Artifacts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L,
                oldClrType: typeof(long),
                oldType: "INTEGER",
                oldNullable: true);
        }
    }
}
