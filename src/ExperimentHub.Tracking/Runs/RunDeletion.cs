using ExperimentHub.Tracking.Experiments;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

public enum DeleteOutcome
{
    NotFound,
    Deleted,

    /// <summary>It is queued or running; stop it first.</summary>
    StillActive,
}

/// <summary>
/// Deletes runs so that it can be undone: they are hidden everywhere at once, and their rows and files are removed after
/// <see cref="ExperimentStore.UndoTime"/>.
/// </summary>
public sealed class RunDeletion(IDbContextFactory<TrackingDb> databases, RunFeed feed, DataFolder folder, IDatabaseSpace space, TimeProvider time)
{
    /// <summary>Purged in one transaction. Cascades go through every table, and others want to write in between.</summary>
    private const int PurgedAtOnce = 20;

    public async Task<DeleteOutcome> DeleteAsync(RunId id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Runs.FirstOrDefaultAsync(run => run.Id == id, cancellation) is not { } run)
            return DeleteOutcome.NotFound;
        if (run.Status.IsActive())
            return DeleteOutcome.StillActive;
        run.DeletedAt = time.GetUtcNow().UtcDateTime;
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        feed.Publish(id);
        return DeleteOutcome.Deleted;
    }

    /// <summary>The bytes that removing the runs frees for good: checkpoints, logs and what stands beside them.</summary>
    public long BytesOf(IEnumerable<RunId> ids) => ids.Sum(folder.SizeOf);

    /// <summary>Brings back those of the runs that were deleted and not removed yet.</summary>
    /// <returns>How many.</returns>
    public Task<int> RestoreAsync(IReadOnlyCollection<RunId> ids, CancellationToken cancellation = default) =>
        RestoreAsync(runs => runs.Where(run => ids.Contains(run.Id)), cancellation);

    /// <summary>Brings back the runs that one bulk deletion hid.</summary>
    /// <param name="deletedAt">What <see cref="RunBulk"/> answered as the deletion's mark.</param>
    /// <returns>How many; those that were deleted on their own before or after are not among them.</returns>
    public Task<int> RestoreAsync(DateTime deletedAt, CancellationToken cancellation = default) =>
        RestoreAsync(runs => runs.Where(run => run.DeletedAt == deletedAt), cancellation);

    /// <summary>Removes what was deleted longer than <see cref="ExperimentStore.UndoTime"/> ago: rows, checkpoints and logs.</summary>
    /// <returns>The bytes that were freed in files.</returns>
    public async Task<long> PurgeAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var before = time.GetUtcNow().UtcDateTime - ExperimentStore.UndoTime;
        var (freed, removed) = (0L, 0);
        while (await db.Runs.IgnoreQueryFilters().Where(run => run.DeletedAt != null && run.DeletedAt < before).OrderBy(run => run.Number).Take(PurgedAtOnce).Select(run => run.Id).ToListAsync(cancellation)
            is { Count: > 0 } gone)
        {
            await db.Runs.IgnoreQueryFilters().Where(run => gone.Contains(run.Id)).ExecuteDeleteAsync(cancellation);
            // After the rows: a crash in between leaves files without a row, never a row without its files.
            freed += gone.Sum(folder.Remove);
            removed += gone.Count;
        }

        if (removed > 0)
            await space.GiveBackAsync(cancellation);
        return freed;
    }

    private async Task<int> RestoreAsync(Func<IQueryable<Run>, IQueryable<Run>> which, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var hidden = which(db.Runs.IgnoreQueryFilters()).Where(run => run.DeletedAt != null);
        var ids = await hidden.Select(run => run.Id).ToListAsync(cancellation);
        await hidden.ExecuteUpdateAsync(set => set.SetProperty(run => run.DeletedAt, (DateTime?)null), cancellation);
        await transaction.CommitAsync(cancellation);
        foreach (var id in ids)
            feed.Publish(id);
        return ids.Count;
    }
}
