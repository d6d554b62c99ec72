using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Devices;

namespace ExperimentHub.Execution.Devices;

/// <summary>How many more runs each device can take. A slot is a lease and is given back in every ending.</summary>
internal sealed class DeviceSlots(ExecutionOptions options, DeviceInventory inventory)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DeviceInfo, int> _taken = [];

    /// <summary>Slots of all devices of a group.</summary>
    public int Capacity(string group) => Devices(group).Sum(Limit);

    /// <summary>Takes a slot on the least busy device that fits; null where all are full.</summary>
    public DeviceLease? TryTake(DeviceRequest request)
    {
        lock (_lock)
        {
            var device = Devices(request.Kind)
                .Where(candidate => request.Index is null || candidate.Index == request.Index)
                .Where(candidate => Taken(candidate) < Limit(candidate))
                .MinBy(Taken);
            if (device is null)
                return null;
            _taken[device] = Taken(device) + 1;
            return new DeviceLease(this, device);
        }
    }

    internal void GiveBack(DeviceInfo device)
    {
        lock (_lock)
            _taken[device]--;
    }

    private IEnumerable<DeviceInfo> Devices(string group) => (inventory.Report?.Devices ?? []).Where(device => device.Kind == group);

    private int Taken(DeviceInfo device) => _taken.GetValueOrDefault(device);

    private int Limit(DeviceInfo device) => device.Kind == DeviceRequest.Cpu ? options.CpuSlots : options.SlotsPerGpu;
}

/// <summary>The right to train on a device until it is disposed. Disposing twice gives back once.</summary>
internal sealed class DeviceLease(DeviceSlots slots, DeviceInfo device) : IDisposable
{
    private int _given;

    public DeviceInfo Device => device;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _given, 1) == 0)
            slots.GiveBack(device);
    }
}
