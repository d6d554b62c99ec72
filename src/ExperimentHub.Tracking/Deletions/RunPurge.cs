using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Deletions;

/// <summary>
/// Removes hidden runs for good, rows and files, a few in each transaction: cascades go through every table, and others want to write in between.
/// What was removed when it is ended in between is gone; the next purge goes on with the rest, and begins with the files that others left.
/// </summary>
public sealed class RunPurge(ArtifactDebts debts)
{
    private const int AtOnce = 20;

    /// <param name="which">Runs that are hidden. It is asked again before each portion.</param>
    /// <returns>The bytes that were freed in files of these runs, and how many of them are gone.</returns>
    internal async Task<(long Freed, int Runs)> PurgeAsync(TrackingDb db, Func<IQueryable<Run>, IQueryable<Run>> which,
        CancellationToken cancellation)
    {
        var (freed, removed) = (0L, 0);
        await debts.SettleAsync(cancellation);
        while (true)
        {
            var gone = await which(db.Runs.IgnoreQueryFilters()).OrderBy(run => run.Number).Take(AtOnce)
                .Select(run => new { run.Number, run.Id, run.DeletedAt })
                .AsNoTracking().ToListAsync(cancellation);
            if (gone.Count == 0)
                return (freed, removed);
            List<RunId> purged = [];
            await using (var transaction = await db.Database.BeginTransactionAsync(cancellation))
            {
                // One by one, with the mark that was read: one that was brought back meanwhile stays, with its files.
                foreach (var run in gone)
                {
                    if (await db.Runs.IgnoreQueryFilters().IgnoreAutoIncludes().Where(r => r.Number == run.Number && r.DeletedAt == run.DeletedAt)
                        .ExecuteDeleteAsync(cancellation) > 0)
                        purged.Add(run.Id);
                }

                await debts.OweFoldersAsync(db, [.. purged.Select(ArtifactKey.OfRun)], cancellation);
                await transaction.CommitAsync(cancellation);
            }

            // After the rows: a kill in between leaves files that are owed, never a row without its files.
            freed += await debts.PayFoldersAsync(purged.Select(ArtifactKey.OfRun));
            removed += purged.Count;
        }
    }
}
