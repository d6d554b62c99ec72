using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Trainings;

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
            Assert.True(await hub.Recorder.EpochAsync(key, new EpochFinished(epoch, 0.45, 0.3, accuracies[epoch - 1], 0.5) { Best = epoch <= 2 }));
        }

        Assert.True(await hub.Recorder.EndAsync(key, AttemptEnding.Finished, null, 0));
        var run = await hub.ReadAsync(key.Run);
        Assert.Equal(RunStatus.Finished, run.Status);
        Assert.Equal(new DeviceInfo("cpu", 0, "Test CPU"), run.Training!.Device);
        Assert.Equal(3, run.Training!.EpochResults.Count);
        Assert.Equal((0.92, 2), (run.Training!.BestTestAccuracy, run.Training!.BestEpoch)); // as the trainer says: the earliest on a tie
        Assert.Equal(1.5, run.Training!.TrainSeconds, 9);
        Assert.Equal([975, 1875, 2850, 3750, 4725, 5625], (await PointsAsync(hub, key, MetricNames.TrainLoss)).Select(point => point.Step));
    }

    [Fact]
    public async Task Progress_WithTheLossOfEachStep_IsAPointOfEachStep()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        hub.Recorder.Progress(key, new TrainingProgress(1, 103, 1.5, 60000)
        {
            Losses = [2, 1.5f, 1], LearningRate = 0.01, Seconds = 3,
            CpuPercent = 99, MemoryBytes = 1 << 20
        });
        var points = await PointsAsync(hub, key, MetricNames.TrainLoss);
        Assert.Equal([(101L, 2.0), (102L, 1.5), (103L, 1.0)], points.Select(point => (point.Step, point.Value)));
        Assert.Equal([2000L, 1000L, 0L], points.Select(point => points[2].Time - point.Time));
        Assert.InRange(points[2].Time, before, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        Assert.Equal([0.01, 0.01, 0.01], (await PointsAsync(hub, key, MetricNames.LearningRate)).Select(point => point.Value));
        Assert.Equal([(103L, 99.0)], (await PointsAsync(hub, key, MetricNames.CpuPercent)).Select(point => (point.Step, point.Value)));
    }

    [Fact]
    public async Task Progress_OfAStaleAttempt_IsForgotten()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        hub.Recorder.Progress(key with { Attempt = 7 }, new TrainingProgress(1, 100, 1.5, 60000));
        Assert.Empty(await PointsAsync(hub, key, MetricNames.TrainLoss));
    }

    [Fact]
    public async Task Epoch_Best_KeepsAllMetricsOfThatMoment()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = (await hub.ReadAsync(await hub.FinishAsync("a", accuracies: [0.8, 0.9, 0.85]))).Number;
        await hub.Get<MetricWriter>().FlushAsync();
        var best = (await hub.Get<MetricReader>().BestAsync(run))!;
        Assert.Equal(2 * 1875, best.Step);
        Assert.Equal(0.9, best.Values[MetricNames.TestAccuracy]);
        Assert.Equal(0.1, best.Values[MetricNames.TrainLoss], 6);
    }

    [Fact]
    public async Task Started_SecondAttempt_ForgetsThePointsAfterItsCheckpoint()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        var started = new TrainingStarted(new DeviceInfo("cpu", 0, "Test CPU"), "2.10.0", 1, 7850, 60000, 10000, 1875);
        await hub.Recorder.StartedAsync(key, started);
        foreach (var step in new[] { 1875, 2000 })
            hub.Recorder.Progress(key, new TrainingProgress(1, step, 0.5, 60000));
        var next = (await hub.Recorder.RetryAsync(key, AttemptEnding.Crashed, "killed", 137))!.Value;
        hub.Recorder.Begin(next);
        await hub.Recorder.StartedAsync(next, started, new ResumePoint(1, CheckpointName.For(1, 1), CheckpointName.StateFor(1, 1)));
        Assert.Equal([1875], (await PointsAsync(hub, key, MetricNames.TrainLoss)).Select(point => point.Step));
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
        Assert.Empty(run.Training!.EpochResults);
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
        Assert.Equal(AttemptEnding.Crashed, Assert.Single(run.Training!.Attempts).Ending);
    }

    [Fact]
    public async Task Checkpoint_WhoseFileIsNotThere_IsNotRecorded()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        await hub.Checkpoints.SavedAsync(key, new CheckpointSaved(1, CheckpointName.For(1, 1), 10, new string('0', 64)));
        await hub.Checkpoints.SavedAsync(key, new CheckpointSaved(1, "../../hub.db", 10, new string('0', 64)));
        Assert.Empty((await hub.History.FindAsync(key.Run))!.Checkpoints);
    }

    [Fact]
    public async Task Checkpoint_Recorded_HasThePointsBeforeItOnTheDisk()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        hub.Recorder.Progress(key, new TrainingProgress(1, 1875, 0.5, 60000));
        var name = CheckpointName.For(1, 1);
        DataFolder.Create(hub.Folder.CheckpointFolder(key.Run));
        await File.WriteAllBytesAsync(Path.Combine(hub.Folder.CheckpointFolder(key.Run), name), new byte[10], TestContext.Current.CancellationToken);
        Assert.True(await hub.Checkpoints.SavedAsync(key, new CheckpointSaved(1, name, 10, new string('0', 64))));
        Assert.Equal([1875], (await hub.Get<MetricReader>().ReadAsync(key.RunNumber, MetricNames.TrainLoss)).Select(point => point.Step));
    }

    [Fact]
    public async Task InterruptOrphans_AfterAKilledHub_TellsTheTruth()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        var waiting = await hub.EnqueueAsync();
        Assert.Equal([key.Run], await hub.InterruptAsync());
        var run = await hub.ReadAsync(key.Run);
        Assert.Equal((RunStatus.Interrupted, "The hub ended while this run trained (killed, or the machine went down)."), (run.Status, run.Error));
        Assert.NotNull(run.EndedAt);
        Assert.Equal(RunStatus.Queued, (await hub.ReadAsync(waiting)).Status);
    }

    private static async Task<IReadOnlyList<MetricPoint>> PointsAsync(EmptyHub hub, AttemptKey key, string metric)
    {
        await hub.Get<MetricWriter>().FlushAsync();
        return await hub.Get<MetricReader>().ReadAsync(key.RunNumber, metric);
    }
}
