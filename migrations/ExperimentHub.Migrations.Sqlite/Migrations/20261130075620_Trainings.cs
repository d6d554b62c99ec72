using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Trainings : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "Trainings",
                columns: table => new
                {
                    RunNumber = table.Column<long>(type: "INTEGER", nullable: false),
                    Model = table.Column<string>(type: "TEXT", nullable: false),
                    Dataset = table.Column<string>(type: "TEXT", nullable: false),
                    PlannedEpochs = table.Column<int>(type: "INTEGER", nullable: false),
                    BatchSize = table.Column<int>(type: "INTEGER", nullable: false),
                    LearningRate = table.Column<double>(type: "REAL", nullable: false),
                    Seed = table.Column<long>(type: "INTEGER", nullable: false),
                    Recipe = table.Column<string>(type: "TEXT", maxLength: 32, nullable: false),
                    DeviceGroup = table.Column<string>(type: "TEXT", nullable: false),
                    QueuePosition = table.Column<long>(type: "INTEGER", nullable: false),
                    StopRequestedAt = table.Column<DateTime>(type: "TEXT", nullable: true),
                    PauseRequestedAt = table.Column<DateTime>(type: "TEXT", nullable: true),
                    DeviceKind = table.Column<string>(type: "TEXT", nullable: true),
                    DeviceIndex = table.Column<int>(type: "INTEGER", nullable: true),
                    DeviceName = table.Column<string>(type: "TEXT", nullable: true),
                    CurrentAttempt = table.Column<int>(type: "INTEGER", nullable: false),
                    TorchVersion = table.Column<string>(type: "TEXT", nullable: true),
                    Threads = table.Column<int>(type: "INTEGER", nullable: true),
                    Parameters = table.Column<long>(type: "INTEGER", nullable: true),
                    StepsPerEpoch = table.Column<int>(type: "INTEGER", nullable: true),
                    ValidationSamples = table.Column<int>(type: "INTEGER", nullable: true),
                    DatasetSha256 = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    EpochsDone = table.Column<int>(type: "INTEGER", nullable: false),
                    LastTrainLoss = table.Column<double>(type: "REAL", nullable: true),
                    LastTestLoss = table.Column<double>(type: "REAL", nullable: true),
                    LastTestAccuracy = table.Column<double>(type: "REAL", nullable: true),
                    BestTestAccuracy = table.Column<double>(type: "REAL", nullable: true),
                    BestEpoch = table.Column<int>(type: "INTEGER", nullable: true),
                    Diverged = table.Column<bool>(type: "INTEGER", nullable: true),
                    TrainSeconds = table.Column<double>(type: "REAL", nullable: false),
                    ForkedFrom = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    ForkedAfterEpoch = table.Column<int>(type: "INTEGER", nullable: true),
                    Reproduces = table.Column<string>(type: "TEXT", maxLength: 32, nullable: true),
                    PolicyVersion = table.Column<int>(type: "INTEGER", nullable: false, defaultValue: 1),
                    FinishReason = table.Column<string>(type: "TEXT", nullable: true),
                    DivergedBecause = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Trainings", x => x.RunNumber);
                    table.ForeignKey(
                        name: "FK_Trainings_Runs_RunNumber",
                        column: x => x.RunNumber,
                        principalTable: "Runs",
                        principalColumn: "Number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "TrainingSpecs",
                columns: table => new
                {
                    RunNumber = table.Column<long>(type: "INTEGER", nullable: false),
                    Spec = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_TrainingSpecs", x => x.RunNumber);
                    table.ForeignKey(
                        name: "FK_TrainingSpecs_Trainings_RunNumber",
                        column: x => x.RunNumber,
                        principalTable: "Trainings",
                        principalColumn: "RunNumber",
                        onDelete: ReferentialAction.Cascade);
                });

            // Every run of the hubs before this one is a training of theirs. The columns go only afterwards, when SQLite lays the table of the runs out anew.
            migrationBuilder.Sql("""
                INSERT INTO "Trainings" ("RunNumber", "Model", "Dataset", "PlannedEpochs", "BatchSize", "LearningRate", "Seed", "Recipe",
                    "DeviceGroup", "QueuePosition", "StopRequestedAt", "PauseRequestedAt", "DeviceKind", "DeviceIndex",
                    "DeviceName", "CurrentAttempt", "TorchVersion", "Threads", "Parameters", "StepsPerEpoch",
                    "ValidationSamples", "DatasetSha256", "EpochsDone", "LastTrainLoss", "LastTestLoss", "LastTestAccuracy",
                    "BestTestAccuracy", "BestEpoch", "Diverged", "TrainSeconds", "ForkedFrom", "ForkedAfterEpoch", "Reproduces",
                    "PolicyVersion", "FinishReason", "DivergedBecause")
                SELECT "Number", "Model", "Dataset", "Epochs", "BatchSize", "LearningRate", "Seed", "Recipe", "DeviceGroup",
                    "QueuePosition", "StopRequestedAt", "PauseRequestedAt", "DeviceKind", "DeviceIndex", "DeviceName",
                    "CurrentAttempt", "TorchVersion", "Threads", "Parameters", "StepsPerEpoch", "ValidationSamples",
                    "DatasetSha256", "EpochsDone", "LastTrainLoss", "LastTestLoss", "LastTestAccuracy", "BestTestAccuracy",
                    "BestEpoch", "Diverged", "TrainSeconds", "ForkedFrom", "ForkedAfterEpoch", "Reproduces", "PolicyVersion",
                    "FinishReason", "DivergedBecause"
                FROM "Runs" ORDER BY "Number";
                INSERT INTO "TrainingSpecs" ("RunNumber", "Spec") SELECT "Number", "Spec" FROM "Runs" ORDER BY "Number";
                """);

            migrationBuilder.DropForeignKey(
                name: "FK_Attempts_Runs_RunNumber",
                table: "Attempts");

            migrationBuilder.DropForeignKey(
                name: "FK_Epochs_Runs_RunNumber",
                table: "Epochs");

            migrationBuilder.DropForeignKey(
                name: "FK_PausePoints_Runs_RunNumber",
                table: "PausePoints");

            migrationBuilder.DropIndex(
                name: "IX_Runs_ForkedFrom",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_Recipe_Seed",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_Reproduces",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_Status_QueuePosition",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_TrainSeconds",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "BatchSize",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "BestEpoch",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "BestTestAccuracy",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "CurrentAttempt",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Dataset",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "DatasetSha256",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "DeviceGroup",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "DeviceIndex",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "DeviceKind",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "DeviceName",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Diverged",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "DivergedBecause",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Epochs",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "EpochsDone",
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
                name: "LastTestAccuracy",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "LastTestLoss",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "LastTrainLoss",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "LearningRate",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Model",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Parameters",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "PauseRequestedAt",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "PolicyVersion",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "QueuePosition",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Recipe",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Reproduces",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Seed",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Spec",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "StepsPerEpoch",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "StopRequestedAt",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "Threads",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "TorchVersion",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "TrainSeconds",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "ValidationSamples",
                table: "Runs");

            migrationBuilder.CreateIndex(
                name: "IX_Runs_Status",
                table: "Runs",
                column: "Status");

            migrationBuilder.CreateIndex(
                name: "IX_Trainings_ForkedFrom",
                table: "Trainings",
                column: "ForkedFrom");

            migrationBuilder.CreateIndex(
                name: "IX_Trainings_Recipe_Seed",
                table: "Trainings",
                columns: new[] { "Recipe", "Seed" });

            migrationBuilder.CreateIndex(
                name: "IX_Trainings_Reproduces",
                table: "Trainings",
                column: "Reproduces");

            migrationBuilder.CreateIndex(
                name: "IX_Trainings_TrainSeconds",
                table: "Trainings",
                column: "TrainSeconds");

            migrationBuilder.AddForeignKey(
                name: "FK_Attempts_Trainings_RunNumber",
                table: "Attempts",
                column: "RunNumber",
                principalTable: "Trainings",
                principalColumn: "RunNumber",
                onDelete: ReferentialAction.Cascade);

            migrationBuilder.AddForeignKey(
                name: "FK_Epochs_Trainings_RunNumber",
                table: "Epochs",
                column: "RunNumber",
                principalTable: "Trainings",
                principalColumn: "RunNumber",
                onDelete: ReferentialAction.Cascade);

            migrationBuilder.AddForeignKey(
                name: "FK_PausePoints_Trainings_RunNumber",
                table: "PausePoints",
                column: "RunNumber",
                principalTable: "Trainings",
                principalColumn: "RunNumber",
                onDelete: ReferentialAction.Cascade);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // A run without a training had no place in the older tables.
            migrationBuilder.Sql("""DELETE FROM "Runs" WHERE "Number" NOT IN (SELECT "RunNumber" FROM "Trainings");""");
            migrationBuilder.DropIndex(name: "IX_Runs_Status", table: "Runs");

            migrationBuilder.AddColumn<string>(name: "Model", table: "Runs", type: "TEXT", nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<string>(name: "Dataset", table: "Runs", type: "TEXT", nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<int>(name: "Epochs", table: "Runs", type: "INTEGER", nullable: false, defaultValue: 0);
            migrationBuilder.AddColumn<int>(name: "BatchSize", table: "Runs", type: "INTEGER", nullable: false, defaultValue: 0);
            migrationBuilder.AddColumn<double>(name: "LearningRate", table: "Runs", type: "REAL", nullable: false, defaultValue: 0.0);
            migrationBuilder.AddColumn<long>(name: "Seed", table: "Runs", type: "INTEGER", nullable: false, defaultValue: 0L);
            migrationBuilder.AddColumn<string>(name: "Recipe", table: "Runs", type: "TEXT", maxLength: 32, nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<string>(name: "DeviceGroup", table: "Runs", type: "TEXT", nullable: false, defaultValue: "");
            migrationBuilder.AddColumn<long>(name: "QueuePosition", table: "Runs", type: "INTEGER", nullable: false, defaultValue: 0L);
            migrationBuilder.AddColumn<DateTime>(name: "StopRequestedAt", table: "Runs", type: "TEXT", nullable: true);
            migrationBuilder.AddColumn<DateTime>(name: "PauseRequestedAt", table: "Runs", type: "TEXT", nullable: true);
            migrationBuilder.AddColumn<string>(name: "DeviceKind", table: "Runs", type: "TEXT", nullable: true);
            migrationBuilder.AddColumn<int>(name: "DeviceIndex", table: "Runs", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<string>(name: "DeviceName", table: "Runs", type: "TEXT", nullable: true);
            migrationBuilder.AddColumn<int>(name: "CurrentAttempt", table: "Runs", type: "INTEGER", nullable: false, defaultValue: 0);
            migrationBuilder.AddColumn<string>(name: "TorchVersion", table: "Runs", type: "TEXT", nullable: true);
            migrationBuilder.AddColumn<int>(name: "Threads", table: "Runs", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<long>(name: "Parameters", table: "Runs", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<int>(name: "StepsPerEpoch", table: "Runs", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<int>(name: "ValidationSamples", table: "Runs", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<string>(name: "DatasetSha256", table: "Runs", type: "TEXT", maxLength: 64, nullable: true);
            migrationBuilder.AddColumn<int>(name: "EpochsDone", table: "Runs", type: "INTEGER", nullable: false, defaultValue: 0);
            migrationBuilder.AddColumn<double>(name: "LastTrainLoss", table: "Runs", type: "REAL", nullable: true);
            migrationBuilder.AddColumn<double>(name: "LastTestLoss", table: "Runs", type: "REAL", nullable: true);
            migrationBuilder.AddColumn<double>(name: "LastTestAccuracy", table: "Runs", type: "REAL", nullable: true);
            migrationBuilder.AddColumn<double>(name: "BestTestAccuracy", table: "Runs", type: "REAL", nullable: true);
            migrationBuilder.AddColumn<int>(name: "BestEpoch", table: "Runs", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<bool>(name: "Diverged", table: "Runs", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<double>(name: "TrainSeconds", table: "Runs", type: "REAL", nullable: false, defaultValue: 0.0);
            migrationBuilder.AddColumn<string>(name: "ForkedFrom", table: "Runs", type: "TEXT", maxLength: 32, nullable: true);
            migrationBuilder.AddColumn<int>(name: "ForkedAfterEpoch", table: "Runs", type: "INTEGER", nullable: true);
            migrationBuilder.AddColumn<string>(name: "Reproduces", table: "Runs", type: "TEXT", maxLength: 32, nullable: true);
            migrationBuilder.AddColumn<int>(name: "PolicyVersion", table: "Runs", type: "INTEGER", nullable: false, defaultValue: 1);
            migrationBuilder.AddColumn<string>(name: "FinishReason", table: "Runs", type: "TEXT", nullable: true);
            migrationBuilder.AddColumn<string>(name: "DivergedBecause", table: "Runs", type: "TEXT", nullable: true);
            migrationBuilder.AddColumn<string>(name: "Spec", table: "Runs", type: "TEXT", nullable: false, defaultValue: "");

            migrationBuilder.Sql("""
                UPDATE "Runs" SET
                    "Model" = t."Model", "Dataset" = t."Dataset", "Epochs" = t."PlannedEpochs", "BatchSize" = t."BatchSize",
                    "LearningRate" = t."LearningRate", "Seed" = t."Seed", "Recipe" = t."Recipe", "DeviceGroup" = t."DeviceGroup",
                    "QueuePosition" = t."QueuePosition", "StopRequestedAt" = t."StopRequestedAt",
                    "PauseRequestedAt" = t."PauseRequestedAt", "DeviceKind" = t."DeviceKind", "DeviceIndex" = t."DeviceIndex",
                    "DeviceName" = t."DeviceName", "CurrentAttempt" = t."CurrentAttempt", "TorchVersion" = t."TorchVersion",
                    "Threads" = t."Threads", "Parameters" = t."Parameters", "StepsPerEpoch" = t."StepsPerEpoch",
                    "ValidationSamples" = t."ValidationSamples", "DatasetSha256" = t."DatasetSha256", "EpochsDone" = t."EpochsDone",
                    "LastTrainLoss" = t."LastTrainLoss", "LastTestLoss" = t."LastTestLoss", "LastTestAccuracy" = t."LastTestAccuracy",
                    "BestTestAccuracy" = t."BestTestAccuracy", "BestEpoch" = t."BestEpoch", "Diverged" = t."Diverged",
                    "TrainSeconds" = t."TrainSeconds", "ForkedFrom" = t."ForkedFrom", "ForkedAfterEpoch" = t."ForkedAfterEpoch",
                    "Reproduces" = t."Reproduces", "PolicyVersion" = t."PolicyVersion", "FinishReason" = t."FinishReason",
                    "DivergedBecause" = t."DivergedBecause"
                FROM "Trainings" t WHERE t."RunNumber" = "Runs"."Number";
                UPDATE "Runs" SET "Spec" = t."Spec" FROM "TrainingSpecs" t WHERE t."RunNumber" = "Runs"."Number";
                """);

            // Until their own tables are laid out anew, at the end, attempts and epochs would go with the trainings.
            migrationBuilder.Sql("PRAGMA foreign_keys = 0;", suppressTransaction: true);
            migrationBuilder.DropTable(name: "TrainingSpecs");
            migrationBuilder.DropTable(name: "Trainings");
            migrationBuilder.Sql("PRAGMA foreign_keys = 1;", suppressTransaction: true);
            migrationBuilder.DropForeignKey(name: "FK_Attempts_Trainings_RunNumber", table: "Attempts");
            migrationBuilder.DropForeignKey(name: "FK_Epochs_Trainings_RunNumber", table: "Epochs");
            migrationBuilder.DropForeignKey(name: "FK_PausePoints_Trainings_RunNumber", table: "PausePoints");
            migrationBuilder.AddForeignKey(
                name: "FK_Attempts_Runs_RunNumber", table: "Attempts", column: "RunNumber", principalTable: "Runs", principalColumn: "Number", onDelete: ReferentialAction.Cascade);
            migrationBuilder.AddForeignKey(
                name: "FK_Epochs_Runs_RunNumber", table: "Epochs", column: "RunNumber", principalTable: "Runs", principalColumn: "Number", onDelete: ReferentialAction.Cascade);
            migrationBuilder.AddForeignKey(
                name: "FK_PausePoints_Runs_RunNumber", table: "PausePoints", column: "RunNumber", principalTable: "Runs", principalColumn: "Number", onDelete: ReferentialAction.Cascade);

            migrationBuilder.CreateIndex(name: "IX_Runs_ForkedFrom", table: "Runs", column: "ForkedFrom");
            migrationBuilder.CreateIndex(name: "IX_Runs_Recipe_Seed", table: "Runs", columns: new[] { "Recipe", "Seed" });
            migrationBuilder.CreateIndex(name: "IX_Runs_Reproduces", table: "Runs", column: "Reproduces");
            migrationBuilder.CreateIndex(name: "IX_Runs_Status_QueuePosition", table: "Runs", columns: new[] { "Status", "QueuePosition" });
            migrationBuilder.CreateIndex(name: "IX_Runs_TrainSeconds", table: "Runs", column: "TrainSeconds");
        }
    }
}
