using ExperimentHub.Execution.Schedules;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Extensions.Logging;
using Quartz;

namespace ExperimentHub.Execution.Recovery;

/// <summary>
/// Removes for good what was deleted longer ago than a deletion can be undone, sets triggers that were lost, and judges runs whose hub ended, or was
/// of an earlier version, before it could.
/// </summary>
internal sealed class Housekeeping(ExperimentStore experiments, RunDeletion runs, ScheduleTriggers triggers, DivergenceJudge judge,
    StorageWatch storage, ILogger<Housekeeping> logger)
    : IJob
{
    public static readonly JobKey Key = new("housekeeping");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        try
        {
            await triggers.SynchroniseAsync(cancellationToken);
            var freed = await experiments.PurgeAsync(cancellationToken) + await runs.PurgeAsync(cancellationToken);
            if (freed > 0)
                logger.LogInformation("Removed deleted experiments and runs; {Bytes} bytes are free again", freed);
            if (await judge.JudgeAllAsync(cancellationToken) is > 0 and var judged)
                logger.LogInformation("Found out of {Runs} earlier runs whether they diverged", judged);
        }
        catch (Exception e) when (storage.Note(e))
        {
            logger.LogWarning(e, "What was deleted could not be removed; the next turn goes on with it");
        }
    }
}
