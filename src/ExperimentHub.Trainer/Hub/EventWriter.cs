using System.Diagnostics;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Trainer.Hub;

/// <summary>Says events to the hub, one JSON line each, in the order of the calls; safe from any thread.</summary>
/// <param name="writeLine">Delivers one line without its line break, and returns when it is on its way.</param>
internal sealed class EventWriter(Action<string> writeLine)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long _last = Stopwatch.GetTimestamp();
    private long _held;
    private bool _saidLastWord;

    /// <summary>
    /// How long sending has taken so far. A hub that cannot record as fast as we talk lets us wait, and that is nobody's training: a time limit must
    /// not count it.
    /// </summary>
    public TimeSpan Held => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _held));

    public void Send(TrainerEvent happened)
    {
        var began = Stopwatch.GetTimestamp();
        Write(happened);
        Interlocked.Add(ref _held, Stopwatch.GetTimestamp() - began);
    }

    /// <summary>
    /// Sends a heartbeat if nothing was said for a second, and the last word was not said yet. It is called from inside the work, and by a timer only
    /// where the work is a single call
    /// (<see cref="TimedBeat"/>): a heartbeat must mean that the work goes on, not that the process exists.
    /// </summary>
    public void Beat()
    {
        if (Stopwatch.GetElapsedTime(Volatile.Read(ref _last)) > Quiet)
            Write(new Heartbeat());
    }

    private void Write(TrainerEvent happened)
    {
        var line = ProtocolJson.Write(happened);
        lock (_lock)
        {
            if (_saidLastWord && happened is Heartbeat)
                return;
            writeLine(line);
            _last = Stopwatch.GetTimestamp();
            _saidLastWord |= happened is TrainingFinished or TrainingStopped or TrainingFailed;
        }
    }
}
