using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using Microsoft.Extensions.Logging;
using Quartz;

namespace ExperimentHub.Execution.Recovery;

/// <summary>Removes for good what was deleted longer ago than a deletion can be undone.</summary>
internal sealed class Housekeeping(ExperimentStore experiments, RunDeletion runs, StorageWatch storage, ILogger<Housekeeping> logger) : IJob
{
    public static readonly JobKey Key = new("housekeeping");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        try
        {
            var freed = await experiments.PurgeAsync(cancellationToken) + await runs.PurgeAsync(cancellationToken);
            if (freed > 0)
                logger.LogInformation("Removed deleted experiments and runs; {Bytes} bytes are free again", freed);
        }
        catch (Exception e) when (storage.Note(e))
        {
            logger.LogWarning(e, "What was deleted could not be removed; the next turn goes on with it");
        }
    }
}
