using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Datasets;

/// <summary>Whoever removes one of the hub's own data sets, or pins a file of it, holds its row first: so one of the two comes first.</summary>
internal static class DatasetGate
{
    /// <returns>false where it was deleted.</returns>
    public static Task<bool> HoldDatasetAsync(this TrackingDb db, string key, CancellationToken cancellation) =>
        db.OwnDatasets.Where(dataset => dataset.Key == key).HoldAsync(cancellation);

    /// <returns>false where none of them is there.</returns>
    public static async Task<bool> HoldAsync(this IQueryable<OwnDataset> datasets, CancellationToken cancellation) =>
        // A column without an index, which gets what it has.
        await datasets.ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.Name, dataset => dataset.Name), cancellation) > 0;
}
