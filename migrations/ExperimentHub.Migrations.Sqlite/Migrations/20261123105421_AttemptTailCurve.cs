using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class AttemptTailCurve : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<byte[]>(
                name: "TailCurve",
                table: "Attempts",
                type: "BLOB",
                nullable: false,
                defaultValue: new byte[0]);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "TailCurve",
                table: "Attempts");
        }
    }
}
