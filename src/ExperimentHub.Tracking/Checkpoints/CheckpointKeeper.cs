using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
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
/// Removes checkpoints that a run's policy does not keep, and files that no row knows. Rows go first: a crash in between leaves files without a row,
/// which the next sweep removes, never a row without its files.
/// </summary>
public sealed class CheckpointKeeper(IDbContextFactory<TrackingDb> databases, RunFeed feed, CheckpointFiles files, ILogger<CheckpointKeeper> logger)
{
    /// <summary>What a policy would remove from a run now; null where there is no such run.</summary>
    public async Task<CheckpointRemoval?> PreviewAsync(RunId id, CheckpointPolicy? policy, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Runs.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, cancellation) is not { } run)
            return null;
        return run.Training is { } training ? RemovalOf(await SuperfluousAsync(db, training, policy)) : RemovalOf([]);
    }

    /// <summary>Gives a run another policy and applies it at once. What it takes away is gone for good.</summary>
    /// <param name="agreed">What the person agreed to lose. Where it has become something else meanwhile, nothing is done; null agrees to anything.</param>
    /// <param name="begunFrom">The run's <see cref="Run.Version"/> that the change began from: a newer policy is not written over. null writes over any.</param>
    public async Task<PolicyResult> ChangeAsync(
        RunId id, CheckpointPolicy? policy, CheckpointRemoval? agreed = null, int? begunFrom = null, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var changed = await db.Runs.Where(r => r.Id == id && db.Trainings.Any(t => t.RunNumber == r.Number && (begunFrom == null || t.PolicyVersion <= begunFrom)))
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
        db.Checkpoints.RemoveRange(superfluous);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        Delete(id, [.. superfluous.SelectMany(FilesOf)]);
        feed.Publish(id, RunSignal.Texts | RunSignal.Files);
        return new PolicyResult(PolicyOutcome.Changed, removal);
    }

    /// <summary>Removes every file of a run's checkpoint folder that no row knows. Nobody may be writing there.</summary>
    public async Task SweepAsync(RunId id)
    {
        await using var db = await databases.CreateDbContextAsync();
        // A hidden run, whose experiment was deleted a moment ago, still counts: it may come back.
        var number = await db.Runs.IgnoreQueryFilters().Where(r => r.Id == id).Select(r => (long?)r.Number).FirstOrDefaultAsync();
        if (number is null)
            return;
        var known = (await db.Checkpoints.Where(c => c.RunNumber == number).ToListAsync()).SelectMany(FilesOf)
            .Concat((await db.PausePoints.Where(p => p.RunNumber == number).ToListAsync()).SelectMany(p => new[] { p.FileName, p.StateFileName }));
        var strays = files.In(id).Except(known).ToList();
        if (strays.Count > 0)
            logger.LogInformation("Run {Run}: removing {Count} files that no checkpoint knows", id, strays.Count);
        Delete(id, strays);
        if (strays.Count > 0)
            feed.Publish(id, RunSignal.Files);
    }

    /// <summary>Removes the rows that the run's own policy does not keep, in the caller's transaction.</summary>
    /// <returns>The names of their files, to be deleted once it is committed.</returns>
    internal static async Task<IReadOnlyList<string>> TakeSuperfluousAsync(TrackingDb db, Training training)
    {
        var checkpoints = await SuperfluousAsync(db, training, training.Spec.Checkpoints);
        db.Checkpoints.RemoveRange(checkpoints);
        var newest = await db.Checkpoints.Where(c => c.RunNumber == training.RunNumber && c.StateFileName != null).MaxAsync(c => (int?)c.Epoch);
        // A checkpoint after it makes a pause point useless.
        var points = await db.PausePoints.Where(p => p.RunNumber == training.RunNumber && p.Epoch < newest).ToListAsync();
        db.PausePoints.RemoveRange(points);
        return [.. checkpoints.SelectMany(FilesOf), .. points.SelectMany(p => new[] { p.FileName, p.StateFileName })];
    }

    internal void Delete(RunId run, IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            try
            {
                files.Delete(run, name);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It takes room and harms nobody; the next sweep tries again.
                logger.LogWarning(e, "Run {Run}: {File} could not be deleted", run, name);
            }
        }
    }

    private static async Task<IReadOnlyList<Checkpoint>> SuperfluousAsync(TrackingDb db, Training training, CheckpointPolicy? policy)
    {
        if (policy is null)
            return [];
        var all = await db.Checkpoints.Where(c => c.RunNumber == training.RunNumber).OrderBy(c => c.Epoch).ToListAsync();
        // A fork that has no checkpoint of its own yet still needs its parent's.
        var forked = await db.Trainings.Where(t => t.ForkedFrom == training.Run.Id && t.Run.Checkpoints.Count == 0
                && t.Run.Status != RunStatus.Finished && t.Run.Status != RunStatus.Stopped && t.Run.Status != RunStatus.Failed)
            .Select(t => t.ForkedAfterEpoch).ToListAsync();
        // What the run goes on from, also where a newer file cannot be gone on from.
        var resumable = all.FindLast(c => c.StateFileName is not null);
        var newest = all.Count - Math.Max(1, policy.Last ?? 1);
        return [.. all.Where((c, i) => !Keeps(policy, training.BestEpoch, c) && i < newest && c != resumable && !forked.Contains(c.Epoch))];
    }

    private static bool Keeps(CheckpointPolicy policy, int? best, Checkpoint one) => (policy.Every > 0 && one.Epoch % policy.Every == 0) || (policy.Best && one.Epoch == best);

    private static CheckpointRemoval RemovalOf(IReadOnlyList<Checkpoint> checkpoints) =>
        new([.. checkpoints.Select(c => c.Epoch)], checkpoints.Sum(c => c.Bytes));

    private static IEnumerable<string> FilesOf(Checkpoint checkpoint) =>
        checkpoint.StateFileName is { } state ? [checkpoint.FileName, state] : [checkpoint.FileName];
}
