using ExperimentHub.Execution.Recovery;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Quartz;

namespace ExperimentHub.Execution.Tests.Recovery;

/// <summary>
/// A wish is a row: it is found although nobody says so. Here another hub on the same database writes it, whose signals do not come here.
/// </summary>
public sealed class MissedSignalsTests : IAsyncLifetime
{
    private const string Cron = "0 0 3 * * ?", Zone = "Europe/Berlin";

    private static readonly string TrainsUntilAsked =
        $"{FakeTrainer.SayStarted}; {FakeTrainer.SaveCheckpoint(1, 1)}; read -r stop; {FakeTrainer.Say(new TrainingStopped())}";

    private static readonly string TrainsToTheEnd = $"{FakeTrainer.SayStarted}; {FakeTrainer.SayEpoch(1)}; {FakeTrainer.Say(new TrainingFinished())}";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"experimenthub-missed-{Guid.NewGuid():N}");
    private EmptyHub _elsewhere = null!;

    public async ValueTask InitializeAsync() => _elsewhere = await EmptyHub.CreateAsync(existing: _folder, node: "elsewhere");

    [Theory]
    [InlineData(RunStatus.Stopped)]
    [InlineData(RunStatus.Paused)]
    public async Task Beat_StopOrPauseWasAskedElsewhere_ReachesTheTrainer(RunStatus wanted)
    {
        using var trainer = new FakeTrainer(TrainsUntilAsked);
        await using var running = await StartAsync(trainer);
        var id = await running.Hub.EnqueueAsync();
        await running.WaitForAsync(id, run => run.Training!.EpochsDone == 1);
        if (wanted == RunStatus.Stopped)
            Assert.Equal(StopOutcome.Stopping, await _elsewhere.Queue.RequestStopAsync(id, TestContext.Current.CancellationToken));
        else
            Assert.Equal(PauseOutcome.Pausing, await _elsewhere.Control.PauseAsync(id, TestContext.Current.CancellationToken));
        Assert.Equal(wanted, (await running.WaitForEndAsync(id)).Status);
    }

    [Fact]
    public async Task Look_RunWasQueuedElsewhere_Trains()
    {
        using var trainer = new FakeTrainer(TrainsToTheEnd);
        await using var running = await StartAsync(trainer);
        // One that ends proves that the doors were open before.
        await running.RunToEndAsync();
        var id = await _elsewhere.EnqueueAsync();
        Assert.Equal(RunStatus.Finished, (await running.WaitForEndAsync(id)).Status);
        Assert.Equal(StopOutcome.AlreadyEnded, await _elsewhere.Queue.RequestStopAsync(id, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Look_RunWasResumedElsewhere_Trains()
    {
        using var trainer = new FakeTrainer(TrainsToTheEnd);
        var id = await _elsewhere.EnqueueAsync();
        await _elsewhere.Control.PauseAsync(id, TestContext.Current.CancellationToken);
        await using var running = await StartAsync(trainer);
        await running.RunToEndAsync();
        Assert.Equal(ResumeOutcome.Queued, await _elsewhere.Control.ResumeAsync(id, TestContext.Current.CancellationToken));
        Assert.Equal(RunStatus.Finished, (await running.WaitForEndAsync(id)).Status);
    }

    [Fact]
    public async Task Look_NodeIsLostWhileThisOneRuns_TakesItsRunsAndTrainsThem()
    {
        var key = await _elsewhere.StartAsync();
        using var trainer = new FakeTrainer(TrainsToTheEnd);
        await using var running = await StartAsync(trainer);
        await running.RunToEndAsync();
        Assert.Equal(RunStatus.Running, (await running.Hub.ReadAsync(key.Run)).Status);

        await using (var db = await _elsewhere.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync(TestContext.Current.CancellationToken))
        {
            await db.Attempts.Where(a => a.RunNumber == key.RunNumber)
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.LeaseSeconds, 0), TestContext.Current.CancellationToken);
        }

        var run = await running.WaitForAsync(key.Run, run => run.Status == RunStatus.Finished);
        Assert.Equal(2, run.Training!.Attempts.Count);
    }

    [Fact]
    public async Task Beat_TestOfTheDevicesWasAskedElsewhere_IsMade()
    {
        using var trainer = new FakeTrainer(TrainsToTheEnd);
        await using var running = await StartAsync(trainer);
        await running.RunToEndAsync();
        var waiting = await running.Hub.EnqueueAsync(new TrainingSpec { Device = "cuda" });
        trainer.Report(EmptyHub.OneCpu with { Devices = [.. EmptyHub.OneCpu.Devices, new DeviceInfo("cuda", 0, "Test GPU")] });
        // Its row is there with its first beat.
        while (!await _elsewhere.Get<NodeStore>().AskForTestAsync(ThisNode.HostName, TestContext.Current.CancellationToken))
            await running.Hub.Get<Execution.Nodes.NodePulse>().BeatAsync(TestContext.Current.CancellationToken);
        Assert.Equal(RunStatus.Finished, (await running.WaitForEndAsync(waiting)).Status);
        Assert.Equal(["cpu", "cuda"], running.Hub.Devices.Use.Select(use => use.Device.Kind));
    }

    [Fact]
    public async Task Look_ScheduleWasMadeChangedAndTurnedOffElsewhere_IsFollowedByItsTrigger()
    {
        using var trainer = new FakeTrainer(TrainsToTheEnd);
        await using var running = await RunningHub.StartAsync(trainer, existing: _folder);
        var scheduler = await running.Hub.Get<ISchedulerFactory>().GetScheduler(TestContext.Current.CancellationToken);
        var draft = new ExperimentDraft("nightly", "", new TrainingSpec());
        var experiment = (await _elsewhere.Get<ExperimentStore>().CreateAsync(draft, cancellation: TestContext.Current.CancellationToken)).Id!.Value;
        var store = _elsewhere.Get<ScheduleStore>();

        var id = (await store.CreateAsync(experiment, new ScheduleDraft(Cron, Zone), TestContext.Current.CancellationToken)).Id!.Value;
        Assert.Null(await CronAsync());
        await LookAsync(running);
        Assert.Equal(Cron, await CronAsync());

        await store.UpdateAsync(id, new ScheduleDraft("0 30 4 * * ?", Zone), cancellation: TestContext.Current.CancellationToken);
        await LookAsync(running);
        Assert.Equal("0 30 4 * * ?", await CronAsync());

        await store.SwitchAsync(id, enabled: false, TestContext.Current.CancellationToken);
        await LookAsync(running);
        Assert.Null(await CronAsync());

        async Task<string?> CronAsync() =>
            (await scheduler.GetTrigger(new TriggerKey($"schedule-{id}", "schedules"), TestContext.Current.CancellationToken))
                ?.JobDataMap.GetString("cron");
    }

    [Fact]
    public async Task Look_DataSetCameAndWentElsewhere_IsKnownAndForgotten()
    {
        using var trainer = new FakeTrainer(TrainsToTheEnd);
        await using var running = await RunningHub.StartAsync(trainer, existing: _folder);
        var library = running.Hub.Get<DatasetLibrary>();
        Assert.Empty(library.Own);
        var told = 0;
        library.Changed += () => told++;

        await using var db = await _elsewhere.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync(TestContext.Current.CancellationToken);
        db.OwnDatasets.Add(new OwnDataset
        {
            Key = "tiny", Name = "Tiny", TrainSamples = 2, TestSamples = 1, Classes = 2, Height = 28, Width = 28, ClassNames = [],
            CreatedAt = DateTime.UnixEpoch,
        }.With([.. Enumerable.Repeat(new string('0', 64), 4)]));
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        await LookAsync(running);
        Assert.Equal(("Tiny", 1), (library.Find("tiny")?.Name, told));
        await LookAsync(running);
        Assert.Equal(1, told);

        await db.OwnDatasets.ExecuteDeleteAsync(TestContext.Current.CancellationToken);
        await LookAsync(running);
        Assert.Equal((null, 2), (library.Find("tiny"), told));
    }

    public async ValueTask DisposeAsync()
    {
        await _elsewhere.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>One that beats and looks all the time.</summary>
    private Task<RunningHub> StartAsync(FakeTrainer trainer) => RunningHub.StartAsync(
        trainer,
        options => options with { BeatInterval = TimeSpan.FromMilliseconds(50), LookInterval = TimeSpan.FromMilliseconds(50) },
        existing: _folder);

    private static Task LookAsync(RunningHub running) => running.Hub.Get<MissedSignals>().LookAsync(TestContext.Current.CancellationToken);
}
