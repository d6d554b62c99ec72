using System.Collections.Concurrent;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>What is known about running runs beyond the database: the progress since the last epoch. It is rebuilt by the next event.</summary>
public sealed class LiveRuns
{
    private readonly ConcurrentDictionary<RunId, LiveRun> _runs = new();

    /// <summary>How many trainings wait for room on the disk, and since when the first does, UTC; null while none does.</summary>
    public (int Count, DateTime Since)? WaitingForRoom =>
        _runs.Values.Select(run => run.WaitsForRoomSince).OfType<DateTime>().ToList() is { Count: > 0 } since ? (since.Count, since.Min()) : null;

    public LiveRun? Find(RunId run) => _runs.GetValueOrDefault(run);

    internal LiveRun Begin(RunId run, int attempt) => _runs[run] = new LiveRun(attempt);

    internal void End(RunId run) => _runs.TryRemove(run, out _);
}

/// <summary>The progress of one running attempt. Written by the recorder, read by any page; every member may be used from any thread.</summary>
public sealed class LiveRun(int attempt)
{
    private readonly Lock _lock = new();
    public int Attempt => attempt;

    /// <summary>What the trainer does before the first step, such as a download; null once it trains.</summary>
    public string? Activity { get; private set; } = "Starting the trainer";

    /// <summary>0..1 of <see cref="Activity"/> where it is known.</summary>
    public double? ActivityFraction { get; private set; }

    /// <summary>The epoch in work; 0 before the first.</summary>
    public int Epoch { get; private set; }

    public long Step { get; private set; }

    public double? Loss { get; private set; }

    public double? SamplesPerSecond { get; private set; }

    /// <summary>Since when the training waits for room on the disk for a checkpoint, UTC; null while it does not.</summary>
    public DateTime? WaitsForRoomSince { get; private set; }

    /// <summary>What its trainer was asked for and the database does not know yet: to stop or to pause; null where it knows all.</summary>
    public RunSignal? AskedTo { get; private set; }

    internal void Ask(RunSignal wish)
    {
        lock (_lock)
            AskedTo = AskedTo == RunSignal.StopRequested ? AskedTo : wish;
    }

    internal void WaitForRoom(DateTime? since)
    {
        lock (_lock)
            WaitsForRoomSince = since;
    }

    internal void Prepare(string activity, double? fraction)
    {
        lock (_lock)
            (Activity, ActivityFraction) = (activity, fraction);
    }

    internal void Train()
    {
        lock (_lock)
            (Activity, ActivityFraction) = (null, null);
    }

    internal void Progress(int epoch, long step, double loss, double samplesPerSecond)
    {
        lock (_lock)
            (Epoch, Step, Loss, SamplesPerSecond, Activity, ActivityFraction) = (epoch, step, loss, samplesPerSecond, null, null);
    }
}
