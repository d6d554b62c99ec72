using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Execution.Devices;

/// <summary>How many more runs each device can take. A slot is a lease and is given back in every ending.</summary>
internal sealed class DeviceSlots
{
    private readonly ExecutionOptions _options;
    private readonly DeviceInventory _inventory;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly List<DeviceLease> _leases = [];

    public DeviceSlots(ExecutionOptions options, DeviceInventory inventory, TimeProvider time)
    {
        (_options, _inventory, _time) = (options, inventory, time);
        inventory.SlotBooks = Books;
    }

    /// <summary>Slots of all devices of a group.</summary>
    public int Capacity(string group) => Devices(group).Sum(Limit);

    /// <summary>Those of them that nobody has.</summary>
    public int Free(string group)
    {
        lock (_lock)
            return Devices(group).Sum(device => Math.Max(0, Limit(device) - Taken(device)));
    }

    /// <summary>Takes a slot on the least busy device that fits; null where all are full.</summary>
    public DeviceLease? TryTake(DeviceRequest request)
    {
        lock (_lock)
        {
            var device = Devices(request.Kind)
                .Where(candidate => request.Index is null || candidate.Index == request.Index)
                .Where(candidate => Taken(candidate) < Limit(candidate) && _inventory.Suits(candidate, request))
                .MinBy(Taken);
            if (device is null)
                return null;
            var lease = new DeviceLease(this, device, _time.GetUtcNow().UtcDateTime);
            _leases.Add(lease);
            return lease;
        }
    }

    /// <summary>Says whose the lease is; the pages show it from now on.</summary>
    internal void Enter(DeviceLease lease, RunId run)
    {
        lock (_lock)
            lease.Run = run;
        _inventory.SlotsChanged();
    }

    internal void GiveBack(DeviceLease lease)
    {
        lock (_lock)
            _leases.Remove(lease);
        _inventory.SlotsChanged();
    }

    private List<DeviceUse> Books()
    {
        lock (_lock)
        {
            return
            [
                .. (_inventory.Report?.Devices ?? []).Select(device => new DeviceUse(device, Limit(device),
                    [.. _leases.Where(lease => lease.Device == device).Where(lease => lease.Run is not null)
                        .Select(lease => new SlotHolder(lease.Run!.Value, lease.Since))])),
            ];
        }
    }

    private IEnumerable<DeviceInfo> Devices(string group) => (_inventory.Report?.Devices ?? []).Where(device => device.Kind == group);

    private int Taken(DeviceInfo device) => _leases.Count(lease => lease.Device == device);

    private int Limit(DeviceInfo device) => device.Kind == DeviceRequest.Cpu ? _options.CpuSlots : _options.SlotsPerGpu;
}

/// <summary>The right to train on a device until it is disposed. Disposing twice gives back once.</summary>
/// <param name="since">UTC.</param>
internal sealed class DeviceLease(DeviceSlots slots, DeviceInfo device, DateTime since) : IDisposable
{
    private int _given;

    public DeviceInfo Device => device;

    public DateTime Since => since;

    /// <summary>null between taking the slot and claiming a run for it.</summary>
    public RunId? Run { get; internal set; }

    public void Enter(RunId run) => slots.Enter(this, run);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _given, 1) == 0)
            slots.GiveBack(this);
    }
}
