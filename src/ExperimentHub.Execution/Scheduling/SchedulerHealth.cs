using Microsoft.Extensions.Diagnostics.HealthChecks;
using Quartz;

namespace ExperimentHub.Execution.Scheduling;

/// <summary>
/// Whether the scheduler runs and its store answers: without it no run starts and no schedule fires, however well everything else is. (Quartz has a
/// check of its own. It calls the moment between the server's start and the scheduler's unhealthy, and does not say what to do.)
/// </summary>
internal sealed class SchedulerHealth(ISchedulerFactory schedulers) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var scheduler = await schedulers.GetScheduler(cancellationToken);
            if (scheduler.Status is not (SchedulerStatus.Created or SchedulerStatus.Running))
                return HealthCheckResult.Unhealthy("The scheduler does not run, so no run starts and no schedule fires. Start the hub again.");
            return await scheduler.Exists(TrainRunJob.Key, cancellationToken).AsTask().WaitAsync(Patience, cancellationToken)
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("The scheduler's database (quartz.db) has lost its jobs. Start the hub again; it makes them anew.");
        }
        catch (TimeoutException)
        {
            return HealthCheckResult.Unhealthy(
                $"The scheduler's database (quartz.db) did not answer within {Patience.TotalSeconds:0} s. Look for another program that holds it.");
        }
        catch (SchedulerException e)
        {
            return HealthCheckResult.Unhealthy($"The scheduler's database (quartz.db) does not answer: {e.Message}");
        }
    }
}
