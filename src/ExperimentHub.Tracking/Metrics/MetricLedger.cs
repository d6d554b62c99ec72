using System.Runtime.InteropServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// Writes batches over one connection that it keeps. It remembers nothing between batches: each starts from what the database says, so that
/// a deleted run, a run that went back and a hub that starts anew need no care of their own. After an exception it is to be disposed.
/// </summary>
internal sealed class MetricLedger : IAsyncDisposable
{
    private readonly TrackingDb _db;
    private readonly MetricStatements _statements;
    private readonly ILogger _logger;
    private readonly ChunkBuilder _chunk = new();
    private readonly HashSet<SeriesKey> _damaged = [];

    private MetricLedger(TrackingDb db, ILogger logger)
    {
        _db = db;
        _logger = logger;
        _statements = new MetricStatements(db.Database.GetDbConnection());
    }

    public static async Task<MetricLedger> OpenAsync(IDbContextFactory<TrackingDb> databases, ILogger logger)
    {
        var db = await databases.CreateDbContextAsync();
        try
        {
            await db.Database.OpenConnectionAsync();
            return new MetricLedger(db, logger);
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    /// <summary>One transaction: the points, then the marks, which look back at them.</summary>
    /// <returns>How many points are lost because the newest chunk of their series cannot be read.</returns>
    public async Task<int> WriteAsync(PendingMetrics batch)
    {
        var lost = 0;
        await TransactAsync(async () =>
        {
            foreach (var (key, (points, meaning)) in batch.Series)
                lost += TryAppend(key, CollectionsMarshal.AsSpan(points), meaning) ? 0 : points.Count;
            // A fast run ends many epochs between two batches. All their ends are noted; means and best values are only ever those of the last.
            foreach (var run in batch.Marks.GroupBy(mark => mark.Run))
            {
                if (run.Where(mark => !mark.IsBest).Select(mark => mark.Step).ToList() is { Count: > 0 } ends)
                    await TryMarkAsync(run.Key, ends[^1], () => MetricMarks.EndEpochsAsync(_db, run.Key, ends));
                if (run.LastOrDefault(mark => mark.IsBest) is { IsBest: true } best)
                    await TryMarkAsync(run.Key, best.Step, () => MetricMarks.MarkBestAsync(_db, best));
            }
        });
        return lost;
    }

    public Task RewindAsync(long run, long step) => TransactAsync(() => MetricMarks.RewindAsync(_db, run, step));

    public async ValueTask DisposeAsync()
    {
        _statements.Dispose();
        await _db.DisposeAsync();
    }

    private async Task TransactAsync(Func<Task> write)
    {
        await using var transaction = await _db.Database.BeginTransactionAsync();
        _statements.Transaction = transaction.GetDbTransaction();
        await write();
        await transaction.CommitAsync();
        _db.ChangeTracker.Clear();
    }

    private bool TryAppend(SeriesKey key, ReadOnlySpan<MetricPoint> points, MetricMeaning? meaning)
    {
        try
        {
            Append(key, points, meaning);
            return true;
        }
        catch (DamagedChunkException e)
        {
            // Thrown before anything of this series is written; the others must not suffer for it.
            if (_damaged.Add(key))
                _logger.LogError(e, "The metric {Metric} of run number {Run} takes no more points: its newest chunk cannot be read",
                    key.Metric, key.Run);
            return false;
        }
    }

    private async Task TryMarkAsync(long run, long step, Func<Task> mark)
    {
        try
        {
            await mark();
        }
        catch (DamagedChunkException e)
        {
            _db.ChangeTracker.Clear();
            _logger.LogError(e, "The end of the epoch at step {Step} of run number {Run} is not noted: a chunk cannot be read", step, run);
        }
    }

    private void Append(SeriesKey key, ReadOnlySpan<MetricPoint> points, MetricMeaning? meaning)
    {
        // The points of a run that is gone go with it.
        if (points.IsEmpty || _statements.FindOrInsert(key.Run, key.Metric, meaning) is not { } series)
            return;

        _chunk.Clear();
        var known = series.Count;
        var ordinal = series.Chunks;
        if (known % ChunkCodec.MaxPoints != 0)
            _chunk.Load(_statements.ReadChunk(series.Id, --ordinal));

        var lastStep = known == 0 ? -1 : series.LastStep;
        while (true)
        {
            var before = _chunk.Count;
            points = points[_chunk.Add(points, ref lastStep)..];
            if (_chunk.Count > before)
            {
                var row = _chunk.Build(series.Id, ordinal);
                _statements.Write(row);
                SeriesSummary.Add(series, _chunk, row, before);
            }

            if (points.IsEmpty)
                break;
            _chunk.Clear();
            ordinal++;
        }

        if (series.Count > known)
            _statements.Update(series);
        // Nearly always said when the series began.
        if (meaning is not null && meaning != series.Meaning)
            _statements.Declare(series, meaning);
    }
}
