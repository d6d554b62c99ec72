using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class EditsNameTheirVersion : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "Version",
                table: "Schedules",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "Version",
                table: "SavedViews",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "Version",
                table: "RunTags",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "NameVersion",
                table: "Runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "NotesVersion",
                table: "Runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "PolicyVersion",
                table: "Runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "UntaggedVersion",
                table: "Runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "Version",
                table: "Runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "DescriptionVersion",
                table: "Experiments",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "NameVersion",
                table: "Experiments",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "SettingsVersion",
                table: "Experiments",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.AddColumn<int>(
                name: "Version",
                table: "Experiments",
                type: "INTEGER",
                nullable: false,
                defaultValue: 1);

            migrationBuilder.CreateTable(
                name: "SettingsChanges",
                columns: table => new
                {
                    ExperimentId = table.Column<int>(type: "INTEGER", nullable: false),
                    Number = table.Column<int>(type: "INTEGER", nullable: false),
                    Spec = table.Column<string>(type: "TEXT", nullable: false),
                    At = table.Column<DateTime>(type: "TEXT", nullable: false),
                    By = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    Note = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_SettingsChanges", x => new { x.ExperimentId, x.Number });
                    table.ForeignKey(
                        name: "FK_SettingsChanges_Experiments_ExperimentId",
                        column: x => x.ExperimentId,
                        principalTable: "Experiments",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            // The history of an experiment that was there before begins with what its settings are now; since when, nobody knows.
            migrationBuilder.Sql("""
                INSERT INTO "SettingsChanges" ("ExperimentId", "Number", "Spec", "At", "By")
                SELECT "Id", 1, "DefaultSpec", strftime('%Y-%m-%d %H:%M:%f', 'now'), 'Earlier' FROM "Experiments";
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "SettingsChanges");

            migrationBuilder.DropColumn(
                name: "Version",
                table: "Schedules");

            migrationBuilder.DropColumn(
                name: "Version",
                table: "SavedViews");

            migrationBuilder.DropColumn(
                name: "Version",
                table: "RunTags");

            migrationBuilder.DropColumn(
                name: "NameVersion",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "NotesVersion",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "PolicyVersion",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "UntaggedVersion",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Version",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "DescriptionVersion",
                table: "Experiments");

            migrationBuilder.DropColumn(
                name: "NameVersion",
                table: "Experiments");

            migrationBuilder.DropColumn(
                name: "SettingsVersion",
                table: "Experiments");

            migrationBuilder.DropColumn(
                name: "Version",
                table: "Experiments");
        }
    }
}
