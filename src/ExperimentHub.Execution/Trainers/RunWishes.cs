using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// What is wished of a run while an attempt of it lives: that it stops, that it pauses, that it makes way for the end of the hub. Each is heard once,
/// whatever the trainer says.
/// </summary>
internal sealed class RunWishes : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _any = new();
    private readonly IDisposable _listening;
    private readonly CancellationTokenRegistration _hub;
    private TaskCompletionSource _next = NewSource();
    private bool _stop;
    private bool _pause;
    private bool _hubStops;

    /// <param name="hubStops">Cancelled when the hub shuts down.</param>
    public RunWishes(RunId run, RunFeed feed, CancellationToken hubStops)
    {
        Any = _any.Token;
        _listening = feed.Listen((id, signal) =>
        {
            if (id != run)
                return;
            if ((signal & RunSignal.StopRequested) != 0)
                Hear(ref _stop);
            if ((signal & RunSignal.PauseRequested) != 0)
                Hear(ref _pause);
        });
        _hub = hubStops.Register(() => Hear(ref _hubStops));
    }

    /// <summary>Cancelled by the first wish.</summary>
    public CancellationToken Any { get; }

    public int Count
    {
        get
        {
            lock (_lock)
                return (_stop ? 1 : 0) + (_pause ? 1 : 0) + (_hubStops ? 1 : 0);
        }
    }

    public bool HubStops
    {
        get
        {
            lock (_lock)
                return _hubStops;
        }
    }

    /// <summary>
    /// What the attempt ends as if its trainer has nothing of its own to say; null while nothing is wished. What a person asked for stays that, even
    /// if the hub stops as well, and a stop counts more than a pause.
    /// </summary>
    public AttemptEnding? Ending
    {
        get
        {
            lock (_lock)
                return _stop ? AttemptEnding.Stopped : _pause ? AttemptEnding.Paused : _hubStops ? AttemptEnding.Interrupted : null;
        }
    }

    /// <summary>
    /// Takes what the rows say was wished. To be called after the constructor, so that no wish falls between the two, and again with each beat of
    /// the node, because a signal can be lost.
    /// </summary>
    /// <returns>Whether there is one that was not heard.</returns>
    public bool Remember(bool stop, bool pause) => (stop && Hear(ref _stop)) | (pause && Hear(ref _pause));

    /// <summary>Completes when there are more wishes than these.</summary>
    public Task MoreThan(int heard)
    {
        lock (_lock)
            return Count > heard ? Task.CompletedTask : _next.Task;
    }

    public void Dispose()
    {
        _listening.Dispose();
        _hub.Dispose();
        _any.Dispose();
    }

    /// <returns>false where it was heard before.</returns>
    private bool Hear(ref bool wish)
    {
        TaskCompletionSource heard;
        lock (_lock)
        {
            if (wish)
                return false;
            wish = true;
            (heard, _next) = (_next, NewSource());
        }

        heard.TrySetResult();
        // Elsewhere: whoever tells us must not wait for what the token ends.
        _ = CancelAsync();
        return true;
    }

    private async Task CancelAsync()
    {
        try
        {
            await _any.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The attempt ended at the same moment.
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
