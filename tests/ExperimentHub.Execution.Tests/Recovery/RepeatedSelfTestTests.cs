using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Execution.Tests.Recovery;

public sealed class RepeatedSelfTestTests
{
    private static readonly SelfTestReport WithGpu = EmptyHub.OneCpu
        with
    { Devices = [.. EmptyHub.OneCpu.Devices, new DeviceInfo("cuda", 0, "Test GPU")] };

    [Fact]
    public async Task RepeatedTest_FindsAGpu_StartsTheRunThatWaitedForIt()
    {
        using var trainer = new FakeTrainer($"{FakeTrainer.SayStarted}; {FakeTrainer.SayEpoch(1)}; {FakeTrainer.Say(new TrainingFinished())}");
        await using var running = await RunningHub.StartAsync(trainer);
        // A run that ends proves that the doors are open.
        await running.RunToEndAsync();
        var waiting = await running.Hub.EnqueueAsync(new TrainingSpec { Device = "cuda" });
        Assert.Equal(RunStatus.Queued, (await running.Hub.ReadAsync(waiting)).Status);

        trainer.Report(WithGpu);
        running.Hub.Devices.RequestTest();
        Assert.Equal(RunStatus.Finished, (await running.WaitForEndAsync(waiting)).Status);
        Assert.Equal(["cpu", "cuda:0"], running.Hub.Devices.Use.Select(use => use.Device.TorchName));
    }

    [Fact]
    public async Task RunningRun_OnTheCpu_HoldsItsSlot()
    {
        using var trainer = new FakeTrainer($"{FakeTrainer.SayStarted}; read -r stop; {FakeTrainer.Say(new TrainingStopped())}");
        await using var running = await RunningHub.StartAsync(trainer);
        var run = await running.Hub.EnqueueAsync();
        await running.WaitForAsync(run, r => r.Training!.StepsPerEpoch is not null);
        Assert.Equal([run], Assert.Single(running.Hub.Devices.Use).Holders.Select(holder => holder.Run));
        await running.Hub.Queue.RequestStopAsync(run);
        await running.WaitForEndAsync(run);
    }
}
