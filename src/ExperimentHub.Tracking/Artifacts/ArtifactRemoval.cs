using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Artifacts;

/// <summary>The one way in which rows of artifacts go while their owner stays: none that somebody has pinned.</summary>
internal static class ArtifactRemoval
{
    /// <summary>Removes rows in the caller's transaction, which holds their owner and has removed whatever else speaks of them.</summary>
    /// <returns>The keys of those that are not pinned: their bytes are to be deleted once it is committed.</returns>
    public static async Task<IReadOnlyList<ArtifactKey>> RemoveAsync(this TrackingDb db, IReadOnlyCollection<Artifact> artifacts)
    {
        if (artifacts.Count == 0)
            return [];
        var pinned = await db.PinnedAsync([.. artifacts.Select(artifact => artifact.Id)]);
        var gone = artifacts.Where(artifact => !pinned.Contains(artifact.Id)).ToList();
        db.Artifacts.RemoveRange(gone);
        return [.. gone.Select(artifact => artifact.Key)];
    }

    /// <returns>Which of the artifacts somebody has pinned.</returns>
    public static async Task<HashSet<long>> PinnedAsync(this TrackingDb db, IReadOnlyCollection<long> artifacts) =>
        [.. await db.ArtifactPins.Where(pin => artifacts.Contains(pin.ArtifactId)).Select(pin => pin.ArtifactId).Distinct().ToListAsync()];
}
