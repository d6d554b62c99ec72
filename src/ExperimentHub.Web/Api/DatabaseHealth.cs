using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ExperimentHub.Web.Api;

/// <summary>
/// Ready means that the database answers, and that it and its disk take writes. Degraded is a hub with trainings that wait for more room than there
/// is.
/// </summary>
internal sealed class DatabaseHealth(IDbContextFactory<TrackingDb> databases, StorageWatch storage, LiveRuns live) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.Database.CanConnectAsync(cancellationToken))
            return HealthCheckResult.Unhealthy("The database does not answer.");
        if (await storage.CheckAsync(cancellationToken) is { } outage)
            return HealthCheckResult.Unhealthy(
                $"Nothing can be written since {outage.Since:yyyy-MM-dd HH:mm:ss} UTC, because {outage.Reason}. {outage.Remedy}");
        return live.WaitingForRoom is { } waiting
            ? HealthCheckResult.Degraded(
                $"{(waiting.Count == 1 ? "A training waits" : $"{waiting.Count} trainings wait")} since {waiting.Since:yyyy-MM-dd HH:mm:ss} UTC for "
                    + "room on the disk of the data folder.")
            : HealthCheckResult.Healthy();
    }
}
