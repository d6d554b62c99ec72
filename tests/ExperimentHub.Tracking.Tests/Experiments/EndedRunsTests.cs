using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Studies;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Experiments;

public sealed class EndedRunsTests
{
    private static readonly DateTime Since = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task Read_NothingEnded_IsNothing()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync();
        var news = await hub.Get<EndedRuns>().ReadAsync(Since, 3);
        Assert.Equal((0, 0), (news.Total, news.Bests.Count));
    }

    [Fact]
    public async Task Read_RunsOfEveryEnding_AreCountedByIt()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await EndAsync(hub, "before", RunStatus.Finished, Since.AddTicks(-1));
        await EndAsync(hub, "a", RunStatus.Finished, Since);
        await EndAsync(hub, "b", RunStatus.Finished, Since.AddHours(1));
        await EndAsync(hub, "c", RunStatus.Finished, Since.AddHours(1), diverged: true);
        await EndAsync(hub, "d", RunStatus.Failed, Since.AddHours(1));
        await EndAsync(hub, "e", RunStatus.Stopped, Since.AddHours(1));
        await EndAsync(hub, "f", RunStatus.Interrupted, Since.AddHours(1));
        await EndAsync(hub, "archived", RunStatus.Finished, Since.AddHours(1), archived: true);
        var news = await hub.Get<EndedRuns>().ReadAsync(Since, 3);
        Assert.Equal((2, 1, 1, 1, 1, 6), (news.Finished, news.Diverged, news.Failed, news.Stopped, news.Interrupted, news.Total));
    }

    [Fact]
    public async Task Read_BetterThanAllBefore_IsTheNewBest()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await EndAsync(hub, "before", RunStatus.Finished, Since.AddHours(-1), 0.9);
        await EndAsync(hub, "equal", RunStatus.Finished, Since, 0.9);
        Assert.Empty((await hub.Get<EndedRuns>().ReadAsync(Since, 3)).Bests);
        await EndAsync(hub, "better", RunStatus.Finished, Since, 0.92);
        await EndAsync(hub, "diverged", RunStatus.Finished, Since, 0.99, diverged: true);
        var best = Assert.Single((await hub.Get<EndedRuns>().ReadAsync(Since, 3)).Bests);
        Assert.Equal(("better", "test_accuracy", 0.92, 0.9), (best.Run.Name, best.Metric, best.Value, best.Before));
        Assert.Empty((await hub.Get<EndedRuns>().ReadAsync(Since, 0)).Bests);
    }

    [Fact]
    public async Task Read_FirstResultOfAnExperiment_IsNotBetterThanAnything()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await EndAsync(hub, "first", RunStatus.Finished, Since, 0.9);
        Assert.Empty((await hub.Get<EndedRuns>().ReadAsync(Since, 3)).Bests);
    }

    private static async Task EndAsync(EmptyHub hub, string name, RunStatus status, DateTime at, double accuracy = 0.5, bool diverged = false,
        bool archived = false)
    {
        var id = await hub.FinishAsync(name, new TrainingSpec { Seed = name.GetHashCode(StringComparison.Ordinal) & 0xffff }, accuracies: accuracy);
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await db.Runs.Where(run => run.Id == id).ExecuteUpdateAsync(set => set
            .SetProperty(run => run.EndedAt, at).SetProperty(run => run.Status, status).SetProperty(run => run.ArchivedAt, archived ? at : null));
        await db.Trainings.Where(training => training.Run.Id == id)
            .ExecuteUpdateAsync(set => set.SetProperty(training => training.Diverged, diverged ? true : null));
    }
}
