using ExperimentHub.Tracking.Deletions;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

public enum DeleteOutcome
{
    NotFound,
    Deleted,

    /// <summary>It is queued or running; stop it first.</summary>
    StillActive,

    /// <summary>Somebody edited it after the version that the deletion began from.</summary>
    Conflict,
}

/// <summary>
/// Deletes runs so that it can be undone: they are hidden everywhere at once, and their rows and files are removed after
/// <see cref="DeletionOptions.KeptFor"/>.
/// </summary>
public sealed class RunDeletion(
    IDbContextFactory<TrackingDb> databases, RunFeed feed, DataFolder folder, IDatabaseSpace space, DeletionOptions deletions, TimeProvider time)
{
    /// <summary>Purged in one transaction. Cascades go through every table, and others want to write in between.</summary>
    private const int PurgedAtOnce = 20;

    /// <param name="begunFrom">The <see cref="Run.Version"/> that the caller saw: a run that was edited since stays. null takes any.</param>
    public async Task<DeleteOutcome> DeleteAsync(RunId id, int? begunFrom = null, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        DateTime? mark = await DeletionMark.NextAsync(db, time.GetUtcNow().UtcDateTime, cancellation);
        var ended = db.Runs.Where(run => run.Id == id && run.Status != RunStatus.Queued && run.Status != RunStatus.Running && (begunFrom == null || run.Version <= begunFrom));
        if (await ended.ExecuteUpdateAsync(set => set.SetProperty(run => run.DeletedAt, mark), cancellation) == 0)
        {
            return await db.Runs.AsNoTracking().FirstOrDefaultAsync(run => run.Id == id, cancellation) is not { } there ? DeleteOutcome.NotFound
                : there.Status.IsActive() ? DeleteOutcome.StillActive : DeleteOutcome.Conflict;
        }

        await transaction.CommitAsync(cancellation);
        feed.Publish(id);
        return DeleteOutcome.Deleted;
    }

    /// <summary>Brings back those of the runs that were deleted and not removed yet.</summary>
    /// <returns>How many.</returns>
    public Task<int> RestoreAsync(IReadOnlyCollection<RunId> ids, CancellationToken cancellation = default) =>
        RestoreAsync(runs => runs.Where(run => ids.Contains(run.Id)), cancellation);

    /// <summary>Brings back the runs that one bulk deletion hid.</summary>
    /// <param name="deletedAt">What <see cref="RunBulk"/> answered as the deletion's mark; digits below the millisecond are not looked at.</param>
    /// <returns>How many; those that were deleted on their own before or after are not among them.</returns>
    public Task<int> RestoreAsync(DateTime deletedAt, CancellationToken cancellation = default) =>
        RestoreAsync(runs => DeletionMark.At(runs, deletedAt), cancellation);

    /// <summary>Removes what was deleted longer than <see cref="DeletionOptions.KeptFor"/> ago: rows, checkpoints and logs.</summary>
    /// <returns>The bytes that were freed in files.</returns>
    public Task<long> PurgeAsync(CancellationToken cancellation = default)
    {
        var before = time.GetUtcNow().UtcDateTime - deletions.KeptFor;
        return PurgeAsync(runs => runs.Where(run => run.DeletedAt < before), cancellation);
    }

    /// <summary>Removes deleted runs without waiting any longer. Those that were brought back meanwhile stay.</summary>
    /// <returns>The bytes that were freed in files.</returns>
    public Task<long> PurgeAsync(IReadOnlyCollection<RunId> ids, CancellationToken cancellation = default) =>
        PurgeAsync(runs => runs.Where(run => ids.Contains(run.Id)), cancellation);

    private async Task<long> PurgeAsync(Func<IQueryable<Run>, IQueryable<Run>> which, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var (freed, removed) = (0L, 0);
        while (true)
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var gone = await which(db.Runs.IgnoreQueryFilters()).Where(run => run.DeletedAt != null).OrderBy(run => run.Number).Take(PurgedAtOnce).Select(run => run.Id).ToListAsync(cancellation);
            if (gone.Count == 0)
                break;
            await db.Runs.IgnoreQueryFilters().Where(run => gone.Contains(run.Id) && run.DeletedAt != null).ExecuteDeleteAsync(cancellation);
            await transaction.CommitAsync(cancellation);
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
