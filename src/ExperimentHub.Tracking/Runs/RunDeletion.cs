using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Moves;
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
/// <see cref="DeletionOptions.KeptFor"/>. A run with a file that somebody has pinned stays hidden until nobody needs it.
/// </summary>
public sealed class RunDeletion(
    IDbContextFactory<TrackingDb> databases, RunFeed feed, RunPurge purge, IDatabaseSpace space, DeletionOptions deletions, TimeProvider time)
{
    /// <param name="begunFrom">The <see cref="Run.Version"/> that the caller saw: a run that was edited since stays. null takes any.</param>
    public async Task<DeleteOutcome> DeleteAsync(RunId id, int? begunFrom = null, CancellationToken cancellation = default)
    {
        var outcome = await databases.DecideAsync<DeleteOutcome>(async db =>
        {
            var mark = await DeletionMark.NextAsync(db, time.GetUtcNow().UtcDateTime, cancellation);
            if (await db.HideAsync(runs => runs.Where(run => run.Id == id && (begunFrom == null || run.Version <= begunFrom)), mark,
                cancellation) > 0)
                return DeleteOutcome.Deleted;
            var there = await db.Runs.AsNoTracking().IgnoreAutoIncludes().Where(run => run.Id == id)
                .Select(run => new { run.Status, run.Version }).FirstOrDefaultAsync(cancellation);
            return there is null ? DeleteOutcome.NotFound
                : there.Status.IsActive() ? DeleteOutcome.StillActive
                : there.Version > begunFrom ? DeleteOutcome.Conflict
                : Decision<DeleteOutcome>.Overtaken;
        }, cancellation);
        if (outcome == DeleteOutcome.Deleted)
            feed.Publish(id, RunSignal.Existence);
        return outcome;
    }

    /// <summary>Brings back those of the runs that were deleted and not removed yet.</summary>
    /// <returns>How many.</returns>
    public Task<int> RestoreAsync(IReadOnlyCollection<RunId> ids, CancellationToken cancellation = default) =>
        RestoreAsync(runs => runs.Where(run => ids.Contains(run.Id)), cancellation);

    /// <summary>Brings back the runs that one bulk deletion hid.</summary>
    /// <param name="deletedAt">What a bulk deletion answered as its mark; digits below the millisecond are not looked at.</param>
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
        // A run is hidden before it is removed, and what is hidden gets no pin any more: what has none here has none below.
        var (freed, removed) = await purge.PurgeAsync(
            db, runs => which(runs).Where(run => run.DeletedAt != null && !run.Artifacts.Any(artifact => artifact.Pins.Count > 0)), cancellation);
        if (removed > 0)
            await space.GiveBackAsync(cancellation);
        return freed;
    }

    private async Task<int> RestoreAsync(Func<IQueryable<Run>, IQueryable<Run>> which, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var hidden = which(db.Runs.IgnoreQueryFilters()).Where(run => run.DeletedAt != null);
        var ids = await hidden.Select(run => run.Id).ToListAsync(cancellation);
        var restored = await hidden.ExecuteUpdateAsync(set => set.SetProperty(run => run.DeletedAt, (DateTime?)null), cancellation);
        // Those that somebody else brought back or removed in between hear of it once more.
        foreach (var id in ids)
            feed.Publish(id, RunSignal.Existence);
        return restored;
    }
}
