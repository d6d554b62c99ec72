using System.Collections.Concurrent;
using ExperimentHub.Tracking.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using static ExperimentHub.Tracking.Tests.Metrics.MetricHub;

namespace ExperimentHub.Tracking.Tests.Metrics;

public sealed class MetricWriterFailureTests
{
    [Fact]
    public async Task Flush_DatabaseFailsForAWhile_KeepsThePointsLogsOnceAndWritesThemLater()
    {
        await using var hub = await CreateAsync();
        var databases = new FailingDatabases(hub.Databases) { Fails = true };
        var log = new LogLines();
        var writer = hub.NewWriter(databases: databases, logger: log);
        writer.Append(1, "train_loss", Points(1, 1500));
        hub.Time.Advance(MetricWriter.FlushAfter);
        await writer.Background;
        writer.Append(1, "train_loss", Points(1501, 2000));
        await Assert.ThrowsAsync<InvalidOperationException>(() => writer.FlushAsync());
        Assert.Equal(Points(1, 2000), writer.PendingAfter(1, "train_loss", 0));
        Assert.Single(log.Lines, line => line.Level == LogLevel.Error);

        // It tries again by itself.
        databases.Fails = false;
        hub.Time.Advance(TimeSpan.FromSeconds(1));
        await writer.Background;
        Assert.Equal(Points(1, 2000), await hub.Reader.ReadAsync(1, "train_loss"));
        Assert.Empty(writer.PendingAfter(1, "train_loss", 0));
        Assert.Equal(0, writer.DroppedPoints);

        // The next streak is logged again.
        await using (var db = await hub.Databases.CreateDbContextAsync())
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE \"MetricChunks\" RENAME TO \"Away\"");
        writer.Append(1, "train_loss", Points(2001, 2100));
        await Assert.ThrowsAnyAsync<Exception>(() => writer.FlushAsync());
        Assert.Equal(2, log.Lines.Count(line => line.Level == LogLevel.Error));
        await using (var db = await hub.Databases.CreateDbContextAsync())
            await db.Database.ExecuteSqlRawAsync("ALTER TABLE \"Away\" RENAME TO \"MetricChunks\"");
        await writer.FlushAsync();
        Assert.Equal(Points(1, 2100), await hub.Reader.ReadAsync(1, "train_loss"));
    }

    [Fact]
    public async Task Append_MoreThanMayWait_KeepsTheOldestAndCountsTheRest()
    {
        await using var hub = await CreateAsync();
        var log = new LogLines();
        var databases = new HeldDatabases(hub.Databases);
        var writer = hub.NewWriter(maxPending: 100, databases: databases, logger: log);
        writer.Append(1, "train_loss", Points(1, 80));
        writer.Append(1, "train_loss", Points(81, 130));
        writer.Append(1, "train_loss", Points(131, 140));
        Assert.Equal(40, writer.DroppedPoints);
        Assert.Single(log.Lines, line => line.Level == LogLevel.Error);
        databases.Release();
        await writer.FlushAsync();
        writer.Append(1, "train_loss", Points(141, 150));
        await writer.FlushAsync();
        Assert.Equal([.. Points(1, 100), .. Points(141, 150)], await hub.Reader.ReadAsync(1, "train_loss"));
        Assert.Equal(40, writer.DroppedPoints);
    }

    [Fact]
    public async Task AppendAsync_MoreThanMayWait_WaitsForRoomAndLosesNothing()
    {
        await using var hub = await CreateAsync();
        var databases = new HeldDatabases(hub.Databases);
        var writer = hub.NewWriter(maxPending: 100, databases: databases);
        var append = writer.AppendAsync(1, "train_loss", Points(1, 250)).AsTask();
        Assert.False(append.IsCompleted);
        Assert.Equal(100, writer.PendingAfter(1, "train_loss", 0).Count);
        databases.Release();
        while (!append.IsCompleted)
            await writer.FlushAsync();
        await append;
        await writer.FlushAsync();
        Assert.Equal(Points(1, 250), await hub.Reader.ReadAsync(1, "train_loss"));
    }

    [Fact]
    public async Task AppendAsync_CallerLeavesWhileItWaitsForRoom_IsCancelled()
    {
        await using var hub = await CreateAsync();
        var databases = new HeldDatabases(hub.Databases);
        var writer = hub.NewWriter(maxPending: 100, databases: databases);
        using var given = new CancellationTokenSource();
        var waiting = writer.AppendAsync(1, "train_loss", Points(1, 250), cancellation: given.Token).AsTask();
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        // What was taken before is written.
        databases.Release();
        await writer.FlushAsync();
        Assert.Equal(Points(1, 100), await hub.Reader.ReadAsync(1, "train_loss"));
    }

    [Fact]
    public async Task Flush_OneSeriesIsDamaged_WritesTheOthersAndReadersAreTold()
    {
        await using var hub = await CreateAsync();
        var log = new LogLines();
        var writer = hub.NewWriter(logger: log);
        writer.Append(1, "damaged", Points(1, 10));
        writer.Append(1, "whole", Points(1, 10));
        await writer.FlushAsync();
        await using (var db = await hub.Databases.CreateDbContextAsync())
            await db.MetricChunks.Where(c => c.SeriesId == 1).ExecuteUpdateAsync(set => set.SetProperty(c => c.Data, new byte[] { 1, 2, 3 }));
        writer.Append(1, "damaged", Points(11, 20));
        writer.Append(1, "whole", Points(11, 20));
        writer.EpochEnded(1, 20);
        writer.MarkBest(1, 20);
        await writer.FlushAsync();
        Assert.Equal(Points(1, 20), await hub.Reader.ReadAsync(1, "whole"));
        Assert.Equal(3, log.Lines.Count(line => line.Level == LogLevel.Error));
        Assert.Equal(10, writer.DroppedPoints);
        await Assert.ThrowsAsync<DamagedChunkException>(() => hub.Reader.ReadAsync(1, "damaged"));
        await Assert.ThrowsAsync<DamagedChunkException>(() => hub.Reader.BucketsAsync([1], ["damaged"], null, null, 5));
    }

    private sealed class FailingDatabases(IDbContextFactory<TrackingDb> real) : IDbContextFactory<TrackingDb>
    {
        public bool Fails { get; set; }

        public TrackingDb CreateDbContext() => Fails ? throw new InvalidOperationException("The disk is gone.") : real.CreateDbContext();
    }

    /// <summary>Nobody gets a database before it is released: a flush in the background makes no room until then.</summary>
    private sealed class HeldDatabases(IDbContextFactory<TrackingDb> real) : IDbContextFactory<TrackingDb>
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _released.TrySetResult();

        public TrackingDb CreateDbContext() => throw new NotSupportedException("Asked for in the background, where waiting is free.");

        public async Task<TrackingDb> CreateDbContextAsync(CancellationToken cancellationToken)
        {
            await _released.Task.WaitAsync(cancellationToken);
            return await real.CreateDbContextAsync(cancellationToken);
        }
    }

    private sealed class LogLines : ILogger<MetricWriter>
    {
        public ConcurrentQueue<(LogLevel Level, string Text)> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue((logLevel, formatter(state, exception)));
    }
}
