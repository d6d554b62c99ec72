using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Tests.Runs;

public sealed class RunRecorderTests
{
    [Fact]
    public async Task Record_WholeRun_KeepsDeviceEpochsBestAndCurve()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        await hub.Recorder.StartedAsync(key, new TrainingStarted(new DeviceInfo("cpu", 0, "Test CPU"), "2.10.0", 1, 7850, 60000, 10000, 1875));
        double[] accuracies = [0.90, 0.92, 0.92];
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            hub.Recorder.Progress(key, new TrainingProgress(epoch, epoch * 1875 - 900, 0.5, 60000));
            hub.Recorder.Progress(key, new TrainingProgress(epoch, epoch * 1875, 0.4, 60000));
            Assert.True(await hub.Recorder.EpochAsync(key, new EpochFinished(epoch, 0.45, 0.3, accuracies[epoch - 1], 0.5)));
        }

        Assert.True(await hub.Recorder.EndAsync(key, AttemptEnding.Finished, null, 0));
        var run = await hub.ReadAsync(key.Run);
        Assert.Equal(RunStatus.Finished, run.Status);
        Assert.Equal(new DeviceInfo("cpu", 0, "Test CPU"), run.Device);
        Assert.Equal(3, run.EpochResults.Count);
        Assert.Equal((0.92, 2), (run.BestTestAccuracy, run.BestEpoch)); // the earliest on a tie
        Assert.Equal(1.5, run.TrainSeconds, 9);
        Assert.Equal([975, 1875, 2850, 3750, 4725, 5625], (await hub.History.CurveAsync(key.Run))!.Select(point => point.Step));
    }

    [Fact]
    public async Task Curve_WithinAnEpoch_HasTheNewestPoints()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        hub.Recorder.Progress(key, new TrainingProgress(1, 100, 1.5, 60000));
        Assert.Equal([new LossPoint(100, 1.5f)], await hub.History.CurveAsync(key.Run));
    }

    [Fact]
    public async Task Curve_StoppedWithinAnEpoch_KeepsThePointsOfThatEpoch()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        hub.Recorder.Progress(key, new TrainingProgress(1, 100, 1.5, 60000));
        hub.Recorder.Progress(key, new TrainingProgress(1, 200, 1.0, 60000));
        await hub.Recorder.EndAsync(key, AttemptEnding.Stopped, null, 0);
        Assert.Equal([100, 200], (await hub.History.CurveAsync(key.Run))!.Select(point => point.Step));
    }

    [Fact]
    public async Task Write_OfAStaleAttempt_ChangesNothing()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        var stale = key with { Attempt = key.Attempt + 1 };
        Assert.False(await hub.Recorder.EpochAsync(stale, new EpochFinished(1, 0.4, 0.3, 0.9, 1)));
        Assert.False(await hub.Recorder.EndAsync(stale, AttemptEnding.Finished, null, 0));
        var run = await hub.ReadAsync(key.Run);
        Assert.Empty(run.EpochResults);
        Assert.Equal(RunStatus.Running, run.Status);
    }

    [Fact]
    public async Task Write_AfterTheEnd_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        await hub.Recorder.EndAsync(key, AttemptEnding.Crashed, "it crashed", 139);
        Assert.False(await hub.Recorder.EndAsync(key, AttemptEnding.Finished, null, 0));
        var run = await hub.ReadAsync(key.Run);
        Assert.Equal((RunStatus.Failed, "it crashed"), (run.Status, run.Error));
        Assert.Equal(AttemptEnding.Crashed, Assert.Single(run.Attempts).Ending);
    }

    [Fact]
    public async Task Checkpoint_WhoseFileIsNotThere_IsNotRecorded()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        await hub.Recorder.CheckpointAsync(key, new CheckpointSaved(1, CheckpointName.For(1, 1), 10, new string('0', 64)));
        await hub.Recorder.CheckpointAsync(key, new CheckpointSaved(1, "../../hub.db", 10, new string('0', 64)));
        Assert.Empty((await hub.History.FindAsync(key.Run))!.Checkpoints);
    }

    [Fact]
    public async Task InterruptOrphans_AfterAKilledHub_TellsTheTruth()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        var waiting = await hub.EnqueueAsync();
        Assert.Equal([key.Run], await hub.Recorder.InterruptOrphansAsync("The hub ended."));
        var run = await hub.ReadAsync(key.Run);
        Assert.Equal((RunStatus.Interrupted, "The hub ended."), (run.Status, run.Error));
        Assert.NotNull(run.EndedAt);
        Assert.Equal(RunStatus.Queued, (await hub.ReadAsync(waiting)).Status);
    }
}
