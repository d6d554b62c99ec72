using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

/// <summary>Where the queue ends. Runs that come back to it stand behind everybody, so positions and run numbers go their own ways.</summary>
internal static class QueueEnd
{
    /// <summary>A position behind every run that waits, or that would take its old place again if the hub ended now.</summary>
    public static async Task<long> NextAsync(TrackingDb db, CancellationToken cancellation) =>
        (await db.Runs.IgnoreQueryFilters().Where(r => r.Status == RunStatus.Queued || r.Status == RunStatus.Running || r.Status == RunStatus.Interrupted)
            .MaxAsync(r => (long?)r.QueuePosition, cancellation) ?? 0) + 1;
}
