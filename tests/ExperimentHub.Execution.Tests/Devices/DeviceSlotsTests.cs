using ExperimentHub.Execution.Devices;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Execution.Tests.Devices;

public sealed class DeviceSlotsTests
{
    private static readonly DeviceRequest Cpu = new(DeviceRequest.Cpu, null);

    [Fact]
    public async Task Use_OfATakenSlot_NamesItsRunUntilItIsGivenBack()
    {
        await using var hub = await EmptyHub.CreateAsync();
        hub.Devices.Report = EmptyHub.OneCpu;
        var slots = new DeviceSlots(new ExecutionOptions { DatasetFolder = hub.Folder.Root, CpuSlots = 2 }, hub.Devices, TimeProvider.System);
        var (first, second) = (RunId.New(TimeProvider.System), RunId.New(TimeProvider.System));
        var changes = 0;
        hub.Devices.Changed += () => changes++;
        var lease = slots.TryTake(Cpu)!;
        Assert.Empty(Assert.Single(hub.Devices.Use).Holders); // nobody's yet
        lease.Enter(first);
        slots.TryTake(Cpu)!.Enter(second);
        Assert.Null(slots.TryTake(Cpu));

        var use = Assert.Single(hub.Devices.Use);
        Assert.Equal((2, "Test CPU"), (use.Slots, use.Device.Name));
        Assert.Equal([first, second], use.Holders.Select(holder => holder.Run));
        lease.Dispose();
        lease.Dispose();
        Assert.Equal([second], Assert.Single(hub.Devices.Use).Holders.Select(holder => holder.Run));
        Assert.Equal(3, changes);
        Assert.NotNull(slots.TryTake(Cpu));
    }
}
