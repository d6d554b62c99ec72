using ExperimentHub.Tracking.Experiments;
using Microsoft.Extensions.Logging;
using Quartz;

namespace ExperimentHub.Execution.Recovery;

/// <summary>Removes for good what was deleted longer ago than a deletion can be undone.</summary>
internal sealed class Housekeeping(ExperimentStore experiments, ILogger<Housekeeping> logger) : IJob
{
    public static readonly JobKey Key = new("housekeeping");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        if (await experiments.PurgeAsync(cancellationToken) is > 0 and var freed)
            logger.LogInformation("Removed deleted experiments; {Bytes} bytes are free again", freed);
    }
}
