using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class RunSearch : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_RunTags_Name_Value",
                table: "RunTags");

            migrationBuilder.DropIndex(
                name: "IX_Runs_ExperimentId",
                table: "Runs");

            migrationBuilder.AddColumn<DateTime>(
                name: "DeletedAt",
                table: "Runs",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<double>(
                name: "AtBest",
                table: "MetricSeries",
                type: "REAL",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "ParamNames",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Name = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_ParamNames", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "SavedViews",
                columns: table => new
                {
                    Id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    Name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false, collation: "NOCASE"),
                    State = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<DateTime>(type: "TEXT", nullable: false),
                    ChangedAt = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_SavedViews", x => x.Id);
                });

            // By hand: WITHOUT ROWID keeps the values of one hyperparameter side by side in the table itself.
            migrationBuilder.Sql("""
                CREATE TABLE "RunParams" (
                    "ParamId" INTEGER NOT NULL,
                    "RunNumber" INTEGER NOT NULL,
                    "Number" REAL NULL,
                    "Text" TEXT NOT NULL,
                    CONSTRAINT "PK_RunParams" PRIMARY KEY ("ParamId", "RunNumber"),
                    CONSTRAINT "FK_RunParams_ParamNames_ParamId" FOREIGN KEY ("ParamId") REFERENCES "ParamNames" ("Id") ON DELETE CASCADE,
                    CONSTRAINT "FK_RunParams_Runs_RunNumber" FOREIGN KEY ("RunNumber") REFERENCES "Runs" ("Number") ON DELETE CASCADE
                ) WITHOUT ROWID
                """);

            // What a snapshot says of a metric stands beside the metric as well from now on, where it can be sorted by.
            migrationBuilder.Sql("""
                UPDATE "MetricSeries" SET "AtBest" = (
                    SELECT CASE v."value" WHEN 'NaN' THEN NULL WHEN 'Infinity' THEN 9e999 WHEN '-Infinity' THEN -9e999 ELSE v."value" END
                    FROM "MetricSnapshots" s, json_each(s."Values") v WHERE s."RunNumber" = "MetricSeries"."RunNumber" AND v."key" = "MetricSeries"."Name")
                """);

            migrationBuilder.CreateIndex(
                name: "IX_RunTags_Name_Value_RunNumber",
                table: "RunTags",
                columns: new[] { "Name", "Value", "RunNumber" });

            migrationBuilder.CreateIndex(
                name: "IX_Runs_CreatedAt",
                table: "Runs",
                column: "CreatedAt");

            migrationBuilder.CreateIndex(
                name: "IX_Runs_DeletedAt",
                table: "Runs",
                column: "DeletedAt",
                filter: "\"DeletedAt\" IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_Runs_EndedAt",
                table: "Runs",
                column: "EndedAt");

            migrationBuilder.CreateIndex(
                name: "IX_Runs_ExperimentId_DeletedAt_ArchivedAt",
                table: "Runs",
                columns: new[] { "ExperimentId", "DeletedAt", "ArchivedAt" });

            migrationBuilder.CreateIndex(
                name: "IX_Runs_Name",
                table: "Runs",
                column: "Name");

            migrationBuilder.CreateIndex(
                name: "IX_Runs_StartedAt",
                table: "Runs",
                column: "StartedAt");

            migrationBuilder.CreateIndex(
                name: "IX_Runs_TrainSeconds",
                table: "Runs",
                column: "TrainSeconds");

            migrationBuilder.CreateIndex(
                name: "IX_MetricSeries_Name_AtBest_RunNumber",
                table: "MetricSeries",
                columns: new[] { "Name", "AtBest", "RunNumber" });

            migrationBuilder.CreateIndex(
                name: "IX_MetricSeries_Name_Last_RunNumber",
                table: "MetricSeries",
                columns: new[] { "Name", "Last", "RunNumber" });

            migrationBuilder.CreateIndex(
                name: "IX_MetricSeries_Name_Max_RunNumber",
                table: "MetricSeries",
                columns: new[] { "Name", "Max", "RunNumber" });

            migrationBuilder.CreateIndex(
                name: "IX_MetricSeries_Name_Min_RunNumber",
                table: "MetricSeries",
                columns: new[] { "Name", "Min", "RunNumber" });

            migrationBuilder.CreateIndex(
                name: "IX_MetricSeries_Name_RunNumber_Last_Min_Max_AtBest",
                table: "MetricSeries",
                columns: new[] { "Name", "RunNumber", "Last", "Min", "Max", "AtBest" });

            migrationBuilder.CreateIndex(
                name: "IX_ParamNames_Name",
                table: "ParamNames",
                column: "Name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_RunParams_ParamId_Number_RunNumber",
                table: "RunParams",
                columns: new[] { "ParamId", "Number", "RunNumber" });

            migrationBuilder.CreateIndex(
                name: "IX_RunParams_ParamId_Text_RunNumber",
                table: "RunParams",
                columns: new[] { "ParamId", "Text", "RunNumber" });

            migrationBuilder.CreateIndex(
                name: "IX_RunParams_RunNumber",
                table: "RunParams",
                column: "RunNumber");

            migrationBuilder.CreateIndex(
                name: "IX_SavedViews_Name",
                table: "SavedViews",
                column: "Name",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "RunParams");

            migrationBuilder.DropTable(
                name: "SavedViews");

            migrationBuilder.DropTable(
                name: "ParamNames");

            migrationBuilder.DropIndex(
                name: "IX_RunTags_Name_Value_RunNumber",
                table: "RunTags");

            migrationBuilder.DropIndex(
                name: "IX_Runs_CreatedAt",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_DeletedAt",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_EndedAt",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_ExperimentId_DeletedAt_ArchivedAt",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_Name",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_StartedAt",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_Runs_TrainSeconds",
                table: "Runs");

            migrationBuilder.DropIndex(
                name: "IX_MetricSeries_Name_AtBest_RunNumber",
                table: "MetricSeries");

            migrationBuilder.DropIndex(
                name: "IX_MetricSeries_Name_Last_RunNumber",
                table: "MetricSeries");

            migrationBuilder.DropIndex(
                name: "IX_MetricSeries_Name_Max_RunNumber",
                table: "MetricSeries");

            migrationBuilder.DropIndex(
                name: "IX_MetricSeries_Name_Min_RunNumber",
                table: "MetricSeries");

            migrationBuilder.DropIndex(
                name: "IX_MetricSeries_Name_RunNumber_Last_Min_Max_AtBest",
                table: "MetricSeries");

            migrationBuilder.DropColumn(
                name: "DeletedAt",
                table: "Runs");

            migrationBuilder.DropColumn(
                name: "AtBest",
                table: "MetricSeries");

            migrationBuilder.CreateIndex(
                name: "IX_RunTags_Name_Value",
                table: "RunTags",
                columns: new[] { "Name", "Value" });

            migrationBuilder.CreateIndex(
                name: "IX_Runs_ExperimentId",
                table: "Runs",
                column: "ExperimentId");
        }
    }
}
