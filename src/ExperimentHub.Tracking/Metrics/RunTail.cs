using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>Reads a run after each change, at most once in an interval, and hands what it found to everybody who waits.</summary>
internal sealed class RunTail : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly CancellationTokenSource _ended = new();
    private readonly IDisposable _subscription;
    private readonly RunId _id;
    private readonly TimeSpan _interval;
    private readonly RunHistory _history;
    private readonly MetricReader _reader;
    private readonly LiveSeries _series;
    private RunNews? _latest;
    private TaskCompletionSource<RunNews> _next = New();
    private long _begun;

    public RunTail(RunId id, RunFeed feed, TimeSpan interval, RunHistory history, MetricReader reader, LiveSeries series)
    {
        (_id, _interval, _history, _reader, _series) = (id, interval, history, reader, series);
        _subscription = feed.Subscribe(id, RunSignals.All, () =>
        {
            Wake();
            return Task.CompletedTask;
        }, interval);
        _ = Task.Run(ReadUntilEndedAsync);
    }

    /// <summary>Asks for a reading.</summary>
    /// <returns>The last reading that may have begun before this call.</returns>
    public long Join()
    {
        lock (_lock)
        {
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
        _subscription.Dispose();
        _ended.Cancel();
    }

    private async Task<RunNews> NextAfterAsync(Task<RunNews> next, long seen, CancellationToken cancellation)
    {
        var news = await next.WaitAsync(cancellation);
        return news.Number > seen ? news : await NextAsync(seen, cancellation);
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
                return;
            }
            catch (Exception e)
            {
                // Whoever waited hears it and may come back; whoever comes meanwhile gets the next try.
                Tell(waiting => waiting.SetException(e), _latest);
                await Task.Delay(_interval);
                Wake();
            }
        }
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
        // The status first: what an ended run has to show is complete.
        if (await _history.StateAsync(_id, _ended.Token) is not { } run)
            return new RunNews(number, null, new Dictionary<string, SeriesTail>());
        var known = _latest is { Run: not null } latest ? latest.Series : null;
        // Before what is written is read: points only move from memory to the database.
        var newest = MetricNames.OfEveryRun.Union(known?.Keys ?? []).ToDictionary(metric => metric, metric => _series.LastWaiting(run.Number, metric) is { } last ? (last.Step, last.Time) : (-1, 0));
        foreach (var summary in await _reader.SummariesAsync(run.Number, _ended.Token))
        {
            if (summary.LastStep > newest.GetValueOrDefault(summary.Name, (-1, 0)).Step)
                newest[summary.Name] = (summary.LastStep, summary.LastTime);
        }

        var series = new Dictionary<string, SeriesTail>(StringComparer.Ordinal);
        foreach (var (metric, (step, time)) in newest)
        {
            // The first reading leaves what there is to the database; a series that appears later is here from its beginning.
            var tail = known is null ? new SeriesTail(step, time, step, []) : known.GetValueOrDefault(metric) ?? new SeriesTail(-1, 0, -1, []);
            if (step < tail.Newest)
                tail = tail.CutTo(step, time, number);
            series[metric] = step == tail.Newest ? tail : tail.With(await _series.AfterAsync(run.Number, metric, tail.Newest, _ended.Token));
        }

        return new RunNews(number, run, series);
    }

    private static TaskCompletionSource<RunNews> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
