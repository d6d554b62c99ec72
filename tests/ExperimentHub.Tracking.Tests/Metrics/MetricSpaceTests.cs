using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ExperimentHub.Tracking.Tests.Metrics;

public sealed class MetricSpaceTests
{
    [Fact]
    public async Task Purge_RunsWithManyPoints_RemovesThemAndShrinksTheFile()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var hub = await EmptyHub.CreateAsync((services, _) => services.AddSingleton<TimeProvider>(time));
        var kept = await hub.ReadAsync(await hub.EnqueueAsync(experiment: "kept"));
        var gone = await hub.ReadAsync(await hub.EnqueueAsync(experiment: "gone"));
        await hub.Queue.RequestStopAsync(gone.Id);
        var points = MetricHub.Points(1, 300_000);
        var writer = hub.Get<MetricWriter>();
        await writer.AppendAsync(gone.Number, "train_loss", points.AsMemory(0, 150_000));
        await writer.AppendAsync(kept.Number, "train_loss", points.AsMemory(0, 3000));
        await writer.FlushAsync();
        await writer.AppendAsync(gone.Number, "train_loss", points.AsMemory(150_000));
        await writer.FlushAsync();
        var full = await SizeAsync(hub);

        var store = hub.Get<ExperimentStore>();
        await store.DeleteAsync(gone.ExperimentId);
        time.Advance(DeletionOptions.Usual + TimeSpan.FromSeconds(1));
        await store.PurgeAsync();

        Assert.InRange(full, 2_000_000, long.MaxValue);
        Assert.InRange(new FileInfo(hub.Folder.HubDatabase).Length, 0, 500_000);
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.Equal([kept.Number], await db.MetricSeries.Select(s => s.RunNumber).ToListAsync());
        Assert.Equal(points[..3000], await hub.Get<MetricReader>().ReadAsync(kept.Number, "train_loss"));
    }

    [Fact]
    public async Task Start_OnADatabaseThatCannotShrink_MakesItShrinkAndKeepsWhatIsThere()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"experimenthub-test-{Guid.NewGuid():N}");
        try
        {
            await using (var old = await EmptyHub.CreateAsync(existing: folder))
            {
                await old.EnqueueAsync();
                await using var db = await old.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
                await db.Database.OpenConnectionAsync();
                await db.Database.ExecuteSqlRawAsync("PRAGMA auto_vacuum = NONE");
                await db.Database.ExecuteSqlRawAsync("VACUUM");
                Assert.Equal(0, await AutoVacuumAsync(db));
            }

            await using var hub = await EmptyHub.CreateAsync(existing: folder);
            await using var now = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
            Assert.Equal(2, await AutoVacuumAsync(now));
            Assert.Equal(1, await now.Runs.CountAsync());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<long> SizeAsync(EmptyHub hub)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await db.Database.ExecuteSqlRawAsync("PRAGMA wal_checkpoint(TRUNCATE)");
        return new FileInfo(hub.Folder.HubDatabase).Length;
    }

    private static Task<long> AutoVacuumAsync(TrackingDb db) =>
        db.Database.SqlQuery<long>($"SELECT auto_vacuum AS Value FROM pragma_auto_vacuum").SingleAsync();
}
