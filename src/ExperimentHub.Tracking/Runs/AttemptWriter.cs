using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Runs;

/// <summary>
/// The door that every write of progress goes through: it names its attempt, and one that is not the run's current attempt, or whose run no longer
/// trains, changes nothing.
/// </summary>
public sealed class AttemptWriter(IDbContextFactory<TrackingDb> databases, RunFeed feed, ILogger<AttemptWriter> logger)
{
    /// <returns>false where the attempt is stale: its trainer is to be ended.</returns>
    internal async Task<bool> WriteAsync(AttemptKey key, Func<TrackingDb, Run, Task> write)
    {
        // No token: what a trainer said is written even while the hub shuts down.
        await using var db = await databases.CreateDbContextAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var run = await db.Runs.FirstOrDefaultAsync(r => r.Number == key.RunNumber);
        if (run is null || run.CurrentAttempt != key.Attempt || run.Status != RunStatus.Running)
        {
            logger.LogWarning("Refused a write of attempt {Attempt} of run {Run}: the run is {Status} with attempt {Current}",
                key.Attempt, key.Run, run?.Status.Word() ?? "deleted", run?.CurrentAttempt);
            return false;
        }

        await write(db, run);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        feed.Publish(key.Run);
        return true;
    }
}
