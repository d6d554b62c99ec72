using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Tracking.Tests.Search;

public sealed class RunGroupingTests
{
    [Fact]
    public async Task Group_ByAMetric_HasTheIntervalOfTheMean()
    {
        await using var hub = await EmptyHub.CreateAsync();
        foreach (var (seed, accuracy) in new[] { (1, 0.90), (2, 0.92), (3, 0.97) })
            await hub.FinishAsync($"run {seed}", new TrainingSpec { Seed = seed }, accuracies: accuracy);
        var group = await GroupAsync(hub, "at_best(metrics.test_accuracy)");
        Assert.Equal(SampleStatistics.Of([0.90, 0.92, 0.97]).Margin!.Value, group.Margin!.Value, 12);
    }

    [Fact]
    public async Task Group_OneRun_HasNoInterval()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("alone", accuracies: 0.9);
        Assert.Null((await GroupAsync(hub, "at_best(metrics.test_accuracy)")).Margin);
    }

    [Theory]
    [InlineData("params.batchSize", 96, 64, 128)]
    [InlineData("epochs_done", 1, 1, 1)]
    public async Task Group_ByAnyColumnOfNumbers_IsMeasured(string column, double mean, double least, double greatest)
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("small", new TrainingSpec { BatchSize = 64 }, accuracies: 0.9);
        await hub.FinishAsync("large", new TrainingSpec { BatchSize = 128 }, accuracies: 0.9);
        var group = await GroupAsync(hub, column);
        Assert.Equal((mean, least, greatest, null), (group.Mean, group.Min, group.Max, group.Best));
    }

    [Fact]
    public async Task Group_ByAHyperparameterThatIsAText_CountsTheRunsAndMeasuresNone()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("one", accuracies: 0.9);
        var group = await GroupAsync(hub, "params.optimizer.kind");
        Assert.Equal((1, 0, null), (group.Runs, group.Measured, group.Mean));
    }

    [Theory]
    [InlineData("name")]
    [InlineData("created")]
    [InlineData("status")]
    [InlineData("tags.best")]
    [InlineData("duration, epochs_done")]
    public async Task Group_ByWhatIsNoNumber_IsRefused(string column)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var problem = Assert.Single((await hub.Get<RunGrouping>().GroupAsync(new RunQuery(), "dataset", column)).Problems);
        Assert.Equal(("metric", "Name one column of numbers."), (problem.Field, problem.Message));
    }

    private static async Task<RunGroup> GroupAsync(EmptyHub hub, string metric) =>
        Assert.Single((await hub.Get<RunGrouping>().GroupAsync(new RunQuery(), "dataset", metric)).Answer!.Items);
}
