using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Trainings;

public sealed class BitIdentityTests
{
    [Fact]
    public void Changes_SameCircumstances_AreNone() =>
        Assert.Empty(BitIdentity.Changes([Trained(1), Untrained(2), Trained(3, afterEpoch: 2)], deterministic: false));

    [Fact]
    public void Changes_OtherThreads_AreSaidWithThePlace() => Assert.Equal(
        ["From attempt 2 on (after step 1,200 of epoch 3) it uses 2 threads instead of 1."],
        BitIdentity.Changes([Trained(1), Trained(2, afterEpoch: 2, afterSteps: 1200, threads: 2)], deterministic: false));

    [Fact]
    public void Changes_BeganAnew_OwesNothingToWhatWasBefore() =>
        Assert.Empty(BitIdentity.Changes([Trained(1), Trained(2, threads: 2)], deterministic: false));

    [Fact]
    public void Changes_Gpu_PromisesNothingEvenOnTheSame()
    {
        Assert.Contains("GPUs do not promise",
            Assert.Single(BitIdentity.Changes([Trained(1, device: "cuda:0"), Trained(2, afterEpoch: 1, device: "cuda:1")], deterministic: false)),
            StringComparison.Ordinal);
        Assert.Equal(["From attempt 2 on (after epoch 1) it is H100 instead of CPU A, it is libtorch 2.11.0 instead of 2.10.0."],
            BitIdentity.Changes([Trained(1), Trained(2, afterEpoch: 1, device: "cuda:0", name: "H100", threads: 4, torch: "2.11.0")],
                deterministic: false));
    }

    [Fact]
    public void Changes_GpuWithDeterministic_AreOnlyWhatElseDiffers()
    {
        var first = Trained(1, device: "cuda:0", name: "H100");

        Assert.Empty(BitIdentity.Changes([first, Trained(2, afterEpoch: 1, device: "cuda:1", name: "H100", threads: 4)], deterministic: true));
        Assert.Equal(["From attempt 2 on (after epoch 1) it is A10 instead of H100."],
            BitIdentity.Changes([first, Trained(2, afterEpoch: 1, device: "cuda:0", name: "A10")], deterministic: true));
    }

    [Fact]
    public void Changes_TorchAsAnEarlierTrainerRecordedIt_AreNone() =>
        Assert.Empty(BitIdentity.Changes([Trained(1, torch: "2.10.0.0"), Trained(2, afterEpoch: 1, torch: "2.10.0")], deterministic: false));

    [Fact]
    public async Task Expected_ThisMachine_IsComparedWithWhatTheRunHad()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var played = await PlayedRun.StartAsync(hub);
        var run = await played.ReadAsync();
        Assert.Empty(BitIdentity.Expected(run.Training!, hub.Devices)); // nothing is known yet
        hub.Devices.Report = EmptyHub.OneCpu;
        Assert.Empty(BitIdentity.Expected(run.Training!, hub.Devices));
        hub.Devices.Report = EmptyHub.OneCpu with { TorchVersion = "2.11.0" };
        Assert.Equal(["it is libtorch 2.11.0 instead of 2.10.0"], BitIdentity.Expected(run.Training!, hub.Devices));
        hub.Devices.Report = EmptyHub.OneCpu with { Devices = [.. EmptyHub.OneCpu.Devices, new DeviceInfo("cuda", 0, "H100")] };
        Assert.Equal(["it is H100 instead of Test CPU"], BitIdentity.Expected(run.Training!, hub.Devices));
    }

    [Fact]
    public async Task Expected_RunWithMoreThreadsThanCores_IsSaid()
    {
        await using var hub = await EmptyHub.CreateAsync();
        hub.Devices.Report = EmptyHub.OneCpu;
        var played = await PlayedRun.StartAsync(hub, started: PlayedRun.Started(threads: 4_000));
        Assert.Contains("instead of 4000", Assert.Single(BitIdentity.Expected((await played.ReadAsync()).Training!, hub.Devices)),
            StringComparison.Ordinal);
    }

    private static Attempt Untrained(int number) => new() { Number = number };

    private static Attempt Trained(int number, int afterEpoch = 0, int afterSteps = 0, string device = "cpu", string name = "CPU A", int threads = 1,
        string torch = "2.10.0") => new()
        {
            Number = number,
            AfterEpoch = afterEpoch,
            AfterSteps = afterSteps,
            Device = device,
            DeviceName = name,
            Threads = threads,
            TorchVersion = torch,
        };
}
