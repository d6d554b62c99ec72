using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace ExperimentHub.Migrations.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class DatasetArtifacts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // The files stay where they are: the key of each is its place in the data folder, its size follows from the number of images.
            migrationBuilder.Sql("""
                INSERT INTO "Artifacts" ("DatasetKey", "Name", "Size", "Sha256", "MediaType", "Key", "CreatedAt")
                SELECT d."Key", f."Name",
                    CASE f."Place" WHEN 0 THEN 16 + d."TrainSamples" * d."Height" * d."Width" WHEN 1 THEN 8 + d."TrainSamples"
                        WHEN 2 THEN 16 + d."TestSamples" * d."Height" * d."Width" ELSE 8 + d."TestSamples" END,
                    json_extract(d."FileHashes", '$[' || f."Place" || ']'), 'application/octet-stream', 'datasets/' || d."Key" || '/' || f."Name", d."CreatedAt"
                FROM "OwnDatasets" AS d
                CROSS JOIN (
                    SELECT 0 AS "Place", 'train-images-idx3-ubyte' AS "Name" UNION ALL SELECT 1, 'train-labels-idx1-ubyte'
                    UNION ALL SELECT 2, 't10k-images-idx3-ubyte' UNION ALL SELECT 3, 't10k-labels-idx1-ubyte'
                ) AS f
                ORDER BY d."CreatedAt", d."Key", f."Place"
                """);

            migrationBuilder.DropColumn(
                name: "FileHashes",
                table: "OwnDatasets");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "FileHashes",
                table: "OwnDatasets",
                type: "TEXT",
                nullable: false,
                defaultValue: "[]");

            migrationBuilder.Sql("""
                UPDATE "OwnDatasets" SET "FileHashes" = (
                    SELECT json_array(
                        max(CASE "Name" WHEN 'train-images-idx3-ubyte' THEN "Sha256" END), max(CASE "Name" WHEN 'train-labels-idx1-ubyte' THEN "Sha256" END),
                        max(CASE "Name" WHEN 't10k-images-idx3-ubyte' THEN "Sha256" END), max(CASE "Name" WHEN 't10k-labels-idx1-ubyte' THEN "Sha256" END))
                    FROM "Artifacts" WHERE "DatasetKey" = "OwnDatasets"."Key")
                """);
            migrationBuilder.Sql("""DELETE FROM "Artifacts" WHERE "DatasetKey" IS NOT NULL""");
        }
    }
}
