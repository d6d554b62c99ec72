using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Tracking.Tests.Comparisons;

public sealed class RunFiguresTests
{
    [Fact]
    public async Task TargetReached_SecondEpochIsTheFirstAboveIt_CountsBoth()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.FinishAsync("a", secondsPerEpoch: 1.5, accuracies: [0.90, 0.95, 0.99]);
        var run = (await hub.History.FindManyAsync([id]))[0];
        Assert.Equal(new TargetReached(2, 3), TargetReached.Of(run, 0.95));
        Assert.Null(TargetReached.Of(run, 0.995));
    }

    [Fact]
    public async Task SeedGroup_SameSpecOtherSeed_IsOneGroupPerDevice()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var ids = new[]
        {
            await hub.FinishAsync("a", new TrainingSpec { Seed = 1 }, accuracies: 0.9),
            await hub.FinishAsync("b", new TrainingSpec { Seed = 2, BatchSize = 64 }, accuracies: 0.9),
            await hub.FinishAsync("c", new TrainingSpec { Seed = 3 }, accuracies: 0.8),
            await hub.FinishAsync("d", new TrainingSpec { Seed = 4, Device = "cuda" }, new DeviceInfo("cuda", 0, "Test GPU"), accuracies: 0.9),
        };
        var groups = SeedGroup.Of(await hub.History.FindManyAsync(ids));
        Assert.Equal([["a", "c"], ["b"], ["d"]], groups.Select(group => group.Runs.Select(run => run.Name).ToArray()));
        var statistics = groups[0].Measure(run => run.Training!.BestTestAccuracy).Statistics;
        Assert.Equal(2, statistics.Count);
        Assert.Equal(0.85, statistics.Mean, 12);
    }

    [Fact]
    public async Task FinalFigure_OnceAnEpochOrAtEveryStep_IsOfTheEpochOrTheLastEpochsMean()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync(new TrainingSpec { Epochs = 2 });
        await hub.Recorder.StartedAsync(key, PlayedRun.Started());
        for (var epoch = 1; epoch <= 2; epoch++)
        {
            // A lucky step with a loss of nearly nothing.
            hub.Recorder.Progress(key, new TrainingProgress(epoch, epoch * 10, 1, 60_000) { Losses = [0.001f, .. Enumerable.Repeat(2f / epoch, 9)] });
            await hub.Recorder.EpochAsync(key, new EpochFinished(epoch, 1.8 / epoch, 0.5 * epoch, 0.8, 0.5) { Best = epoch == 1 });
        }

        await hub.Recorder.EndAsync(key, Tracking.Trainings.AttemptEnding.Finished, null, 0);
        await hub.Get<MetricWriter>().FlushAsync();
        var run = await hub.ReadAsync(key.Run);
        foreach (var (at, trainLoss, testLoss) in new[] { (Tracking.Trainings.FigureEpoch.Best, 1.8, 0.5),
            (Tracking.Trainings.FigureEpoch.Last, 0.9, 1.0) })
        {
            var figures = (await hub.Get<MetricReader>().SummariesAsync(run.Number)).ToDictionary(series => series.Name,
                series => FinalFigure.Of(series, run, at));
            Assert.Equal((trainLoss, testLoss), (figures[MetricNames.TrainLoss], figures[MetricNames.TestLoss]));
        }
    }
}
