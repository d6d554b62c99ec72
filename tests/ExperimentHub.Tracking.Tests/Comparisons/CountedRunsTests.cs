using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Studies;

namespace ExperimentHub.Tracking.Tests.Comparisons;

/// <summary>Three seeds, each trained twice, are three runs wherever runs are counted together.</summary>
public sealed class CountedRunsTests
{
    private static readonly double[] Accuracies = [0.91, 0.93, 0.95];

    [Fact]
    public async Task SeedGroup_SeedsTrainedTwice_HasTheIntervalOfOnce()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var runs = await hub.History.FindManyAsync(await TwiceAsync(hub));
        var group = Assert.Single(SeedGroup.Of(runs));
        var (statistics, counted) = group.Measure(run => run.Training!.BestTestAccuracy);
        Assert.Equal((3, 3, 0), (statistics.Count, counted.Repeats, counted.Diverged));
        Assert.Equal(SampleStatistics.Of(Accuracies).Margin!.Value, statistics.Margin!.Value, 12);
        Assert.Equal(3, group.Counted.Runs.Count);
    }

    [Fact]
    public async Task Groups_OfTheTable_CountATrainingOnceAndSaySo()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await TwiceAsync(hub);
        await hub.Get<MetricWriter>().FlushAsync(TestContext.Current.CancellationToken);
        var group = Assert.Single((await hub.Get<RunGrouping>()
            .GroupAsync(new RunQuery(), "model", "best(metrics.test_accuracy)", TestContext.Current.CancellationToken)).Answer!.Items);
        Assert.Equal((6L, 3L, 3L), (group.Runs, group.Measured, group.Repeats));
        Assert.Equal(0.02, group.Deviation!.Value, 9);
    }

    [Fact]
    public async Task Trend_OfAnExperiment_HasAPointForEachTraining()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var runs = await TwiceAsync(hub);
        await hub.Get<MetricWriter>().FlushAsync(TestContext.Current.CancellationToken);
        var story = await hub.Get<ExperimentResults>()
            .ReadAsync((await hub.ReadAsync(runs[0])).ExperimentId, MetricNames.TestAccuracy, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(Accuracies, story.Points.Select(point => point.Value).Order());
        Assert.Equal((6, 3), (story.Runs, story.Repeats));
    }

    private static async Task<IReadOnlyList<RunId>> TwiceAsync(EmptyHub hub)
    {
        var runs = new List<RunId>();
        foreach (var (seed, accuracy) in Accuracies.Index().Concat(Accuracies.Index()))
            runs.Add(await hub.FinishAsync($"seed {seed}, {runs.Count}", new TrainingSpec { Seed = seed }, accuracies: accuracy));
        return runs;
    }
}
