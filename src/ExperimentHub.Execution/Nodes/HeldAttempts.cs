using System.Collections.Concurrent;
using ExperimentHub.Execution.Trainers;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Execution.Nodes;

/// <summary>The attempts that this process supervises, for the beat that prolongs their leases and finds what is wished of them.</summary>
internal sealed class HeldAttempts
{
    private readonly ConcurrentDictionary<HeldLease, byte> _held = new();

    public IReadOnlyCollection<HeldLease> Now => [.. _held.Keys];

    /// <summary>The attempt is this process's until the result is disposed.</summary>
    public HeldLease Enter(AttemptKey key, RunWishes wishes)
    {
        var lease = new HeldLease(key, wishes, ended => _held.TryRemove(ended, out _));
        _held[lease] = 0;
        return lease;
    }
}

/// <summary>That this process holds an attempt, as far as it knows.</summary>
internal sealed class HeldLease(AttemptKey key, RunWishes wishes, Action<HeldLease> leave) : IDisposable
{
    // Has neither a timer nor a handle, so nobody has to dispose of it, and a beat that comes late can still cancel it.
    private readonly CancellationTokenSource _cancellation = new();
    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AttemptKey Key => key;
    public RunWishes Wishes => wishes;

    /// <summary>Completes when somebody else took the attempt.</summary>
    public Task Lost => _lost.Task;

    /// <summary>Cancelled when somebody else took it.</summary>
    public CancellationToken LostToken => _cancellation.Token;

    public bool IsLost => _lost.Task.IsCompleted;

    /// <summary>Somebody else took it: its trainer is to be ended, and nothing more may be written.</summary>
    public void Lose()
    {
        // Elsewhere: the beat must not wait for what the token ends.
        if (_lost.TrySetResult())
            _ = _cancellation.CancelAsync();
    }

    public void Dispose() => leave(this);
}
