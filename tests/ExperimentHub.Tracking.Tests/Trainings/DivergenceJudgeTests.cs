using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Studies;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Trainings;

public sealed class DivergenceJudgeTests
{
    [Theory]
    [InlineData(AttemptEnding.Finished)]
    [InlineData(AttemptEnding.Stopped)]
    public async Task Run_ThatEndsWhereGuessingIs_IsMarkedAtOnce(AttemptEnding ending)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await hub.ReadAsync(await DivergedRun.MakeAsync(hub, ending: ending));
        Assert.True(run.Training!.Diverged);
        Assert.NotNull(run.Training!.DivergedBecause);
    }

    [Fact]
    public async Task Run_ThatWasPausedAndIsStoppedThen_IsMarked()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await DivergedRun.MakeAsync(hub, ending: AttemptEnding.Paused);
        Assert.Null((await hub.ReadAsync(id)).Training!.Diverged);
        await hub.Queue.RequestStopAsync(id, TestContext.Current.CancellationToken);
        Assert.True((await hub.ReadAsync(id)).Training!.Diverged);
    }

    [Fact]
    public async Task Run_ThatGoesOn_IsJudgedAnewByHowItEnds()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await DivergedRun.MakeAsync(hub);
        await hub.Control.TrainOnAsync(id, 1, cancellation: TestContext.Current.CancellationToken);
        Assert.Null((await hub.ReadAsync(id)).Training!.Diverged);
        var run = await PlayedRun.StartAsync(hub, waiting: id, resume: new ResumePoint(1, "file", "state"));
        await hub.Recorder.EpochAsync(run.Key, new EpochFinished(2, 0.1, 0.1, 0.97, 0.5) { Best = true });
        await run.EndAsync();
        Assert.False((await hub.ReadAsync(id)).Training!.Diverged);
    }

    [Fact]
    public async Task RunsThatNobodyJudged_AreJudgedLater()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var diverged = await DivergedRun.MakeAsync(hub);
        var sound = await DivergedRun.SoundAsync(hub, new TrainingSpec { Seed = 5 }, 0.9);
        await using (var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync(TestContext.Current.CancellationToken))
            await db.Database.ExecuteSqlAsync($"""UPDATE "Trainings" SET "Diverged" = NULL, "DivergedBecause" = NULL""",
                TestContext.Current.CancellationToken);

        Assert.Equal(2, await hub.Get<DivergenceJudge>().JudgeAllAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await hub.Get<DivergenceJudge>().JudgeAllAsync(TestContext.Current.CancellationToken));

        Assert.Equal((true, false), ((await hub.ReadAsync(diverged)).Training!.Diverged, (await hub.ReadAsync(sound)).Training!.Diverged));
    }

    [Fact]
    public async Task Diverged_IsFoundByTheFilterAndKeptOutOfBestGroupsAndTrendUnlessAskedFor()
    {
        await using var hub = await EmptyHub.CreateAsync();
        // It knew better than the sound one before it forgot everything.
        var diverged = await DivergedRun.MakeAsync(hub, before: 0.99);
        var sound = await hub.ReadAsync(await DivergedRun.SoundAsync(hub, new TrainingSpec { Seed = 5 }, 0.9));
        await hub.Get<MetricWriter>().FlushAsync(TestContext.Current.CancellationToken);

        async Task<IEnumerable<RunId>> FoundAsync(string filter) =>
            (await hub.Get<RunSearch>().ListAsync(new RunQuery(filter), "diverged", 10, null,
                TestContext.Current.CancellationToken)).Answer!.Items.Select(row => row.Run.Id);
        Assert.Equal([diverged], await FoundAsync("diverged = true"));
        Assert.Equal([sound.Id], await FoundAsync("diverged = false"));
        var cells = (await hub.Get<RunSearch>().ListAsync(new RunQuery(OrderBy: "created asc"), "diverged", 10, null,
            TestContext.Current.CancellationToken)).Answer!.Items.Select(row => row.Cells[0]);
        Assert.Equal([true, false], cells);

        async Task<RunGroup> GroupAsync(string filter) => Assert.Single((await hub.Get<RunGrouping>().GroupAsync(
            new RunQuery(filter), "model", "best(metrics.test_accuracy)", TestContext.Current.CancellationToken)).Answer!.Items);
        var group = await GroupAsync("");
        Assert.Equal((2L, 1L, 1L, 0.9), (group.Runs, group.Measured, group.Diverged, group.Best));
        Assert.Equal((2L, 0L, 0.99),
            ((await GroupAsync("diverged = true or diverged = false")) is var all ? (all.Measured, all.Diverged, all.Best!.Value) : default));

        var results = hub.Get<ExperimentResults>();
        var story = await results.ReadAsync(sound.ExperimentId, MetricNames.TestAccuracy, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((sound.Id, 1, 1), (story.Best!.Run.Id, story.Points.Count, story.Diverged));
        var asked = await results.ReadAsync(sound.ExperimentId, MetricNames.TestAccuracy, withDiverged: true, TestContext.Current.CancellationToken);
        Assert.Equal((diverged, 2, 0), (asked.Best!.Run.Id, asked.Points.Count, asked.Diverged));
        Assert.Equal(0.9, Assert.Single(await hub.Get<ExperimentStore>()
            .ListAsync(cancellation: TestContext.Current.CancellationToken)).BestTestAccuracy);

        var runs = await hub.History.FindManyAsync([diverged, sound.Id], TestContext.Current.CancellationToken);
        Assert.Equal((1, 1), Assert.Single(SeedGroup.Of(runs)).Counted is var counted ? (counted.Runs.Count, counted.Diverged) : default);
        Assert.Equal((2, 0), Assert.Single(SeedGroup.Of(runs, withDiverged: true)).Counted is var more ? (more.Runs.Count, more.Diverged) : default);
    }
}
