namespace ExperimentHub.Tracking.ExperimentFiles;

/// <param name="MaxBytes">The most that an imported file may have, as it is sent and as it is unpacked.</param>
public sealed record ExperimentFileOptions(long MaxBytes = ExperimentFileOptions.UsualMaxBytes)
{
    public const long UsualMaxBytes = 8L << 30;
}
