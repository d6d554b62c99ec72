using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

/// <summary>
/// The row of a run is the gate of all its moves: each begins with one of these conditional writes, and who has passed holds the run until the
/// transaction is over. The conditions name columns of that row and nothing else, because a database that was kept waiting looks only at those again.
/// So they go past the filter of deleted runs, which asks the experiment's row.
/// </summary>
internal static class RunGate
{
    /// <summary>Moves a run from one state to another, which <see cref="RunStatusMoves"/> must allow.</summary>
    /// <returns>false where it is no longer in that state; nothing was written.</returns>
    public static async Task<bool> MoveAsync(
        this TrackingDb db, long run, RunStatus from, RunStatus to, DateTime now, string? error = null, CancellationToken cancellation = default)
    {
        if (!from.CanMoveTo(to))
            throw new InvalidOperationException($"A run that is {from.Word()} cannot become {to.Word()}.");
        DateTime? ended = to.IsActive() || to == RunStatus.Paused ? null : now;
        var moved = await In(db, run, from).ExecuteUpdateAsync(set =>
        {
            set.SetProperty(r => r.Status, to).SetProperty(r => r.Error, error).SetProperty(r => r.EndedAt, ended);
            if (to == RunStatus.Running)
                set.SetProperty(r => r.StartedAt, r => r.StartedAt ?? now);
        }, cancellation);
        if (moved == 0)
            return false;
        // Whether it diverged is judged by how it ends, which is still to come or has just changed.
        await db.Trainings.Where(t => t.RunNumber == run && t.Diverged != null)
            .ExecuteUpdateAsync(set => set.SetProperty(t => t.Diverged, (bool?)null).SetProperty(t => t.DivergedBecause, (string?)null),
                cancellation);
        return true;
    }

    /// <summary>Holds a run in the state that it has.</summary>
    /// <returns>false where it has another by now.</returns>
    public static async Task<bool> HoldAsync(this TrackingDb db, long run, RunStatus status, CancellationToken cancellation = default) =>
        // A column without an index, which gets what it has.
        await In(db, run, status).ExecuteUpdateAsync(set => set.SetProperty(r => r.Version, r => r.Version), cancellation) > 0;

    /// <summary>Hides those of the runs that are not active and not hidden yet.</summary>
    /// <param name="which">By columns of their own.</param>
    /// <returns>How many.</returns>
    public static Task<int> HideAsync(this TrackingDb db, Func<IQueryable<Run>, IQueryable<Run>> which, DateTime? mark,
        CancellationToken cancellation) =>
        which(db.Runs.IgnoreQueryFilters()).Where(r => r.DeletedAt == null && r.Status != RunStatus.Queued && r.Status != RunStatus.Running)
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.DeletedAt, mark), cancellation);

    private static IQueryable<Run> In(TrackingDb db, long run, RunStatus status) =>
        db.Runs.IgnoreQueryFilters().Where(r => r.Number == run && r.Status == status && r.DeletedAt == null);
}
