using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class TrainingControl : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "DatasetSha256",
                table: "Runs",
                type: "TEXT",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "FinishReason",
                table: "Runs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "ForkedAfterEpoch",
                table: "Runs",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "ForkedFrom",
                table: "Runs",
                type: "TEXT",
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<DateTime>(
                name: "PauseRequestedAt",
                table: "Runs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Reproduces",
                table: "Runs",
                type: "TEXT",
                maxLength: 32,
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "ValidationSamples",
                table: "Runs",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "TrainAccuracy",
                table: "Epochs",
                type: "REAL",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "ValidationAccuracy",
                table: "Epochs",
                type: "REAL",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "ValidationLoss",
                table: "Epochs",
                type: "REAL",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "WeightsSha256",
                table: "Checkpoints",
                type: "TEXT",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "AfterEpoch",
                table: "Attempts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "AfterSteps",
                table: "Attempts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "Device",
                table: "Attempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "DeviceName",
                table: "Attempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "Threads",
                table: "Attempts",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "TorchVersion",
                table: "Attempts",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "Evaluations",
                columns: table => new
                {
                    RunNumber = table.Column<long>(type: "INTEGER", nullable: false),
                    Epoch = table.Column<int>(type: "INTEGER", nullable: false),
                    Attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    Classes = table.Column<int>(type: "INTEGER", nullable: false),
                    Predictions = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Confusion = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Worst = table.Column<byte[]>(type: "BLOB", nullable: false),
                    SavedAt = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Evaluations", x => new { x.RunNumber, x.Epoch });
                    table.ForeignKey(
                        name: "FK_Evaluations_Runs_RunNumber",
                        column: x => x.RunNumber,
                        principalTable: "Runs",
                        principalColumn: "Number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "PausePoints",
                columns: table => new
                {
                    RunNumber = table.Column<long>(type: "INTEGER", nullable: false),
                    Attempt = table.Column<int>(type: "INTEGER", nullable: false),
                    Epoch = table.Column<int>(type: "INTEGER", nullable: false),
                    StepsDone = table.Column<int>(type: "INTEGER", nullable: false),
                    FileName = table.Column<string>(type: "TEXT", nullable: false),
                    Size = table.Column<long>(type: "INTEGER", nullable: false),
                    Sha256 = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    StateFileName = table.Column<string>(type: "TEXT", nullable: false),
                    StateSize = table.Column<long>(type: "INTEGER", nullable: false),
                    StateSha256 = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    SavedAt = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_PausePoints", x => x.RunNumber);
                    table.ForeignKey(
                        name: "FK_PausePoints_Runs_RunNumber",
                        column: x => x.RunNumber,
                        principalTable: "Runs",
                        principalColumn: "Number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Runs_ForkedFrom",
                table: "Runs",
                column: "ForkedFrom");

            migrationBuilder.CreateIndex(
                name: "IX_Runs_Reproduces",
                table: "Runs",
                column: "Reproduces");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "Evaluations");

            migrationBuilder.DropTable(
                name: "PausePoints");

            migrationBuilder.DropIndex(
                name: "IX_Runs_ForkedFrom",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_Reproduces",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "DatasetSha256",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "FinishReason",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "ForkedAfterEpoch",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "ForkedFrom",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "PauseRequestedAt",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Reproduces",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "ValidationSamples",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "TrainAccuracy",
                table: "Epochs");

            migrationBuilder.DropColumn(
                name: "ValidationAccuracy",
                table: "Epochs");

            migrationBuilder.DropColumn(
                name: "ValidationLoss",
                table: "Epochs");

            migrationBuilder.DropColumn(
                name: "WeightsSha256",
                table: "Checkpoints");

            migrationBuilder.DropColumn(
                name: "AfterEpoch",
                table: "Attempts");

            migrationBuilder.DropColumn(
                name: "AfterSteps",
                table: "Attempts");

            migrationBuilder.DropColumn(
                name: "Device",
                table: "Attempts");

            migrationBuilder.DropColumn(
                name: "DeviceName",
                table: "Attempts");

            migrationBuilder.DropColumn(
                name: "Threads",
                table: "Attempts");

            migrationBuilder.DropColumn(
                name: "TorchVersion",
                table: "Attempts");
        }
    }
}
