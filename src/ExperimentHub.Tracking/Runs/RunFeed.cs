using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Runs;

/// <summary>What happened to a run. Screens are told of what they show, and only of that.</summary>
[Flags]
public enum RunSignal
{
    /// <summary>Only what <see cref="Trainings.LiveRuns"/> and the newest points know; its rows are as they were.</summary>
    Progress = 1,

    /// <summary>An epoch has its results.</summary>
    Results = 1 << 1,

    /// <summary>Files were written or removed: checkpoints, pause points, evaluations.</summary>
    Files = 1 << 2,

    /// <summary>It was claimed, began, ended or was moved in any other way.</summary>
    Status = 1 << 3,

    /// <summary>It waits for its turn, as a new run or again.</summary>
    Queued = 1 << 4,

    StopRequested = 1 << 5,
    PauseRequested = 1 << 6,

    /// <summary>Somebody changed its name, its notes, its tags, or which checkpoints are kept.</summary>
    Texts = 1 << 7,

    /// <summary>It came with a file, was archived, deleted, brought back or removed.</summary>
    Existence = 1 << 8,
}

/// <summary>What screens have in common.</summary>
public static class RunSignals
{
    /// <summary>Where it stands: waiting, training, asked to end, ended.</summary>
    public const RunSignal Standing = RunSignal.Status | RunSignal.Queued | RunSignal.StopRequested | RunSignal.PauseRequested;

    /// <summary>Which runs there are and what is said of them, apart from their results, which come with every epoch.</summary>
    public const RunSignal Facts = Standing | RunSignal.Texts | RunSignal.Existence;

    /// <summary>What a row of a table of runs is made of.</summary>
    public const RunSignal Rows = Facts | RunSignal.Results;

    /// <summary>What lies on the disk.</summary>
    public const RunSignal Space = RunSignal.Files | RunSignal.Status | RunSignal.Existence;

    public const RunSignal All = Rows | RunSignal.Files | RunSignal.Progress;
}

/// <summary>What a screen shows of runs, and how often it may be told of that.</summary>
/// <param name="Interval">The shortest time between two calls for these; asked before each.</param>
public sealed record FeedPace(RunSignal Kinds, Func<TimeSpan> Interval)
{
    public FeedPace(RunSignal kinds, TimeSpan interval)
        : this(kinds, () => interval)
    {
    }
}

/// <summary>
/// "This run changed": where pages and processes meet. Listeners are told at once and must be quick; subscribers (screens) get many
/// changes as few calls, on a pool thread, and a slow or broken screen never hurts the writer.
/// </summary>
public sealed class RunFeed(TimeProvider time, ILogger<RunFeed> logger)
{
    /// <summary>A screen is refreshed at most this often.</summary>
    public static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly List<Subscription> _subscriptions = [];
    private Action<RunId, RunSignal>? _listeners;

    /// <summary>How many screens look; for tests and for the curious.</summary>
    public int SubscriptionCount
    {
        get
        {
            lock (_lock)
                return _subscriptions.Count;
        }
    }

    public void Publish(RunId run, RunSignal signal)
    {
        // First the listeners: a screen that listens as well knows what happened when it refreshes.
        _listeners?.Invoke(run, signal);
        Subscription[] interested;
        lock (_lock)
            interested =
                [.. _subscriptions.Where(subscription => (subscription.Shown & signal) != 0 && subscription.Concerns(run))];
        foreach (var subscription in interested)
            subscription.Touch(signal);
    }

    /// <summary>Calls <paramref name="listener"/> on the publishing thread for every signal until the result is disposed.</summary>
    public IDisposable Listen(Action<RunId, RunSignal> listener)
    {
        lock (_lock)
            _listeners += listener;
        return new Ending(() =>
        {
            lock (_lock)
                _listeners -= listener;
        });
    }

    /// <summary>Calls <paramref name="refresh"/> soon after changes, one call at a time, until the result is disposed.</summary>
    /// <param name="run">The run to watch; null for all.</param>
    /// <param name="shown">What the screen shows; nothing else calls it.</param>
    /// <param name="refresh">Reads again what it shows. An exception is logged and ends nothing.</param>
    /// <param name="interval">The shortest time between two calls; <see cref="MinInterval"/> where not given.</param>
    public IDisposable Subscribe(RunId? run, RunSignal shown, Func<Task> refresh, TimeSpan? interval = null) =>
        Subscribe(run, _ => refresh(), new FeedPace(shown, interval ?? MinInterval));

    /// <summary>The same for a screen whose parts are refreshed at paces of their own; still one call at a time.</summary>
    /// <param name="run">The run to watch; null for all.</param>
    /// <param name="refresh">Is told what happened since it last was, of the paces whose turn it is.</param>
    /// <param name="paces">What the screen shows; a signal belongs to one of them.</param>
    public IDisposable Subscribe(RunId? run, Func<RunSignal, Task> refresh, params IReadOnlyList<FeedPace> paces) =>
        Subscribe(run?.ToString() ?? "all runs", run is { } one ? signalled => signalled == one : _ => true, refresh, paces);

    /// <summary>The same for a screen of some runs, which may be others from one signal to the next.</summary>
    /// <param name="shows">Whether the screen shows a run; asked on the publishing thread for each signal, so it must be quick.</param>
    public IDisposable SubscribeToSome(Func<RunId, bool> shows, Func<RunSignal, Task> refresh, params IReadOnlyList<FeedPace> paces) =>
        Subscribe("some runs", shows, refresh, paces);

    private Subscription Subscribe(string what, Func<RunId, bool> shows, Func<RunSignal, Task> refresh, IReadOnlyList<FeedPace> paces)
    {
        var subscription = new Subscription(this, what, shows, refresh, paces);
        lock (_lock)
            _subscriptions.Add(subscription);
        return subscription;
    }

    private sealed class Subscription(
        RunFeed feed, string what, Func<RunId, bool> shows, Func<RunSignal, Task> refresh, IReadOnlyList<FeedPace> paces) : IDisposable
    {
        private readonly Lock _lock = new();

        /// <summary>When the last call for each pace ended; null before the first.</summary>
        private readonly long?[] _calledAt = new long?[paces.Count];
        private RunSignal _told;

        /// <summary>Ends a pause in which something comes that need not wait for its end.</summary>
        private TaskCompletionSource _more = New();
        private bool _isCalling;
        private volatile bool _disposed;

        public RunSignal Shown { get; } = paces.Aggregate((RunSignal)0, (shown, pace) => shown | pace.Kinds);

        public bool Concerns(RunId run) => shows(run);

        public void Touch(RunSignal signal)
        {
            lock (_lock)
            {
                var isMore = (signal & Shown & ~_told) != 0;
                _told |= signal & Shown;
                // The first change starts the loop; it takes the later ones with it.
                if (_isCalling && isMore)
                    _more.TrySetResult();
                if (_isCalling || _disposed)
                    return;
                _isCalling = true;
            }

            _ = Task.Run(CallUntilQuietAsync);
        }

        private async Task CallUntilQuietAsync()
        {
            while (true)
            {
                var (due, wait) = (default(RunSignal), TimeSpan.MaxValue);
                var turns = new bool[paces.Count];
                Task more;
                lock (_lock)
                {
                    if (_more.Task.IsCompleted)
                        _more = New();
                    more = _more.Task;
                    if (_told == 0 || _disposed)
                    {
                        _isCalling = false;
                        return;
                    }

                    foreach (var (place, pace) in paces.Index().Where(pace => (pace.Item.Kinds & _told) != 0))
                    {
                        var rest = _calledAt[place] is { } last ? pace.Interval() - feed.Time.GetElapsedTime(last) : TimeSpan.Zero;
                        if (rest <= TimeSpan.Zero)
                            (turns[place], due) = (true, due | pace.Kinds);
                        else if (rest < wait)
                            wait = rest;
                    }

                    due &= _told;
                    _told &= ~due;
                }

                if (due == 0)
                {
                    await more.WaitAsync(wait, feed.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    continue;
                }

                try
                {
                    await refresh(due);
                }
                catch (Exception e)
                {
                    feed.Log(e, what);
                }

                foreach (var (place, _) in turns.Index().Where(turn => turn.Item))
                    _calledAt[place] = feed.Time.GetTimestamp();
            }
        }

        public void Dispose()
        {
            _disposed = true;
            lock (feed._lock)
                feed._subscriptions.Remove(this);
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private TimeProvider Time => time;

    private void Log(Exception e, string what) => logger.LogWarning(e, "A screen that watches {Run} could not refresh", what);

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
