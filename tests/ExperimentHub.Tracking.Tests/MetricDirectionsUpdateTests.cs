using ExperimentHub.Tracking.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ExperimentHub.Tracking.Tests;

/// <summary>The update that keeps with each series what it means: series of before get what a new one gets of which nothing is said.</summary>
public sealed class MetricDirectionsUpdateTests : IDisposable
{
    private const string Before = "20261130075620_Trainings";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"experimenthub-directions-{Guid.NewGuid():N}");

    [Fact]
    public async Task Prepare_SeriesOfTheVersionBefore_MeanWhatTheirNamesLetSuppose()
    {
        string[] names =
        [
            "train_loss", "test_loss", "test_accuracy", "validation_loss", "VALIDATION_Accuracy", "val_loss", "valXloss", "value_loss",
            "Training error", "accuracy_loss", "learning_rate", "latest_score", "reward",
            "inaccuracy", "terror", "test", "Testverlust", "überloss",
        ];
        var before = new Dictionary<string, double?>();
        await using (var hub = await EmptyHub.CreateAsync(existing: _folder))
        {
            await LoggedRun.MakeAsync(hub, metrics: [.. names.Select(name => new LoggedMetric(name, null, 3, 1, 2))]);
            await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
            before = await db.MetricSeries.ToDictionaryAsync(series => series.Name, series => series.Best);
            await db.GetService<IMigrator>().MigrateAsync(Before);
        }

        await using var updated = await EmptyHub.CreateAsync(existing: _folder);
        var after = await updated.Get<MetricReader>().SummariesAsync(1);
        Assert.Equal(names.Order(StringComparer.Ordinal), after.Select(series => series.Name).Order(StringComparer.Ordinal));
        Assert.All(after, series => Assert.Equal((series.Name, MetricMeaning.Supposed(series.Name), before[series.Name]),
            (series.Name, series.Meaning, series.Best)));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }
}
