using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>
/// Whoever gives an experiment a run, or lets one of its runs go on, holds its row first, as whoever deletes it does: so one of the two comes first,
/// and the other sees what it did. It comes before <see cref="Runs.RunGate"/>: two who hold both take them in the same order.
/// </summary>
internal static class ExperimentGate
{
    /// <returns>false where it is deleted by now.</returns>
    public static async Task<bool> HoldExperimentAsync(this TrackingDb db, int experiment, CancellationToken cancellation = default) =>
        await db.Experiments.IgnoreQueryFilters().Where(e => e.Id == experiment && e.DeletedAt == null).ExecuteUpdateAsync(Same, cancellation) > 0;

    /// <returns>false where there is none of that name.</returns>
    public static async Task<bool> HoldExperimentAsync(this TrackingDb db, string nameKey, CancellationToken cancellation = default) =>
        await db.Experiments.IgnoreQueryFilters().Where(e => e.NameKey == nameKey && e.DeletedAt == null).ExecuteUpdateAsync(Same, cancellation) > 0;

    private static void Same(Microsoft.EntityFrameworkCore.Query.UpdateSettersBuilder<Experiment> set) =>
        set.SetProperty(e => e.Version, e => e.Version);
}
