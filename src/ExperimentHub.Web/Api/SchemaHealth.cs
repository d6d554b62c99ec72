using System.Data.Common;
using ExperimentHub.Tracking;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ExperimentHub.Web.Api;

/// <summary>
/// Whether the database is still the one that this program knows. A start refuses another; this tells of one that was put in its place afterwards.
/// Whether the database answers at all is for <see cref="DatabaseHealth"/> to say.
/// </summary>
internal sealed class SchemaHealth(IDbContextFactory<TrackingDb> databases) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var db = await databases.CreateDbContextAsync(cancellationToken);
            var applied = await db.Database.GetAppliedMigrationsAsync(cancellationToken);
            return applied.ToHashSet().SetEquals(db.Database.GetMigrations())
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy(
                    "The database is not the one that this version of ExperimentHub was started with. Start the hub again; it says what is wrong.");
        }
        catch (DbException e)
        {
            return HealthCheckResult.Healthy($"Unknown: {e.Message}");
        }
    }
}
