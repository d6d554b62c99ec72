using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class EvidenceAndDivergence : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<bool>(
                name: "Diverged",
                table: "Runs",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "DivergedBecause",
                table: "Runs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Recipe",
                table: "Runs",
                type: "TEXT",
                maxLength: 32,
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<long>(
                name: "Seed",
                table: "Runs",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0L);

            migrationBuilder.CreateIndex(
                name: "IX_Runs_Recipe_Seed",
                table: "Runs",
                columns: new[] { "Recipe", "Seed" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Runs_Recipe_Seed",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Diverged",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "DivergedBecause",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Recipe",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Seed",
                table: "Runs");
        }
    }
}
