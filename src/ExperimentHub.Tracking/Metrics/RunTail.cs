using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// Reads a run after each change, at most once in an interval, and hands what it found to everybody who waits. Points come from the memory of whoever
/// writes them; the database is asked for what was there before, after a run went back, and for the run's state where that may have changed.
/// </summary>
internal sealed class RunTail : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly CancellationTokenSource _ended = new();
    private readonly IDisposable _progress;
    private readonly IDisposable _changes;
    private readonly RunId _id;
    private readonly TimeSpan _interval;
    private readonly RunHistory _history;
    private readonly MetricReader _reader;
    private readonly LiveSeries _series;
    private RunNews? _latest;
    private TaskCompletionSource<RunNews> _next = New();
    private long _begun;
    private volatile bool _stateMayBeOld = true;
    private FreshPoints? _fresh;

    public RunTail(RunId id, RunFeed feed, TimeSpan interval, RunHistory history, MetricReader reader, LiveSeries series)
    {
        (_id, _interval, _history, _reader, _series) = (id, interval, history, reader, series);
        const RunSignal OfState = RunSignals.Standing | RunSignal.Existence;
        _progress = feed.Subscribe(id, RunSignals.All & ~OfState, () => WakeAsync(), interval);
        _changes = feed.Subscribe(id, OfState, () =>
        {
            _stateMayBeOld = true;
            return WakeAsync();
        }, interval);
        _ = Task.Run(ReadUntilEndedAsync);
    }

    /// <summary>Asks for a reading.</summary>
    /// <returns>The last reading that may have begun before this call.</returns>
    public long Join()
    {
        lock (_lock)
        {
            _stateMayBeOld = true;
            Wake();
            return _begun;
        }
    }

    /// <summary>The latest reading after another; waits for it where there is none yet. Fails where the reading fails that is waited for.</summary>
    public Task<RunNews> NextAsync(long seen, CancellationToken cancellation)
    {
        lock (_lock)
            return _latest is { } latest && latest.Number > seen ? Task.FromResult(latest) : NextAfterAsync(_next.Task, seen, cancellation);
    }

    public void Dispose()
    {
        _progress.Dispose();
        _changes.Dispose();
        _ended.Cancel();
    }

    private async Task<RunNews> NextAfterAsync(Task<RunNews> next, long seen, CancellationToken cancellation)
    {
        var news = await next.WaitAsync(cancellation);
        return news.Number > seen ? news : await NextAsync(seen, cancellation);
    }

    private Task WakeAsync()
    {
        Wake();
        return Task.CompletedTask;
    }

    private void Wake()
    {
        lock (_lock)
        {
            if (_changed.CurrentCount == 0)
                _changed.Release();
        }
    }

    private async Task ReadUntilEndedAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                await _changed.WaitAsync(_ended.Token);
                var news = await ReadAsync(Interlocked.Increment(ref _begun));
                Tell(waiting => waiting.SetResult(news), news);
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                // What was taken for this reading is in the database and in no tail.
                _stateMayBeOld = true;
                _fresh?.Break();
                // Whoever waited hears it and may come back; whoever comes meanwhile gets the next try.
                Tell(waiting => waiting.SetException(e), _latest);
                await Task.Delay(_interval);
                Wake();
            }
        }

        _fresh?.Dispose();
    }

    private void Tell(Action<TaskCompletionSource<RunNews>> how, RunNews? latest)
    {
        TaskCompletionSource<RunNews> waiting;
        lock (_lock)
        {
            _latest = latest;
            waiting = _next;
            _next = New();
        }

        how(waiting);
        // Nobody may wait just now; a failure that nobody hears is none.
        _ = waiting.Task.Exception;
    }

    private async Task<RunNews> ReadAsync(long number)
    {
        var latest = _latest is { Run: not null } earlier ? earlier : null;
        var run = latest?.Run;
        if (run is null || _stateMayBeOld)
        {
            // The status before the points: what an ended run has to show is complete.
            _stateMayBeOld = false;
            run = await _history.StateAsync(_id, _ended.Token);
        }

        if (run is null)
            return new RunNews(number, null, new Dictionary<string, SeriesTail>());
        _fresh ??= _series.Listen(run.Number);
        return new RunNews(number, run, _fresh.Take() is { } fresh
            && latest is not null ? Grown(latest.Series, fresh) : await SeriesAsync(run.Number, latest?.Series, number));
    }

    private static Dictionary<string, SeriesTail> Grown(IReadOnlyDictionary<string, SeriesTail> known,
        IReadOnlyDictionary<string, List<MetricPoint>> fresh)
    {
        var series = new Dictionary<string, SeriesTail>(known, StringComparer.Ordinal);
        foreach (var (metric, points) in fresh)
        {
            // A series that appears later is here from its beginning.
            var tail = known.GetValueOrDefault(metric) ?? new SeriesTail(-1, 0, -1, []);
            var newer = new List<MetricPoint>(points.Count);
            foreach (var point in points)
            {
                if (point.Step > (newer.Count > 0 ? newer[^1].Step : tail.Newest))
                    newer.Add(point);
            }

            series[metric] = tail.With(newer);
        }

        return series;
    }

    private async Task<Dictionary<string, SeriesTail>> SeriesAsync(long run, IReadOnlyDictionary<string, SeriesTail>? known, long number)
    {
        // Before what is written is read: points only move from memory to the database.
        var newest = MetricNames.OfEveryRun.Union(known?.Keys ?? []).Union(_series.MetricsWaiting(run))
            .ToDictionary(metric => metric, metric => _series.LastWaiting(run, metric) is { } last ? (last.Step, last.Time) : (-1, 0));
        foreach (var summary in await _reader.SummariesAsync(run, _ended.Token))
        {
            if (summary.LastStep > newest.GetValueOrDefault(summary.Name, (-1, 0)).Step)
                newest[summary.Name] = (summary.LastStep, summary.LastTime);
        }

        var series = new Dictionary<string, SeriesTail>(StringComparer.Ordinal);
        foreach (var (metric, (step, time)) in newest)
        {
            // The first reading leaves what there is to the database.
            var tail = known is null ? new SeriesTail(step, time, step, []) : known.GetValueOrDefault(metric) ?? new SeriesTail(-1, 0, -1, []);
            if (step < tail.Newest)
                tail = tail.CutTo(step, time, number);
            series[metric] = step == tail.Newest ? tail : tail.With(await _series.AfterAsync(run, metric, tail.Newest, _ended.Token));
        }

        return series;
    }

    private static TaskCompletionSource<RunNews> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
