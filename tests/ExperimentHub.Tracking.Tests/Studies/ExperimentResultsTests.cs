using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Studies;

namespace ExperimentHub.Tracking.Tests.Studies;

public sealed class ExperimentResultsTests
{
    [Fact]
    public async Task UsualMetric_FollowsTheSplitOnceARunHasOne()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var store = hub.Get<ExperimentStore>();
        var spec = new TrainingSpec { Validation = new() };
        var id = (await store.CreateAsync(new ExperimentDraft("tuned", "", spec))).Id!.Value;
        var experiment = (await store.FindAsync(id))!;
        Task<string> UsualAsync() => hub.Get<ExperimentResults>().UsualMetricAsync(experiment);
        Assert.Equal(MetricNames.ValidationAccuracy, await UsualAsync());
        var old = await PlayedRun.StartAsync(hub, waiting: await hub.EnqueueAsync(experiment: "tuned"));
        await old.EpochAsync(1);
        await old.EndAsync();
        await hub.Get<MetricWriter>().FlushAsync();
        Assert.Equal(MetricNames.TestAccuracy, await UsualAsync());
        var split = await PlayedRun.StartAsync(hub, waiting: await hub.EnqueueAsync(spec, "tuned"));
        await hub.Recorder.EpochAsync(split.Key,
            new Protocol.Trainers.EpochFinished(1, 0.2, 0.2, 0.9, 0.5) { Best = true, ValidationAccuracy = 0.9, ValidationLoss = 0.3 });
        await split.EndAsync();
        await hub.Get<MetricWriter>().FlushAsync();
        Assert.Equal(MetricNames.ValidationAccuracy, await UsualAsync());
    }

    /// <summary>Whatever comes nearest to what our own trainings are judged by.</summary>
    [Fact]
    public async Task UsualMetric_OfRunsOfOtherPrograms_IsOneThatCanBeBetterOrWorse()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var first = await LoggedRun.MakeAsync(hub, "a", metrics: [new("gears", null, 1), LoggedMetric.Reward(1)]);
        var experiment = (await hub.ReadAsync(first)).Experiment;
        Task<string> UsualAsync() => hub.Get<ExperimentResults>().UsualMetricAsync(experiment);
        Assert.Equal("reward", await UsualAsync());
        await LoggedRun.MakeAsync(hub, "b", metrics: [new("nll", new(MetricDirection.LowerIsBetter, MetricRole.Loss, MetricSplit.Train), 1),
            LoggedMetric.Reward(1)]);
        Assert.Equal("nll", await UsualAsync());
        await LoggedRun.MakeAsync(hub, "c",
            metrics: [new("nll/dev", new(MetricDirection.LowerIsBetter, MetricRole.Loss, MetricSplit.Validation), 1)]);
        Assert.Equal("nll/dev", await UsualAsync());
        await LoggedRun.MakeAsync(hub, "d", metrics: [new("top1", new(MetricDirection.HigherIsBetter, MetricRole.Accuracy, MetricSplit.Test), 1)]);
        Assert.Equal("top1", await UsualAsync());
    }

    [Theory]
    [InlineData("reward", 9.0, "b")]
    [InlineData("perplexity", 10.0, "a")]
    public async Task Results_OfAMetricThatNobodyForesaw_AreByWhatTheRunsSay(string metric, double best, string name)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var first = await LoggedRun.MakeAsync(hub, "a",
            metrics: [LoggedMetric.Reward(5, 7, 6), LoggedMetric.Perplexity(30, 10, 15), new("gears", null, 1)]);
        await LoggedRun.MakeAsync(hub, "b", profit: 7, metrics: [LoggedMetric.Reward(8, 9, -100), LoggedMetric.Perplexity(20, 900, 25)]);
        var experiment = (await hub.ReadAsync(first)).Experiment;
        var story = await hub.Get<ExperimentResults>().ReadAsync(experiment.Id, metric);
        Assert.Equal((best, name, 2), (story.Best!.Value, story.Best.Run.Name, story.Points.Count));
        Assert.Equal(["perplexity", "reward"], story.Metrics);
        var study = (await hub.Get<StudyGrid>().ReadAsync(experiment, metric, null, null)).Answer!;
        Assert.Equal(story.Said.Agreed, study.Direction);
    }

    [Fact]
    public async Task NewBest_OfAMetricThatNobodyForesaw_IsTold()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await LoggedRun.MakeAsync(hub, "a", metrics: LoggedMetric.Perplexity(30, 10));
        var since = DateTime.UtcNow;
        await LoggedRun.MakeAsync(hub, "b", metrics: LoggedMetric.Perplexity(9, 900));
        var best = Assert.Single((await hub.Get<EndedRuns>().ReadAsync(since, 3)).Bests);
        Assert.Equal(("perplexity", 9.0, 10.0), (best.Metric, best.Value, best.Before));
    }

    [Fact]
    public async Task Results_RunsContradictEachOther_HaveNoBest()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var first = await LoggedRun.MakeAsync(hub, "a", metrics: [LoggedMetric.Reward(5), LoggedMetric.Perplexity(3)]);
        await LoggedRun.MakeAsync(hub, "b", metrics: [new("reward", new(MetricDirection.LowerIsBetter), 1)]);
        var story = await hub.Get<ExperimentResults>().ReadAsync((await hub.ReadAsync(first)).ExperimentId, "reward");
        Assert.Null(story.Best);
        Assert.Empty(story.Points);
        Assert.True(story.Said.Contradict);
        Assert.Equal(["perplexity"], story.Metrics);
    }

    [Fact]
    public async Task Results_OfALoss_TakeTheLeastAndItsFirstStep()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        await run.EpochAsync(2);
        await run.EndAsync();
        await hub.Get<MetricWriter>().FlushAsync();
        var experiment = (await run.ReadAsync()).ExperimentId;

        var accuracy = await hub.Get<ExperimentResults>().ReadAsync(experiment, MetricNames.TestAccuracy);
        var loss = await hub.Get<ExperimentResults>().ReadAsync(experiment, MetricNames.TrainLoss);

        Assert.Equal((0.9, 10L, 1, true), (accuracy.Best!.Value, accuracy.Best.Step, accuracy.Best.Epoch, accuracy.Best.IsSaved));
        // In the middle of the second epoch nothing was saved.
        Assert.Equal((0.25, 11L, 2, false), (loss.Best!.Value, loss.Best.Step, loss.Best.Epoch, loss.Best.IsSaved));
        Assert.Equal([MetricNames.TestAccuracy, MetricNames.TestLoss, MetricNames.TrainLoss], accuracy.Metrics);
    }

    [Fact]
    public async Task Results_OfMoreRunsThanAChartShows_KeepWhatWasBestBefore()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var first = await hub.ReadAsync(await hub.FinishAsync("first", accuracies: 0.99));
        for (var i = 0; i < ExperimentResults.MostPoints; i++)
        {
            var number = (await hub.ReadAsync(await hub.EnqueueAsync(new TrainingSpec { Seed = i + 2 }))).Number;
            hub.Get<MetricWriter>().Append(number, MetricNames.TestAccuracy, [new MetricPoint(1, 0, 0.5)]);
        }

        await hub.Get<MetricWriter>().FlushAsync();

        var story = await hub.Get<ExperimentResults>().ReadAsync(first.ExperimentId, MetricNames.TestAccuracy);

        Assert.Equal((1_000, 1_001, 0.99, first.Id), (story.Points.Count, story.Runs, story.Before, story.Best!.Run.Id));
        Assert.DoesNotContain(story.Points, point => point.Id == first.Id);
    }

    [Fact]
    public async Task Results_LeaveOutArchivedRunsAndOtherExperiments()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var kept = await hub.ReadAsync(await hub.FinishAsync("kept", accuracies: 0.8));
        var archived = await hub.FinishAsync("archived", accuracies: 0.9);
        await hub.Get<RunBulk>().ArchiveAsync(RunTargets.Of([archived]), true);
        await hub.Get<MetricWriter>().FlushAsync();

        Assert.Equal(["kept"], (await hub.Get<ExperimentResults>()
            .ReadAsync(kept.ExperimentId, MetricNames.TestAccuracy)).Points.Select(point => point.Name));
        Assert.Null((await hub.Get<ExperimentResults>().ReadAsync(kept.ExperimentId + 1, MetricNames.TestAccuracy)).Best);
    }
}
