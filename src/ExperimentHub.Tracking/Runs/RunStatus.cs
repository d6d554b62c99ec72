namespace ExperimentHub.Tracking.Runs;

/// <summary>Where a run is in its life. The words are the API's, in lower case.</summary>
public enum RunStatus
{
    Queued,
    Running,
    Finished,
    Stopped,
    Failed,

    /// <summary>The hub ended while the run trained. Not a failure.</summary>
    Interrupted,

    /// <summary>A person took it off its device or out of the queue; it waits until a person lets it go on.</summary>
    Paused,
}

/// <summary>The only legal moves of a run.</summary>
public static class RunStatusMoves
{
    private static readonly Dictionary<RunStatus, RunStatus[]> Legal = new()
    {
        [RunStatus.Queued] = [RunStatus.Running, RunStatus.Stopped, RunStatus.Failed, RunStatus.Paused],
        [RunStatus.Running] = [RunStatus.Finished, RunStatus.Stopped, RunStatus.Failed, RunStatus.Interrupted, RunStatus.Paused],
        [RunStatus.Interrupted] = [RunStatus.Queued, RunStatus.Stopped, RunStatus.Failed, RunStatus.Paused],
        [RunStatus.Paused] = [RunStatus.Queued, RunStatus.Stopped],
        // An ended run goes on where a person wants it to: resumed, or trained for more epochs.
        [RunStatus.Finished] = [RunStatus.Queued],
        [RunStatus.Stopped] = [RunStatus.Queued],
        [RunStatus.Failed] = [RunStatus.Queued],
    };

    public static bool CanMoveTo(this RunStatus from, RunStatus to) => Legal[from].Contains(to);

    /// <summary>Waiting for a device or holding one.</summary>
    public static bool IsActive(this RunStatus status) => status is RunStatus.Queued or RunStatus.Running;

    /// <summary>The word in the API and in addresses.</summary>
    public static string Word(this RunStatus status) => status.ToString().ToLowerInvariant();

    public static RunStatus? FromWord(string? word) =>
        Enum.GetValues<RunStatus>().Cast<RunStatus?>().FirstOrDefault(status => status!.Value.Word() == word);
}
