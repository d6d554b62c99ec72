namespace ExperimentHub.Trainer;

/// <summary>Every exit code of the trainer. Any other code is a crash.</summary>
internal static class ExitCode
{
    /// <summary>Finished or stopped as asked (the last event says which), or the self-test passed.</summary>
    public const int Done = 0;

    /// <summary>The last event is TrainingFailed and says why, or the self-test did not pass.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong; the usage is on standard error.</summary>
    public const int Usage = 2;

    /// <summary>Standard input ended: the hub is gone.</summary>
    public const int HubGone = 3;
}
