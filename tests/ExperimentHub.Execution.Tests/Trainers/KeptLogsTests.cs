using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Execution.Tests.Trainers;

public sealed class KeptLogsTests
{
    [Fact]
    public async Task Run_ThatEnded_HasItsLogAmongItsArtifacts()
    {
        using var trainer = new FakeTrainer($"""
            echo "info: hello" >&2
            {FakeTrainer.SayStarted}
            {FakeTrainer.SayEpoch(1)}
            {FakeTrainer.Say(new TrainingFinished(null))}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);

        var run = await hub.RunToEndAsync();
        // It is kept after the run has its ending, and before the next one begins.
        await hub.RunToEndAsync();

        Assert.Contains(ArtifactKey.OfLog(run.Id, 1), await KeysAsync(hub));
        Assert.Contains(await hub.Hub.Get<RunLogs>().TailAsync(run.Id, 1, 10, TestContext.Current.CancellationToken), line => line.Text == "hello");
    }

    [Fact]
    public async Task Start_AfterAHubThatWasKilled_KeepsWhatItLeft()
    {
        using var trainer = new FakeTrainer(FakeTrainer.Say(new TrainingFinished(null)));
        var folder = Path.Combine(Path.GetTempPath(), $"kept-logs-{Guid.NewGuid():N}");
        RunId id;
        await using (var before = await EmptyHub.CreateAsync(existing: folder))
        {
            id = await before.EnqueueAsync();
            using var log = before.Get<RunLogs>().Append(id, 1);
            log.Write("info", "the last word");
        }

        await using var hub = await RunningHub.StartAsync(trainer, existing: folder);
        await hub.WaitForEndAsync(id);

        Assert.Contains(ArtifactKey.OfLog(id, 1), await KeysAsync(hub));
        Assert.Empty(hub.Hub.Get<RunLogs>().Unkept());
    }

    private static async Task<List<ArtifactKey>> KeysAsync(RunningHub hub)
    {
        await using var db = await hub.Hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        return await db.Artifacts.Select(artifact => artifact.Key).ToListAsync();
    }
}
