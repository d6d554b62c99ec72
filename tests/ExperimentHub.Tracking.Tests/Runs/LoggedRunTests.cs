using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Studies;
using ExperimentHub.Tracking.Tests.ExperimentFiles;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Runs;

/// <summary>A run without a training is a run everywhere, and no training anywhere.</summary>
public sealed class LoggedRunTests
{
    [Fact]
    public async Task Control_OfARunWithoutATraining_IsRefusedByName()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await LoggedRun.MakeAsync(hub, status: RunStatus.Running);
        Assert.Equal(StopOutcome.NoTraining, await hub.Queue.RequestStopAsync(id));
        Assert.Equal(PauseOutcome.NoTraining, await hub.Control.PauseAsync(id));
        Assert.Equal(ResumeOutcome.NoTraining, await hub.Control.ResumeAsync(id));
        Assert.Equal(TrainOnResult.NoTraining, await hub.Control.TrainOnAsync(id, 1));
        Assert.Contains("did not train", Assert.Single((await hub.Control.ReproduceAsync(id)).Problems).Message, StringComparison.Ordinal);
        Assert.Equal(PolicyOutcome.NoTraining, (await hub.Get<CheckpointKeeper>().ChangeAsync(id, null)).Outcome);
        Assert.Equal((0, 1), (await hub.Get<RunBulk>().StopAsync(RunTargets.Of([id]))).Answer is { } bulk ? (bulk.Changed, bulk.Skipped) : default);
        Assert.Equal(RunStatus.Running, (await hub.ReadAsync(id)).Status);
    }

    [Theory]
    [InlineData(RunStatus.Running)]
    [InlineData(RunStatus.Queued)]
    public async Task MarkAsEnded_ARunThatOnlyItsProgramCouldEnd_StopsItAndLetsItBeDeleted(RunStatus status)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await LoggedRun.MakeAsync(hub, status: status);
        var logged = hub.Get<LoggedRuns>();
        Assert.Equal(DeleteOutcome.StillActive, await hub.Get<RunDeletion>().DeleteAsync(id));
        Assert.Equal(MarkOutcome.Ended, await logged.EndAsync(id));
        var run = await hub.ReadAsync(id);
        Assert.Equal((RunStatus.Stopped, LoggedRuns.Reason, true), (run.Status, run.Error, run.EndedAt is not null));
        Assert.Equal(MarkOutcome.AlreadyEnded, await logged.EndAsync(id));
        // Its program knows nothing of it.
        await hub.Get<MetricWriter>().AppendAsync(run.Number, "profit", new[] { new MetricPoint(4, 4, 50) });
        await hub.Get<MetricWriter>().FlushAsync();
        Assert.Equal(4, (await hub.Get<MetricReader>().SummariesAsync(run.Number)).Single(series => series.Name == "profit").Count);
        Assert.Equal(DeleteOutcome.Deleted, await hub.Get<RunDeletion>().DeleteAsync(id));
        Assert.Equal(MarkOutcome.NotFound, await logged.EndAsync(id));
    }

    [Fact]
    public async Task MarkAsEnded_ATraining_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.EnqueueAsync();
        Assert.Equal(MarkOutcome.IsTraining, await hub.Get<LoggedRuns>().EndAsync(id));
        Assert.Equal(RunStatus.Queued, (await hub.ReadAsync(id)).Status);
    }

    /// <summary>Sorted by everything that only trainings have, and by what its own program calls its metrics.</summary>
    [Theory]
    [InlineData("duration")]
    [InlineData("duration desc")]
    [InlineData("best_epoch desc")]
    [InlineData("device")]
    [InlineData("torch_version desc")]
    [InlineData("attempts")]
    [InlineData("metrics.profit desc")]
    [InlineData("params.depth")]
    public async Task Search_RunsOfBothKinds_FindsEachOnce(string order)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var ours = new[] { await hub.FinishAsync("a", accuracies: [0.8, 0.9]),
            await hub.FinishAsync("b", new TrainingSpec { Seed = 3 }, accuracies: 0.7) };
        var logged = new[] { await LoggedRun.MakeAsync(hub, "c"), await LoggedRun.MakeAsync(hub, "d", profit: 7) };
        var search = hub.Get<RunSearch>();
        var found = new List<RunId>();
        string? token = null;
        do
        {
            var page = (await search.ListAsync(new RunQuery("", order), "duration, device, model, metrics.profit, params.depth, diverged", 1,
                token)).Answer!;
            found.AddRange(page.Items.Select(row => row.Run.Id));
            token = page.NextPageToken;
        }
        while (token is not null);
        Assert.Equal(ours.Concat(logged).OrderBy(id => id.ToString()), found.OrderBy(id => id.ToString()));
        var isOfTrainings = order.Split(' ')[0] is not ("metrics.profit" or "params.depth");
        Assert.Equal(isOfTrainings ? ours : logged, found.Take(2).OrderBy(id => id.ToString()));
    }

    [Theory]
    [InlineData("device is null", 2)]
    [InlineData("device = 'cpu'", 1)]
    [InlineData("model != 'lenet-5'", 1)]
    [InlineData("diverged = false", 3)]
    [InlineData("not (diverged = true)", 3)]
    [InlineData("metrics.profit > 20 or best_epoch = 1", 2)]
    [InlineData("duration is null and params.flavour = 'vanilla'", 2)]
    [InlineData("attempts = 1 and metrics.test_accuracy > 0.5", 1)]
    public async Task Filter_OverColumnsOfTrainings_HasThreeValuesForARunWithoutOne(string filter, int found)
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("ours", accuracies: 0.9);
        await LoggedRun.MakeAsync(hub, "c");
        await LoggedRun.MakeAsync(hub, "d", profit: 7);
        Assert.Equal(found, (await hub.Get<RunSearch>().CountAsync(new RunQuery(filter))).Answer!.Total);
        Assert.Equal(found, (await hub.Get<RunSearch>().ListAsync(new RunQuery(filter, "name"))).Answer!.Items.Count);
    }

    [Fact]
    public async Task Groups_OfRunsWithoutATraining_CountEachOfThem()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("ours", accuracies: 0.9);
        await LoggedRun.MakeAsync(hub, "c");
        await LoggedRun.MakeAsync(hub, "d");
        var groups = (await hub.Get<RunGrouping>().GroupAsync(new RunQuery(), "model", "metrics.profit")).Answer!;
        var logged = Assert.Single(groups.Items, group => group.Keys[0] is null);
        Assert.Equal((2L, 2L, 0L, 30.0), (logged.Runs, logged.Measured, logged.Repeats, logged.Mean!.Value));
    }

    [Fact]
    public async Task ColumnsAndExport_ShowWhatIsThere()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await LoggedRun.MakeAsync(hub, "c");
        await LoggedRun.MakeAsync(hub, "d", profit: 7);
        Assert.Equal(["params.depth"], (await hub.Get<RunColumns>().DifferingAsync(new RunQuery())).Answer!.Select(column => column.ToString()));
        var export = (await hub.Get<RunExport>()
            .ReadAsync(new RunQuery("", "name"), "name, model, epochs_done, max(metrics.profit), params.flavour")).Answer!;
        Assert.Equal([["c", null, null, 30.0, "vanilla"], ["d", null, null, 7.0, "vanilla"]], await export.Rows.ToListAsync());
    }

    [Fact]
    public async Task Experiment_OfRunsWithoutATraining_HasAStoryOfTheirMetric()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await LoggedRun.MakeAsync(hub, "c");
        await LoggedRun.MakeAsync(hub, "d");
        var run = await hub.ReadAsync(id);
        var story = await hub.Get<ExperimentResults>().ReadAsync(run.ExperimentId, "loss_of_sleep");
        Assert.Equal((2, 0.5, 0), (story.Points.Count, story.Best!.Value, story.Repeats));
        Assert.Null(story.Best.Epoch);
        var summary = Assert.Single(await hub.Get<ExperimentStore>().ListAsync());
        Assert.Equal((2, null), (summary.Runs, summary.BestTestAccuracy));
        // What comes nearest to an accuracy of all that can be better or worse.
        Assert.Equal(("loss_of_sleep", 1), (await hub.Get<SeedsOfBest>().ReadAsync())! is var seeds ? (seeds.Metric, seeds.Runs.Count) : default);
        Assert.Equal(2, (await hub.Get<EndedRuns>().ReadAsync(DateTime.UnixEpoch, 3)).Finished);
    }

    [Fact]
    public async Task Deletion_OfARunWithoutATraining_RemovesItWhole()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await LoggedRun.MakeAsync(hub);
        Assert.Equal(DeleteOutcome.Deleted, await hub.Get<RunDeletion>().DeleteAsync(id));
        await hub.Get<RunDeletion>().PurgeAsync([id]);
        await using var db = await hub.Get<Microsoft.EntityFrameworkCore.IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.Equal((0, 0), (db.RunParams.Count(), db.MetricSeries.Count()));
    }

    [Fact]
    public async Task ExperimentFile_BringsRunsOfBothKindsToAnotherHub()
    {
        await using var from = await EmptyHub.CreateAsync();
        await LoggedRun.MakeAsync(from, "c", experiment: "tutorial",
            metrics: [new("profit", new(MetricDirection.HigherIsBetter), 20, 30, 10), LoggedMetric.Perplexity(4, 2, 3),
                new("eval/loss", new(MetricDirection.LowerIsBetter, MetricRole.Loss, MetricSplit.Validation), 1)]);
        var ours = await from.ReadAsync(await from.FinishAsync("ours", accuracies: 0.9));
        await using var to = await EmptyHub.CreateAsync();

        var result = await ExportedHub.ImportAsync(to, await ExportedHub.ExportAsync(from, ours.ExperimentId));

        Assert.Null(result.Problem);
        var (before, after) = (await RoundTripTests.RunsAsync(from, ours.ExperimentId), await RoundTripTests.RunsAsync(to, result.Experiment!.Id));
        Assert.Equal([false, true], after.Select(run => run.Training is not null));
        foreach (var (one, other) in before.Zip(after))
        {
            Assert.Equal(RoundTripTests.Facts(one), RoundTripTests.Facts(other));
            Assert.Equal(await RoundTripTests.PointsAsync(from, one), await RoundTripTests.PointsAsync(to, other));
            Assert.Equal(await RoundTripTests.SummariesAsync(from, one), await RoundTripTests.SummariesAsync(to, other));
        }

        Assert.Equal(("depth", 30.0, "30"), (await to.ReadAsync(before[0].Id)).Params[0] is var param
            ? (param.Param.Name, param.Number!.Value, param.Text) : default);
        Assert.Equal(1, (await to.Get<RunSearch>()
            .CountAsync(new RunQuery("params.depth = 30 and best(metrics.profit) = 30 and best(metrics.perplexity) = 2"))).Answer!.Total);
    }

    /// <summary>What is missing was not told. Nobody makes it up later.</summary>
    [Fact]
    public async Task Parameters_OfARunThatHasNone_AreNotInventedByARestart()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"experimenthub-logged-{Guid.NewGuid():N}");
        try
        {
            await using (var hub = await EmptyHub.CreateAsync(existing: folder))
            {
                await hub.EnqueueAsync();
                await using var db = await hub.Get<Microsoft.EntityFrameworkCore.IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
                db.RunParams.RemoveRange(db.RunParams);
                await db.SaveChangesAsync();
            }

            await using var again = await EmptyHub.CreateAsync(existing: folder);
            await using var then = await again.Get<Microsoft.EntityFrameworkCore.IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
            Assert.Equal(0, then.RunParams.Count());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
