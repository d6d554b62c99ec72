using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>Where the queue ends. Runs that come back to it stand behind everybody, so positions and run numbers go their own ways.</summary>
internal static class QueueEnd
{
    /// <summary>A position behind every run that waits, or that would take its old place again if the hub ended now.</summary>
    public static async Task<long> NextAsync(TrackingDb db, CancellationToken cancellation) =>
        (await db.Trainings.IgnoreQueryFilters()
            .Where(t => t.Run.Status == RunStatus.Queued || t.Run.Status == RunStatus.Running || t.Run.Status == RunStatus.Interrupted)
            .MaxAsync(t => (long?)t.QueuePosition, cancellation) ?? 0) + 1;
}
