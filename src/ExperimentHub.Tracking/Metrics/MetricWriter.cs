using System.Diagnostics;
using ExperimentHub.Tracking.Telemetry;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// The only writer of metric points. They wait in memory for at most <see cref="FlushAfter"/> and are then written in one transaction: a hub that is
/// killed loses what was not flushed yet and nothing else. Within a series steps only grow: a point at or before the last one is left out,
/// so that a replay writes nothing twice. Every member may be used from any thread.
/// </summary>
public sealed class MetricWriter : IAsyncDisposable
{
    /// <summary>From the first waiting point to the beginning of its transaction, so that it ends within 250 ms where the disk keeps up.</summary>
    public static readonly TimeSpan FlushAfter = TimeSpan.FromMilliseconds(200);

    private readonly IDbContextFactory<TrackingDb> _databases;
    private readonly ILogger<MetricWriter> _logger;
    private readonly WaitingPoints _waiting;

    /// <summary>Held by whoever writes to the database.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    private long _dropped;

    // Only for whoever holds the turn.
    private MetricLedger? _ledger;
    private bool _failing;
    private bool _closed;

    public MetricWriter(IDbContextFactory<TrackingDb> databases, TimeProvider time, ILogger<MetricWriter> logger)
    {
        _databases = databases;
        _logger = logger;
        _waiting = new WaitingPoints(time, () => Background = Task.Run(FlushInBackgroundAsync));
    }

    /// <summary>No more points than this wait in memory, at 24 bytes each. A quarter of it starts a transaction before its time.</summary>
    internal int MaxPending
    {
        get => _waiting.Most;
        init => _waiting.Most = value;
    }

    /// <summary>The newest flush that the timer began; it does not fail.</summary>
    internal Task Background { get; private set; } = Task.CompletedTask;

    /// <summary>
    /// Points that are lost: refused by <see cref="Append"/> because the database failed or was slow for too long, or of a series that is damaged.
    /// </summary>
    public long DroppedPoints => Interlocked.Read(ref _dropped);

    /// <summary>
    /// Takes points of a series, oldest first, without waiting for anything. Where too many wait already, the ones that find no room are dropped:
    /// counted in
    /// <see cref="DroppedPoints"/> and logged. Points of a run that does not exist are forgotten.
    /// </summary>
    /// <param name="meaning">
    /// What the caller says of the metric: which values are better, what it is, of which data. What was said last counts for the whole series; null
    /// says nothing, and a series of which nobody ever said anything has what its name lets suppose (<see cref="MetricMeaning.Supposed"/>).
    /// </param>
    public void Append(long runNumber, string metric, ReadOnlySpan<MetricPoint> points, MetricMeaning? meaning = null)
    {
        var taken = _waiting.Take(SeriesKey.Of(runNumber, metric), points, meaning);
        if (taken == points.Length)
            return;
        Drop(points.Length - taken);
        if (_waiting.Fill())
            _logger.LogError("Metric points are being dropped: {Waiting} wait for the database already. The count of the dropped ones will follow",
                MaxPending);
    }

    /// <summary>As <see cref="Append"/>, but waits for room instead of dropping.</summary>
    public async ValueTask AppendAsync(
        long runNumber, string metric, ReadOnlyMemory<MetricPoint> points, MetricMeaning? meaning = null, CancellationToken cancellation = default)
    {
        var key = SeriesKey.Of(runNumber, metric);
        while (true)
        {
            var room = _waiting.Room;
            points = points[_waiting.Take(key, points.Span, meaning)..];
            if (points.IsEmpty)
                return;
            await room.WaitAsync(cancellation);
        }
    }

    /// <summary>An epoch of a run ended with this step: its means are taken. To be called after the epoch's points.</summary>
    public void EpochEnded(long runNumber, long step) => _waiting.Add(new MetricMark(runNumber, step, IsBest: false));

    /// <summary>
    /// The epoch that ended with this step is the best so far: what every metric is at that step is kept as the run's <see cref="MetricSnapshot"/>.
    /// </summary>
    public void MarkBest(long runNumber, long epochStep) => _waiting.Add(new MetricMark(runNumber, epochStep, IsBest: true));

    /// <summary>
    /// When it returns, everything taken before the call is on the disk; it throws what the database throws, and nothing is lost by that.
    /// </summary>
    public async Task FlushAsync(CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            await Task.Run(WriteAsync, CancellationToken.None);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>When everything taken before this call is written, which it does not hasten, or the writer is disposed. Never fails.</summary>
    public Task WhenWrittenAsync() => _waiting.WhenWritten();

    /// <summary>
    /// Removes every point of a run after <paramref name="step"/>, waiting or written, with the ends of epochs and the snapshot of the best epoch
    /// that lie there. For a run that goes on from a checkpoint: nobody may append to it until this returns.
    /// </summary>
    public async Task RewindAsync(long runNumber, long step, CancellationToken cancellation = default)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _waiting.CutAfter(runNumber, step);
            // Also before: whoever reads while it is done knows that there is something to read again.
            _waiting.BreakFresh(runNumber);
            try
            {
                await Task.Run(() => UseLedgerAsync(ledger => ledger.RewindAsync(runNumber, step)), CancellationToken.None);
            }
            finally
            {
                _waiting.BreakFresh(runNumber);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// The points of a series after <paramref name="step"/> that are not in the database yet. To miss and to double none, take these first, then read
    /// the database, then leave out those of these whose step is not after the last one read: points only ever move from here to there.
    /// </summary>
    public IReadOnlyList<MetricPoint> PendingAfter(long runNumber, string metric, long step) =>
        _waiting.After(SeriesKey.Of(runNumber, metric), step);

    /// <summary>The metrics of a run of which points are not in the database yet.</summary>
    internal IReadOnlyCollection<string> PendingMetricsOf(long runNumber) => _waiting.MetricsOf(runNumber);

    /// <summary>Every point that is taken of a run from now on, until the result is disposed.</summary>
    internal FreshPoints Listen(long runNumber) => _waiting.Listen(runNumber);

    /// <summary>
    /// Writes what waits and takes nothing more. A database that refused until now is not asked again: whoever ends the hub would wait for that.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (!await _waiting.CloseAsync())
            return;
        await _turn.WaitAsync();
        try
        {
            if (_failing)
                throw new InvalidOperationException("The database did not take them until the end.");
            await WriteAsync();
        }
        catch (Exception e)
        {
            _logger.LogError(e, "{Points} metric points could not be written before the end and are lost", _waiting.Count);
        }

        _closed = true;
        _waiting.LetGo();
        if (_ledger is not null)
            await _ledger.DisposeAsync();
        _turn.Release();
    }

    private void Drop(long points)
    {
        Interlocked.Add(ref _dropped, points);
        HubMeter.PointsDropped.Add(points);
    }

    private async Task FlushInBackgroundAsync()
    {
        try
        {
            await FlushAsync();
        }
        catch (Exception)
        {
            // Logged where it happened, and planned again there: what could not be written still waits.
        }
    }

    private async Task WriteAsync()
    {
        // First what an earlier failure left, so that the order stays.
        if (!_waiting.InFlight.IsEmpty)
            await WriteInFlightAsync();
        _waiting.TakeOff();
        if (!_waiting.InFlight.IsEmpty)
            await WriteInFlightAsync();
    }

    private async Task WriteInFlightAsync()
    {
        try
        {
            var began = Stopwatch.GetTimestamp();
            var lost = 0;
            await UseLedgerAsync(async ledger => lost = await ledger.WriteAsync(_waiting.InFlight));
            Drop(lost);
            HubMeter.FlushDuration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
            HubMeter.PointsWritten.Add(_waiting.InFlight.Count - lost);
        }
        catch
        {
            _waiting.TryAgain();
            throw;
        }

        if (_waiting.Land())
            _logger.LogWarning("Metric points are written again; {Dropped} were dropped since the hub started", DroppedPoints);
    }

    private async Task UseLedgerAsync(Func<MetricLedger, Task> write)
    {
        try
        {
            _ledger ??= await MetricLedger.OpenAsync(_databases, _logger);
            await write(_ledger);
            if (_failing)
                _logger.LogInformation("The database takes metric points again");
            _failing = false;
        }
        catch (Exception e)
        {
            if (!_failing)
                _logger.LogError(e, "Metric points cannot be written; they are kept in memory and tried again every second");
            _failing = true;
            if (_ledger is not null)
                await _ledger.DisposeAsync();
            _ledger = null;
            throw;
        }
    }
}
