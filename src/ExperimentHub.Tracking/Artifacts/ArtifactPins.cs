using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Moves;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Artifacts;

/// <summary>
/// Keeps artifacts for whoever needs them. A pin comes only while its run or its data set is there: it passes the gates of the experiment and of the
/// run, so that whatever was hidden to be removed gets no pin any more, and whoever removes has to ask once.
/// </summary>
public sealed class ArtifactPins(IDbContextFactory<TrackingDb> databases, TimeProvider time)
{
    /// <param name="holder">Who needs it; the same one pins once.</param>
    /// <returns>false where the artifact, or what it belongs to, is gone or was deleted.</returns>
    public async Task<bool> PinAsync(long artifact, string holder, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        // An owner never changes, so that it can be read before its row is held.
        var owner = await db.Runs.IgnoreQueryFilters().Where(run => run.Artifacts.Any(a => a.Id == artifact))
            .Select(run => new { run.Number, run.ExperimentId }).FirstOrDefaultAsync(cancellation);
        var dataset = owner is not null ? null
            : await db.Artifacts.Where(a => a.Id == artifact).Select(a => a.DatasetKey).FirstOrDefaultAsync(cancellation);
        return (owner is not null || dataset is not null) && await db.TogetherAsync(async () =>
        {
            var held = owner is not null ? await HoldAsync(db, owner.ExperimentId, owner.Number, cancellation)
                : await db.HoldDatasetAsync(dataset!, cancellation);
            if (!held || !await db.Artifacts.AnyAsync(a => a.Id == artifact, cancellation))
                return false;
            if (!await db.ArtifactPins.AnyAsync(pin => pin.ArtifactId == artifact && pin.Holder == holder, cancellation))
                db.ArtifactPins.Add(new ArtifactPin { ArtifactId = artifact, Holder = holder, PinnedAt = time.GetUtcNow().UtcDateTime });
            return true;
        }, cancellation);
    }

    /// <returns>false where the holder had not pinned it.</returns>
    public async Task<bool> ReleaseAsync(long artifact, string holder, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.ArtifactPins.Where(pin => pin.ArtifactId == artifact && pin.Holder == holder).ExecuteDeleteAsync(cancellation) > 0;
    }

    /// <summary>Passes the gates of both in the caller's transaction: columns without an index get what they have.</summary>
    private static async Task<bool> HoldAsync(TrackingDb db, int experiment, long run, CancellationToken cancellation) =>
        await db.Experiments.IgnoreQueryFilters().Where(e => e.Id == experiment && e.DeletedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.Version, e => e.Version), cancellation) > 0
        && await db.Runs.IgnoreQueryFilters().IgnoreAutoIncludes().Where(r => r.Number == run && r.DeletedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.Version, r => r.Version), cancellation) > 0;
}
