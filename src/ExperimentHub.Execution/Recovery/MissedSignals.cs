using ExperimentHub.Execution.Schedules;
using ExperimentHub.Execution.Scheduling;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Recovery;

/// <summary>
/// Looks from time to time at the rows that a signal usually tells of: attempts of lost nodes, runs that wait, schedules, data sets. A signal only
/// saves waiting for it, and another node's may never have come here.
/// </summary>
internal sealed class MissedSignals(
    OrphanedRuns orphans, RunQueue queue, RunTickets tickets, ScheduleTriggers schedules, DatasetLibrary datasets, StorageWatch storage,
    ExecutionOptions options, ILogger<MissedSignals> logger)
    : BackgroundService
{
    public async Task LookAsync(CancellationToken cancellation)
    {
        foreach (var run in await orphans.InterruptAsync(cancellation))
            logger.LogWarning("Run {Run} was interrupted: the node that trained it is lost", run);
        // Also those that another node interrupted when it ended.
        foreach (var run in await queue.RequeueInterruptedAsync(cancellation))
            logger.LogInformation("Run {Run} is queued again and goes on from its last checkpoint", run);
        await schedules.FollowRowsAsync(cancellation);
        await datasets.FollowRowsAsync(cancellation);
        await tickets.IssueMissingAsync(cancellation);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(options.LookInterval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                stoppingToken.ThrowIfCancellationRequested();
                await LookAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                // The hub stops.
            }
            catch (Exception e) when (storage.Note(e))
            {
                logger.LogDebug(e, "The rows could not be looked at");
            }
            catch (Exception e)
            {
                logger.LogError(e, "The rows could not be looked at; the next time tries again");
            }
        }
    }
}
