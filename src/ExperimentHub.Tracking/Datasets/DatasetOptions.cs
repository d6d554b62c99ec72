namespace ExperimentHub.Tracking.Datasets;

/// <param name="CacheFolder">The machine's cache of published data sets, which trainers fill.</param>
/// <param name="MaxFileBytes">The most that one file of an upload may have, as it is sent.</param>
public sealed record DatasetOptions(string CacheFolder, long MaxFileBytes = DatasetOptions.UsualMaxFileBytes)
{
    public const long UsualMaxFileBytes = 1L << 30;
}
