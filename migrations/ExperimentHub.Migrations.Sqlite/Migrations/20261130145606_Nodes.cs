using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Nodes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<long>(
                name: "LeaseSeconds",
                table: "Attempts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<Guid>(
                name: "Life",
                table: "Attempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Node",
                table: "Attempts",
                type: "TEXT",
                maxLength: 100,
                nullable: true);

            migrationBuilder.CreateTable(
                name: "Nodes",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    Life = table.Column<Guid>(type: "TEXT", nullable: false),
                    Roles = table.Column<string>(type: "TEXT", nullable: false),
                    Version = table.Column<string>(type: "TEXT", nullable: false),
                    Devices = table.Column<string>(type: "TEXT", nullable: false),
                    StartedSeconds = table.Column<long>(type: "INTEGER", nullable: false),
                    SeenSeconds = table.Column<long>(type: "INTEGER", nullable: false),
                    TestedSeconds = table.Column<long>(type: "INTEGER", nullable: true),
                    TestAskedSeconds = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Nodes", x => x.Id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Attempts_Life",
                table: "Attempts",
                column: "Life",
                filter: "\"EndedAt\" IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Nodes_Name",
                table: "Nodes",
                column: "Name",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "Nodes");

            migrationBuilder.DropIndex(
                name: "IX_Attempts_Life",
                table: "Attempts");

            migrationBuilder.DropColumn(
                name: "LeaseSeconds",
                table: "Attempts");

            migrationBuilder.DropColumn(
                name: "Life",
                table: "Attempts");

            migrationBuilder.DropColumn(
                name: "Node",
                table: "Attempts");
        }
    }
}
