using System.Buffers.Binary;
using ExperimentHub.Tracking.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ExperimentHub.Tracking.Tests;

public sealed class OldCurvesTests
{
    [Fact]
    public async Task Prepare_DatabaseOfAnOlderHub_KeepsItsCurves()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"experimenthub-old-{Guid.NewGuid():N}");
        try
        {
            var run = await MakeAsync(folder);
            await using var hub = await EmptyHub.CreateAsync(existing: folder);
            var reader = hub.Get<MetricReader>();
            Assert.Equal([(1000, 0.5f), (1875, 0.4f), (3750, 0.3f), (4000, 0.2f)],
                (await reader.ReadAsync(run, MetricNames.TrainLoss)).Select(point => (point.Step, (float)point.Value)));
            Assert.Equal([(1875, 0.8), (3750, 0.9)],
                (await reader.ReadAsync(run, MetricNames.TestAccuracy)).Select(point => (point.Step, point.Value)));
            Assert.Equal(3750, (await reader.BestAsync(run))!.Step);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A database as the first hubs had it: no metrics, the losses inside the epochs and the last attempt.</summary>
    private static async Task<long> MakeAsync(string folder)
    {
        await using var hub = await EmptyHub.CreateAsync(existing: folder);
        var run = (await hub.ReadAsync(await hub.FinishAsync("old", accuracies: [0.8, 0.9]))).Number;
        await hub.Get<MetricWriter>().FlushAsync();
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await db.GetService<IMigrator>().MigrateAsync("20261123112205_Initial");
        await db.Database.ExecuteSqlAsync($"UPDATE \"Epochs\" SET \"Curve\" = {Pack((1000, 0.5f), (1875, 0.4f))} WHERE \"Number\" = 1");
        await db.Database.ExecuteSqlAsync($"UPDATE \"Epochs\" SET \"Curve\" = {Pack((3750, 0.3f))} WHERE \"Number\" = 2");
        await db.Database.ExecuteSqlAsync($"UPDATE \"Attempts\" SET \"TailCurve\" = {Pack((4000, 0.2f))}");
        return run;
    }

    private static byte[] Pack(params (long Step, float Loss)[] points)
    {
        var bytes = new byte[points.Length * 12];
        foreach (var (i, point) in points.Index())
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(i * 12), point.Step);
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 12 + 8), point.Loss);
        }

        return bytes;
    }
}
