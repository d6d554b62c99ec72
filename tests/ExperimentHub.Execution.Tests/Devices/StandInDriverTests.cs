using ExperimentHub.Execution.Devices;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub.Drivers;

namespace ExperimentHub.Execution.Tests.Devices;

/// <summary>
/// What the hub makes of machines with other GPUs than the usual: the driver's library is a stand-in that is opened as the real one is.
/// </summary>
public sealed class StandInDriverTests
{
    private static readonly DeviceInfo Cpu = EmptyHub.OneCpu.Devices[0];

    [Theory]
    [InlineData(StandInDriver.NoDevice, "580.65.06", "")]
    [InlineData(StandInDriver.Unlike, "580.65.06", "0000:17:00.0 Tesla T4 15 7 7.5; 0000:65:00.0 NVIDIA H100 80GB HBM3 80 7 9.0")]
    [InlineData(StandInDriver.Divided, "580.65.06", "0000:17:00.0 NVIDIA A100-SXM4-40GB 40  8.0 divided")]
    [InlineData(StandInDriver.OldDriver, "450.80.02", "0000:65:00.0 NVIDIA H100 80GB HBM3 80 7 ")]
    public void Nvml_Driver_TellsItsGpus(string machine, string version, string gpus)
    {
        using var driver = new StandInDriver(machine);
        var facts = Nvml.In([driver.Nvml]).Read();

        Assert.Null(facts.Problem);
        Assert.Equal(version, facts.DriverVersion);
        Assert.Equal(gpus, string.Join("; ", facts.Gpus.Select(gpu =>
            $"{gpu.PciAddress} {gpu.Name} {gpu.MemoryTotal >> 30} {gpu.Utilisation * 100:0} {gpu.Capability}{(gpu.IsDivided ? " divided" : "")}")));
        Assert.Empty(facts.Silent);
    }

    [Fact]
    public void Nvml_OneGpuIsLost_HidesNoOther()
    {
        using var driver = new StandInDriver(StandInDriver.Lost);
        var facts = Nvml.In([driver.Nvml]).Read();

        Assert.Equal(["0000:17:00.0", "0000:65:00.0"], facts.Gpus.Select(gpu => gpu.PciAddress));
        Assert.Equal("GPU 1 of the driver does not answer: GPU is lost (error 15). " +
            "The machine must be started again before this GPU can be used; if it happens again, look at its power supply and its place.",
            Assert.Single(facts.Silent));
        Assert.Null(facts.Problem);
    }

    [Theory]
    [InlineData(StandInDriver.NoPermission, "Insufficient Permissions (error 4)", "/dev/nvidia*")]
    [InlineData(StandInDriver.Updated, "Driver/library version mismatch (error 18)", "start the machine again")]
    public void Nvml_DriverThatDoesNotAnswer_SaysWhyAndWhatToDo(string machine, string problem, string remedy)
    {
        using var driver = new StandInDriver(machine);
        var facts = Nvml.In([driver.Nvml]).Read();

        Assert.Empty(facts.Gpus);
        Assert.Contains(problem, facts.Problem, StringComparison.Ordinal);
        Assert.Contains(remedy, facts.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Nvml_LibraryInTheSecondPlace_IsFound()
    {
        using var driver = new StandInDriver(StandInDriver.NoDevice);
        Assert.Equal("580.65.06", Nvml.In(["/nowhere/libnvidia-ml.so.1", driver.Nvml]).Read().DriverVersion);
    }

    [Fact]
    public async Task Slots_GpuThatFailed_IsLeftOut()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (busy, free) = (new DeviceInfo("cuda", 0, "NVIDIA A10"), new DeviceInfo("cuda", 2, "NVIDIA A10"));
        var slots = Slots(hub, [Passed(Cpu), new DeviceTrial(busy, null, "It is busy.", "Wait."), Passed(free)]);

        Assert.Equal(DeviceRequest.Cuda, hub.Devices.GroupOf(DeviceRequest.Parse("auto")));
        Assert.Equal(1, slots.Capacity(DeviceRequest.Cuda));
        Assert.Equal(free, slots.TryTake(DeviceRequest.Parse("cuda"))?.Device);
        Assert.Null(slots.TryTake(DeviceRequest.Parse("cuda:0")));
        Assert.Equal("cuda:0 (NVIDIA A10) did not pass the self-test: It is busy. Wait.", hub.Devices.WhyNot(DeviceRequest.Parse("cuda:0")));
        Assert.Equal("This machine has no cuda:1; it has cuda:2.", hub.Devices.WhyNot(DeviceRequest.Parse("cuda:1")));
    }

    [Fact]
    public async Task Slots_EveryGpuFailed_AutoIsTheCpu()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var slots = Slots(hub, [Passed(Cpu), new DeviceTrial(new DeviceInfo("cuda", 0, "NVIDIA A10"), null, "It is busy.", "Wait.")]);

        Assert.Equal(DeviceRequest.Cpu, hub.Devices.GroupOf(DeviceRequest.Parse("auto")));
        Assert.Equal(0, slots.Capacity(DeviceRequest.Cuda));
        Assert.Contains("It is busy. Wait.", hub.Devices.WhyNot(DeviceRequest.Parse("cuda")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slots_TwoUnlikeGpus_GiveARunOneThatSuitsItsPrecision()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (old, young) = (new DeviceInfo("cuda", 0, "Tesla T4"), new DeviceInfo("cuda", 1, "NVIDIA H100 80GB HBM3"));
        var slots = Slots(hub, [Passed(Cpu), Passed(old, new ComputeCapability(7, 5)), Passed(young, new ComputeCapability(9, 0))]);
        var inBf16 = DeviceRequest.Of(new TrainingSpec { Device = "cuda", Precision = Precisions.Bf16 });

        Assert.Equal(young, slots.TryTake(inBf16)?.Device);
        Assert.Null(slots.TryTake(inBf16)); // the old one is free, and does not suit
        Assert.Null(hub.Devices.WhyNot(inBf16));
        Assert.Equal(old, slots.TryTake(DeviceRequest.Parse("auto") with { Kind = DeviceRequest.Cuda })?.Device);
    }

    private static DeviceSlots Slots(EmptyHub hub, IReadOnlyList<DeviceTrial> trials)
    {
        hub.Devices.Report = EmptyHub.OneCpu with
        {
            Backend = "CUDA",
            Trials = trials,
            Devices = [.. trials.Where(trial => trial.Problem is null).Select(trial => trial.Device)]
        };
        return new DeviceSlots(new ExecutionOptions { DatasetFolder = hub.Folder.Root }, hub.Devices, TimeProvider.System);
    }

    private static DeviceTrial Passed(DeviceInfo device, ComputeCapability? capability = null) => new(device, 2.3, Capability: capability);
}
