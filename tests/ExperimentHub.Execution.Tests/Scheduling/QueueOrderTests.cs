using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;
using static ExperimentHub.TestHub.FakeTrainer;

namespace ExperimentHub.Execution.Tests.Scheduling;

public sealed class QueueOrderTests
{
    private static readonly SelfTestReport TwoGpus = EmptyHub.OneCpu with
    {
        Backend = "CUDA",
        Devices = [.. EmptyHub.OneCpu.Devices, new DeviceInfo("cuda", 0, "Test GPU"), new DeviceInfo("cuda", 1, "Test GPU")],
    };

    /// <summary>Trains until it is told to stop.</summary>
    private static readonly string UntilStopped = $"{SayStarted}; read -r stop; {Say(new TrainingStopped())}";

    [Fact]
    public async Task Queue_OneSlot_RunsOneAtATimeInOrder()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; {Say(new TrainingFinished())}");
        await using var hub = await RunningHub.StartAsync(trainer);
        List<RunId> ids = [];
        for (var i = 0; i < 6; i++)
            ids.Add(await hub.Hub.EnqueueAsync());
        List<Run> runs = [];
        foreach (var id in ids)
            runs.Add(await hub.WaitForEndAsync(id));
        for (var i = 1; i < runs.Count; i++)
            Assert.True(runs[i].StartedAt >= runs[i - 1].EndedAt, $"run {i} started before run {i - 1} had ended");
    }

    [Fact]
    public async Task Queue_BusyGpu_DoesNotHoldUpARunForTheOther()
    {
        using var trainer = new FakeTrainer(UntilStopped, TwoGpus);
        await using var hub = await RunningHub.StartAsync(trainer);
        var first = await hub.Hub.EnqueueAsync(new TrainingSpec { Device = "cuda:1" });
        await hub.WaitForAsync(first, run => run.Training!.DeviceName is not null);
        var second = await hub.Hub.EnqueueAsync(new TrainingSpec { Device = "cuda:1" });
        var third = await hub.Hub.EnqueueAsync(new TrainingSpec { Device = "cuda" });
        await hub.WaitForAsync(third, run => run.Training!.DeviceName is not null);
        Assert.Equal(RunStatus.Queued, (await hub.Hub.ReadAsync(second)).Status);

        // Its own ticket was used up while cuda:1 was busy; the end of the first run gives it another.
        await hub.Hub.Queue.RequestStopAsync(first);
        await hub.WaitForAsync(second, run => run.Training!.DeviceName is not null);
    }

    [Fact]
    public async Task Queue_CudaWhereThereIsNone_WaitsWhileOthersRun()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; {Say(new TrainingFinished())}", EmptyHub.OneCpu);
        await using var hub = await RunningHub.StartAsync(trainer);
        var waitsForever = await hub.Hub.EnqueueAsync(new TrainingSpec { Device = "cuda" });
        var run = await hub.RunToEndAsync(new TrainingSpec { Device = "auto" });
        Assert.Equal(RunStatus.Finished, run.Status);
        Assert.Equal(RunStatus.Queued, (await hub.Hub.ReadAsync(waitsForever)).Status);
    }
}
