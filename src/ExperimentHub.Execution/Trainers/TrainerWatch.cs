using ExperimentHub.Execution.Nodes;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// Waits for the end of one trainer, and brings it about where it must: wishes are passed on the moment they come, whatever the trainer says and
/// however far behind the recorder is; silence and deafness are waited out and then ended.
/// </summary>
internal sealed class TrainerWatch(
    TrainerProcess trainer, TrainerWords words, RunWishes wishes, HeldLease lease, ExecutionOptions options, TimeProvider time)
{
    /// <summary>After a kill the system has this long to end a process; one that hangs in a driver is left to the next start of the hub.</summary>
    private static readonly TimeSpan KillTakes = TimeSpan.FromSeconds(2);

    // By a clock that nobody sets: a correction of the machine's time is no silence.
    private TimeSpan Now => time.GetElapsedTime(0);

    private int _heard;
    private TimeSpan? _grace; // of a trainer that was asked to stop
    private TimeSpan? _killed;

    /// <summary>It was killed because it said nothing for too long.</summary>
    public bool WasSilent { get; private set; }

    /// <summary>It was killed because it did not stop, or lived on without a word.</summary>
    public bool WasDeaf { get; private set; }

    /// <param name="recording">Takes the words; where it ends before them, nobody wants the trainer any more.</param>
    public async Task WatchAsync(Task recording)
    {
        TimeSpan? exited = null, fellSilent = null;
        while (true)
        {
            PassOnWishes();
            // Whose attempt is another's has no grace: somebody else trains by now.
            if ((lease.IsLost || (recording.IsCompleted && !words.Ended.IsCompleted)) && _killed is null)
            {
                words.End();
                Kill();
            }

            if (trainer.Exited.IsCompleted)
                exited ??= Now;
            if (words.Ended.IsCompleted)
                fellSilent ??= Now;
            if (exited is not null && fellSilent is not null)
                return;

            var deadline = Deadline(exited, fellSilent);
            if (deadline <= Now)
            {
                // What it left in the pipe is read; who holds the pipe open now is somebody that it started.
                if (exited is not null || _killed is not null)
                    return;
                WasSilent = _grace is null && fellSilent is null;
                WasDeaf = !WasSilent;
                Kill();
                continue;
            }

            await WaitAsync(deadline, [
                wishes.MoreThan(_heard),
                .. exited is null ? [trainer.Exited] : Array.Empty<Task>(),
                .. fellSilent is null ? [words.Ended] : Array.Empty<Task>(),
                .. lease.IsLost ? Array.Empty<Task>() : [lease.Lost],
                .. recording.IsCompleted ? Array.Empty<Task>() : [recording],
            ]);
        }
    }

    private void PassOnWishes()
    {
        for (; _heard < wishes.Count; _heard++)
        {
            words.Widen();
            trainer.Say(new StopTraining());
            // It gets its grace once: neither its words nor a second wish prolong it, and the end of the hub shortens it.
            var grace = Now + (wishes.HubStops ? options.ShutdownGrace : options.StopGrace);
            _grace = _grace is { } earlier && earlier < grace ? earlier : grace;
        }
    }

    private TimeSpan Deadline(TimeSpan? exited, TimeSpan? fellSilent)
    {
        if (_killed is { } killed)
            return killed + KillTakes;
        // While too much waits nobody listens, and so nobody is silent.
        if (exited is { } end)
            return words.SilentSince is { } last ? Later(end, last) + KillTakes : TimeSpan.MaxValue;
        if (_grace is { } grace)
            return grace;
        if (fellSilent is { } mute)
            return mute + options.StopGrace;
        return words.SilentSince is { } since ? since + options.SilenceLimit : Now + options.SilenceLimit;
    }

    private async Task WaitAsync(TimeSpan deadline, IEnumerable<Task> causes)
    {
        using var waiting = new CancellationTokenSource();
        var left = deadline - Now;
        // Looked at again from time to time: a deadline that was none while nobody listened may be one now.
        var patience = Task.Delay(left < options.SilenceLimit ? left < TimeSpan.Zero ? TimeSpan.Zero : left : options.SilenceLimit, time,
            waiting.Token);
        await Task.WhenAny([patience, .. causes]);
        await waiting.CancelAsync();
    }

    private void Kill()
    {
        _killed = Now;
        trainer.Kill();
    }

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
