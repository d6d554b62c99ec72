using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class MetricDirections : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<int>(
                name: "Direction",
                table: "MetricSeries",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "Role",
                table: "MetricSeries",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            migrationBuilder.AddColumn<int>(
                name: "Split",
                table: "MetricSeries",
                type: "INTEGER",
                nullable: false,
                defaultValue: 0);

            // Nobody said anything of these series, so they get what their names let suppose, as a new one does of which nothing is said (MetricMeaning.Supposed). Their best values are by the
            // same rule already. Before the index, which would be written row by row.
            migrationBuilder.Sql("""
                UPDATE "MetricSeries" SET
                    "Direction" = CASE WHEN "Name" LIKE '%accuracy%' THEN 2 WHEN "Name" LIKE '%loss%' OR "Name" LIKE '%error%' THEN 1 ELSE 0 END,
                    "Role" = CASE WHEN "Name" LIKE '%accuracy%' THEN 2 WHEN "Name" LIKE '%loss%' THEN 1 ELSE 0 END,
                    "Split" = CASE WHEN "Name" LIKE 'train%' THEN 1 WHEN "Name" LIKE 'valid%' OR "Name" LIKE 'val!_%' ESCAPE '!' THEN 2 WHEN "Name" LIKE 'test%' THEN 3 ELSE 0 END
                WHERE "Name" LIKE '%accuracy%' OR "Name" LIKE '%loss%' OR "Name" LIKE '%error%'
                    OR "Name" LIKE 'train%' OR "Name" LIKE 'valid%' OR "Name" LIKE 'val!_%' ESCAPE '!' OR "Name" LIKE 'test%';
                """);

            migrationBuilder.CreateIndex(
                name: "IX_MetricSeries_Name_Direction_RunNumber",
                table: "MetricSeries",
                columns: new[] { "Name", "Direction", "RunNumber" },
                filter: "\"Direction\" <> 0");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_MetricSeries_Name_Direction_RunNumber",
                table: "MetricSeries");

            migrationBuilder.DropColumn(
                name: "Direction",
                table: "MetricSeries");

            migrationBuilder.DropColumn(
                name: "Role",
                table: "MetricSeries");

            migrationBuilder.DropColumn(
                name: "Split",
                table: "MetricSeries");
        }
    }
}
