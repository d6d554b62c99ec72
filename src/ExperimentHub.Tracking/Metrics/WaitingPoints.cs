namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// What <see cref="MetricWriter"/> took and has not written yet, and whoever waits for that or follows what comes in. It says when it is time to
/// write. Every member may be used from any thread; those about what is in flight only by the one who writes.
/// </summary>
internal sealed class WaitingPoints
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly ITimer _timer;

    /// <summary>Guards everything below it.</summary>
    private readonly Lock _lock = new();
    private readonly List<FreshPoints> _listening = [];
    private PendingMetrics _pending = new();
    private PendingMetrics _inFlight = new();
    private TaskCompletionSource _pendingWritten = New();
    private TaskCompletionSource _inFlightWritten = New();
    private TaskCompletionSource _room = New();
    private Flushing _flushing;
    private bool _full;
    private bool _closed;

    /// <param name="flush">Called when it is time to write.</param>
    public WaitingPoints(TimeProvider time, Action flush) =>
        _timer = time.CreateTimer(_ => flush(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private enum Flushing
    {
        NotPlanned,
        Planned,
        AtOnce,
    }

    /// <summary>No more points than this wait in memory. A quarter of it is written before its time.</summary>
    public int Most { get; set; } = 2_000_000;

    /// <summary>What is being written.</summary>
    public PendingMetrics InFlight => _inFlight;

    public int Count => _pending.Count + _inFlight.Count;

    /// <summary>Ends when there may be room again.</summary>
    public Task Room
    {
        get
        {
            lock (_lock)
                return _room.Task;
        }
    }

    /// <summary>Takes as many points as there is room for, the first ones.</summary>
    /// <returns>How many.</returns>
    public int Take(SeriesKey key, ReadOnlySpan<MetricPoint> points, MetricMeaning? meaning)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            var taken = Math.Min(points.Length, Most - _pending.Count - _inFlight.Count);
            if (taken > 0)
            {
                _pending.Add(key, points[..taken], meaning);
                foreach (var fresh in _listening)
                {
                    if (fresh.Run == key.Run)
                        fresh.Add(key.Metric, points[..taken]);
                }
            }

            Plan(_pending.Count >= Most / 4 ? Flushing.AtOnce : Flushing.Planned);
            return taken;
        }
    }

    public void Add(MetricMark mark)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _pending.Add(mark);
            Plan(Flushing.Planned);
        }
    }

    /// <summary>Notes that there was no room.</summary>
    /// <returns>Whether there was some until now.</returns>
    public bool Fill()
    {
        lock (_lock)
        {
            var isNews = !_full;
            _full = true;
            return isNews;
        }
    }

    /// <summary>The points of a series after a step.</summary>
    public IReadOnlyList<MetricPoint> After(SeriesKey key, long step)
    {
        var points = new List<MetricPoint>();
        lock (_lock)
        {
            foreach (var waiting in (ReadOnlySpan<PendingMetrics>)[_inFlight, _pending])
            {
                foreach (var point in waiting.Of(key))
                {
                    if (point.Step <= step)
                        continue;
                    points.Add(point);
                    step = point.Step;
                }
            }
        }

        return points;
    }

    /// <summary>The metrics of a run that have points here.</summary>
    public IReadOnlyCollection<string> MetricsOf(long run)
    {
        lock (_lock)
            return [.. _inFlight.Series.Concat(_pending.Series).Select(series => series.Key).Where(key => key.Run == run).Select(key => key.Metric)
                .Distinct()];
    }

    /// <summary>When everything taken before this call is written, or nothing more will be.</summary>
    public Task WhenWritten()
    {
        lock (_lock)
            return !_pending.IsEmpty && !_closed ? _pendingWritten.Task : !_inFlight.IsEmpty && !_closed ? _inFlightWritten.Task : Task.CompletedTask;
    }

    /// <summary>Every point that is taken of a run from now on, until the result is disposed.</summary>
    public FreshPoints Listen(long run)
    {
        var fresh = new FreshPoints(run, gone =>
        {
            lock (_lock)
                _listening.Remove(gone);
        });
        lock (_lock)
            _listening.Add(fresh);
        return fresh;
    }

    /// <summary>Whoever listens to a run is to read again how it stands.</summary>
    public void BreakFresh(long run)
    {
        lock (_lock)
            _listening.Where(fresh => fresh.Run == run).ToList().ForEach(fresh => fresh.Break());
    }

    /// <summary>Forgets what a run has after a step.</summary>
    public void CutAfter(long run, long step)
    {
        lock (_lock)
        {
            _pending.CutAfter(run, step);
            _inFlight.CutAfter(run, step);
        }
    }

    /// <summary>What waits is in flight from now on. To be called where nothing is.</summary>
    public void TakeOff()
    {
        lock (_lock)
        {
            (_pending, _inFlight) = (_inFlight, _pending);
            (_pendingWritten, _inFlightWritten) = (New(), _pendingWritten);
            _flushing = Flushing.NotPlanned;
        }
    }

    /// <summary>What was in flight is written.</summary>
    /// <returns>Whether there had been no room.</returns>
    public bool Land()
    {
        TaskCompletionSource room, written;
        bool wasFull;
        lock (_lock)
        {
            _inFlight.Clear();
            written = _inFlightWritten;
            (room, _room) = (_room, New());
            (wasFull, _full) = (_full, false);
        }

        written.TrySetResult();
        room.TrySetResult();
        return wasFull;
    }

    /// <summary>What is in flight could not be written, and is to be tried again in a while.</summary>
    public void TryAgain()
    {
        lock (_lock)
        {
            _flushing = Flushing.AtOnce;
            _timer.Change(RetryAfter, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Takes nothing more, and says no more when it is time.</summary>
    /// <returns>false where that was so already.</returns>
    public async ValueTask<bool> CloseAsync()
    {
        lock (_lock)
        {
            if (_closed)
                return false;
            _closed = true;
            _room.TrySetResult();
        }

        await _timer.DisposeAsync();
        return true;
    }

    /// <summary>Nothing more is written: nobody is to wait for it.</summary>
    public void LetGo()
    {
        _inFlightWritten.TrySetResult();
        _pendingWritten.TrySetResult();
    }

    private void Plan(Flushing flushing)
    {
        if (_flushing >= flushing)
            return;
        _flushing = flushing;
        _timer.Change(flushing == Flushing.AtOnce ? TimeSpan.Zero : MetricWriter.FlushAfter, Timeout.InfiniteTimeSpan);
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
