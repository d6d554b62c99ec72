using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Checkpoints;

/// <summary>What a policy takes away.</summary>
/// <param name="Bytes">Of both files of each.</param>
public sealed record CheckpointRemoval(IReadOnlyList<int> Epochs, long Bytes);

public enum PolicyOutcome
{
    NotFound,

    /// <summary>This hub does not train it, so no policy removes anything of it.</summary>
    NoTraining,
    Changed,

    /// <summary>Somebody changed the policy after the version that the change began from; nothing was written.</summary>
    Conflict,

    /// <summary>It would take away something else than was agreed to; nothing was written.</summary>
    OtherRemoval,
}

/// <summary>What became of another policy for a run's checkpoints.</summary>
/// <param name="Removal">What was taken away, or would be.</param>
public sealed record PolicyResult(PolicyOutcome Outcome, CheckpointRemoval? Removal = null);

/// <summary>
/// Removes checkpoints that a run's policy does not keep, and files that no row knows. Rows go first: a kill in between leaves files that are owed
/// (<see cref="ArtifactDebts"/>), never a row without its files. What somebody has pinned stays.
/// </summary>
public sealed class CheckpointKeeper(
    IDbContextFactory<TrackingDb> databases, RunFeed feed, ArtifactStore store, ArtifactDebts debts, ILogger<CheckpointKeeper> logger)
{
    /// <summary>What a policy would remove from a run now; null where there is no such run.</summary>
    public async Task<CheckpointRemoval?> PreviewAsync(RunId id, CheckpointPolicy? policy, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Runs.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, cancellation) is not { } run)
            return null;
        return RemovalOf(run.Training is { } training ? await SuperfluousAsync(db, training, policy) : []);
    }

    /// <summary>Gives a run another policy and applies it at once. What it takes away is gone for good.</summary>
    /// <param name="agreed">What the person agreed to lose. Where it has become something else meanwhile, nothing is done; null agrees to
    /// anything.</param>
    /// <param name="begunFrom">The run's <see cref="Run.Version"/> that the change began from: a newer policy is not written over. null writes over
    /// any.</param>
    public async Task<PolicyResult> ChangeAsync(
        RunId id, CheckpointPolicy? policy, CheckpointRemoval? agreed = null, int? begunFrom = null, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var changed = await db.Runs.Where(r => r.Id == id
            && db.Trainings.Any(t => t.RunNumber == r.Number && (begunFrom == null || t.PolicyVersion <= begunFrom)))
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.Version, r => r.Version + 1), cancellation);
        if (await db.Runs.FirstOrDefaultAsync(r => r.Id == id, cancellation) is not { } run)
            return new PolicyResult(PolicyOutcome.NotFound);
        if (run.Training is not { } training)
            return new PolicyResult(PolicyOutcome.NoTraining);
        if (changed == 0)
            return new PolicyResult(PolicyOutcome.Conflict);
        (training.Spec, training.PolicyVersion) = (training.Spec with { Checkpoints = policy }, run.Version);
        await SpecParams.ReplaceAsync(db, training, cancellation);
        var superfluous = await SuperfluousAsync(db, training, policy);
        var removal = RemovalOf(superfluous);
        if (agreed is not null && !(agreed.Bytes == removal.Bytes && agreed.Epochs.SequenceEqual(removal.Epochs)))
            return new PolicyResult(PolicyOutcome.OtherRemoval, removal);
        var gone = await TakeAsync(db, superfluous, [], []);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        await debts.PayAsync(gone);
        feed.Publish(id, RunSignal.Texts | RunSignal.Files);
        return new PolicyResult(PolicyOutcome.Changed, removal);
    }

    /// <summary>Removes every file among a run's checkpoints that no row knows. Nothing may be arriving there.</summary>
    public async Task SweepAsync(RunId id)
    {
        await using var db = await databases.CreateDbContextAsync();
        // A hidden run, whose experiment was deleted a moment ago, still counts: it may come back.
        var number = await db.Runs.IgnoreQueryFilters().Where(r => r.Id == id).Select(r => (long?)r.Number).FirstOrDefaultAsync();
        if (number is null)
            return;
        var there = new HashSet<ArtifactKey>();
        await foreach (var stored in store.ListAsync(ArtifactKey.CheckpointsOf(id)))
            there.Add(stored.Key);
        if (there.Count == 0)
            return;
        await RemoveUnknownAsync(db, id, number.Value, there);
    }

    /// <summary>Removes files that were taken in for an attempt, and of which no row came to speak.</summary>
    internal async Task ForgetAsync(AttemptKey key, IEnumerable<ArtifactKey> taken)
    {
        await using var db = await databases.CreateDbContextAsync();
        await RemoveUnknownAsync(db, key.Run, key.RunNumber, [.. taken]);
    }

    private async Task RemoveUnknownAsync(TrackingDb db, RunId id, long number, HashSet<ArtifactKey> there)
    {
        there.ExceptWith(await db.Artifacts.Where(artifact => artifact.RunNumber == number).Select(artifact => artifact.Key).ToListAsync());
        if (there.Count == 0)
            return;
        logger.LogInformation("Run {Run}: removing {Count} files that no checkpoint knows", id, there.Count);
        // A run that has ended is not swept again: what the disk refuses now is owed.
        await debts.OweAsync(db, there);
        await db.SaveChangesAsync();
        await debts.PayAsync(there);
        feed.Publish(id, RunSignal.Files);
    }

    /// <summary>Removes the rows that the run's own policy does not keep, in the caller's transaction.</summary>
    /// <returns>The keys of their files, which are owed once it is committed.</returns>
    internal async Task<IReadOnlyList<ArtifactKey>> TakeSuperfluousAsync(TrackingDb db, Training training)
    {
        var checkpoints = await SuperfluousAsync(db, training, training.Spec.Checkpoints);
        var newest = await db.Checkpoints.Where(c => c.RunNumber == training.RunNumber && c.StateId != null).MaxAsync(c => (int?)c.Epoch);
        // A checkpoint after it makes a pause point useless.
        var points = await db.PausePoints.Where(p => p.RunNumber == training.RunNumber && p.Epoch < newest).ToListAsync();
        return await TakeAsync(db, checkpoints, points, []);
    }

    /// <summary>
    /// Removes rows with those of their files, in the caller's transaction, which holds the run. What somebody has pinned keeps the row of its file.
    /// </summary>
    /// <param name="but">Keys that the caller gives a row again in the same transaction.</param>
    /// <returns>The keys of their files, which are owed once it is committed.</returns>
    internal async Task<IReadOnlyList<ArtifactKey>> TakeAsync(TrackingDb db, IReadOnlyCollection<Checkpoint> checkpoints,
        IReadOnlyCollection<PausePoint> points, IEnumerable<ArtifactKey> but)
    {
        db.Checkpoints.RemoveRange(checkpoints);
        db.PausePoints.RemoveRange(points);
        var gone = await db.RemoveAsync([.. checkpoints.SelectMany(c => c.Files()), .. points.SelectMany(p => p.Files())]);
        gone = [.. gone.Except(but)];
        await debts.OweAsync(db, gone);
        return gone;
    }

    private static async Task<IReadOnlyList<Checkpoint>> SuperfluousAsync(TrackingDb db, Training training, CheckpointPolicy? policy)
    {
        if (policy is null)
            return [];
        var all = await db.Checkpoints.IgnoreAutoIncludes().AsNoTracking().Where(c => c.RunNumber == training.RunNumber)
            .OrderBy(c => c.Epoch).Select(c => new { c.Epoch, CanBeResumed = c.StateId != null }).ToListAsync();
        // A fork that has no checkpoint of its own yet still needs its parent's.
        var forked = await db.Trainings.Where(t => t.ForkedFrom == training.Run.Id && t.Run.Checkpoints.Count == 0
                && t.Run.Status != RunStatus.Finished && t.Run.Status != RunStatus.Stopped && t.Run.Status != RunStatus.Failed)
            .Select(t => t.ForkedAfterEpoch).ToListAsync();
        // What the run goes on from, also where a newer file cannot be gone on from.
        var resumable = all.FindLast(c => c.CanBeResumed)?.Epoch;
        var newest = all.Count - Math.Max(1, policy.Last ?? 1);
        var epochs = all.Where((c, i) => !Keeps(policy, training.BestEpoch, c.Epoch) && i < newest && c.Epoch != resumable
            && !forked.Contains(c.Epoch)).Select(c => c.Epoch).ToList();
        if (epochs.Count == 0)
            return [];
        var superfluous = await db.Checkpoints.Where(c => c.RunNumber == training.RunNumber && epochs.Contains(c.Epoch)).OrderBy(c => c.Epoch)
            .ToListAsync();
        var pinned = await db.PinnedAsync([.. superfluous.SelectMany(c => c.Files()).Select(file => file.Id)]);
        return [.. superfluous.Where(c => !c.Files().Any(file => pinned.Contains(file.Id)))];
    }

    private static bool Keeps(CheckpointPolicy policy, int? best, int epoch) =>
        (policy.Every > 0 && epoch % policy.Every == 0) || (policy.Best && epoch == best);

    private static CheckpointRemoval RemovalOf(IReadOnlyList<Checkpoint> checkpoints) =>
        new([.. checkpoints.Select(c => c.Epoch)], checkpoints.Sum(c => c.Bytes));
}
