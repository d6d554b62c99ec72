using System.Buffers.Binary;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Metrics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>
/// Takes the curves of hubs that kept them inside their epochs into the metric store: no update loses a curve. They are set aside before the migration that drops
/// their columns, and written to the store when all migrations are done, since the store knows the newest tables only. Interrupted and begun again it
/// writes nothing twice, because the store leaves out steps that it has.
/// </summary>
internal static class OldCurves
{
    private const string DroppedBy = "20261124053709_CurvesAreMetrics";
    private const int PointSize = sizeof(long) + sizeof(float);

    /// <summary>To be called before the migrations.</summary>
    public static async Task SetAsideAsync(TrackingDb db, CancellationToken cancellation)
    {
        var applied = (await db.Database.GetAppliedMigrationsAsync(cancellation)).ToList();
        if (applied.Count == 0 || applied.Contains(DroppedBy))
            return;
        var before = db.Database.GetMigrations().TakeWhile(migration => migration != DroppedBy).Last();
        await db.GetService<IMigrator>().MigrateAsync(before, cancellation);
        await db.Database.ExecuteSqlRawAsync("""
            CREATE TABLE IF NOT EXISTS "OldEpochs" AS
                SELECT e."RunNumber", e."Number", e."TestLoss", e."TestAccuracy", e."Seconds", e."EndedAt", e."Curve", r."StepsPerEpoch", r."BestEpoch"
                FROM "Epochs" e JOIN "Runs" r ON r."Number" = e."RunNumber" WHERE r."StepsPerEpoch" IS NOT NULL;
            CREATE TABLE IF NOT EXISTS "OldTails" AS
                SELECT "RunNumber", "Number", "EndedAt", "TailCurve" FROM "Attempts" WHERE "EndedAt" IS NOT NULL AND length("TailCurve") > 0;
            """, cancellation);
    }

    /// <summary>To be called after the migrations.</summary>
    /// <param name="databaseFile">The hub's database.</param>
    /// <param name="writer">Where the points go.</param>
    public static async Task MoveAsync(string databaseFile, MetricWriter writer, CancellationToken cancellation)
    {
        await using var connection = new SqliteConnection(SqliteDatabase.ConnectionString(databaseFile));
        await connection.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'OldEpochs' OR name = 'OldTails'";
        if (await command.ExecuteScalarAsync(cancellation) is not 2L)
            return;
        command.CommandText = """
            SELECT "RunNumber", "Number", "TestLoss", "TestAccuracy", "Seconds", "EndedAt", "Curve", "StepsPerEpoch", "BestEpoch" FROM "OldEpochs" ORDER BY "RunNumber", "Number"
            """;
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
            {
                var (run, epoch, end) = (row.GetInt64(0), row.GetInt32(1), new DateTimeOffset(row.GetDateTime(5), TimeSpan.Zero).ToUnixTimeMilliseconds());
                var lastStep = epoch * row.GetInt64(7);
                await AppendAsync(run, MetricNames.TrainLoss, Unpack(row.GetFieldValue<byte[]>(6), lastStep - row.GetInt64(7), lastStep, end, row.GetDouble(4)));
                await AppendAsync(run, MetricNames.TestLoss, [new MetricPoint(lastStep, end, row.GetDouble(2))]);
                await AppendAsync(run, MetricNames.TestAccuracy, [new MetricPoint(lastStep, end, row.GetDouble(3))]);
                writer.EpochEnded(run, lastStep);
                if (!row.IsDBNull(8) && row.GetInt32(8) == epoch)
                    writer.MarkBest(run, lastStep);
            }
        }

        command.CommandText = """SELECT "RunNumber", "EndedAt", "TailCurve" FROM "OldTails" ORDER BY "RunNumber", "Number" """;
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
            {
                var end = new DateTimeOffset(row.GetDateTime(1), TimeSpan.Zero).ToUnixTimeMilliseconds();
                await AppendAsync(row.GetInt64(0), MetricNames.TrainLoss, Unpack(row.GetFieldValue<byte[]>(2), 0, long.MaxValue, end, 0));
            }
        }

        await writer.FlushAsync(cancellation);
        command.CommandText = """BEGIN IMMEDIATE; DROP TABLE "OldEpochs"; DROP TABLE "OldTails"; COMMIT""";
        await command.ExecuteNonQueryAsync(cancellation);

        ValueTask AppendAsync(long run, string metric, MetricPoint[] points) =>
            writer.AppendAsync(run, metric, points, TrainingMetrics.MeaningOf(metric), cancellation);
    }

    /// <summary>Pairs of little-endian int64 step and float32 loss. Their times were not kept: they are spread over the epoch's seconds.</summary>
    private static MetricPoint[] Unpack(byte[] bytes, long firstStep, long lastStep, long end, double seconds)
    {
        var points = new MetricPoint[bytes.Length / PointSize];
        for (var i = 0; i < points.Length; i++)
        {
            var step = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(i * PointSize));
            var missing = (double)(lastStep - step) / (lastStep - firstStep);
            points[i] = new MetricPoint(step, end - (long)(1000 * seconds * missing), BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * PointSize + sizeof(long))));
        }

        return points;
    }
}
