using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ExperimentHub.Web.Api;

/// <summary>Ready means that the database answers, and that it and its disk take writes.</summary>
internal sealed class DatabaseHealth(IDbContextFactory<TrackingDb> databases, StorageWatch storage) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.Database.CanConnectAsync(cancellationToken))
            return HealthCheckResult.Unhealthy("The database does not answer.");
        return await storage.CheckAsync(cancellationToken) is { } outage
            ? HealthCheckResult.Unhealthy($"Nothing can be written since {outage.Since:yyyy-MM-dd HH:mm:ss} UTC, because {outage.Reason}. {outage.Remedy}")
            : HealthCheckResult.Healthy();
    }
}
