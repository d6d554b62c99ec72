using System.Diagnostics.Metrics;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Telemetry;

/// <summary>
/// How many runs there are in each state and group, which slots are taken, and how busy the GPUs are: asked for when somebody collects, and never
/// before. Made only where telemetry is on.
/// </summary>
public sealed class HubGauges : IDisposable
{
    /// <summary>Two gauges of one collection ask the driver once.</summary>
    private static readonly TimeSpan HardwareKept = TimeSpan.FromMilliseconds(500);

    private readonly IDbContextFactory<TrackingDb> _databases;
    private readonly DeviceInventory _devices;
    private readonly IHardware _hardware;
    private readonly TimeProvider _time;
    private readonly Meter _meter = new(HubMeter.Name);
    private readonly Lock _lock = new();
    private Hardware? _seen;
    private long _seenAt;

    public HubGauges(IDbContextFactory<TrackingDb> databases, DeviceInventory devices, IHardware hardware, TimeProvider time)
    {
        (_databases, _devices, _hardware, _time) = (databases, devices, hardware, time);
        _meter.CreateObservableGauge("experimenthub.runs", Runs, "{run}", "Runs in each state, those that were deleted left out");
        _meter.CreateObservableGauge("experimenthub.queue.length", Waiting, "{run}", "Runs that wait in each group of devices");
        _meter.CreateObservableGauge("experimenthub.device.slots", () => Slots(use => use.Slots), "{run}",
            "Runs that a device can take at the same time");
        _meter.CreateObservableGauge("experimenthub.device.slots.used", () => Slots(use => use.Holders.Count), "{run}",
            "Runs that train on a device");
        _meter.CreateObservableGauge("experimenthub.gpu.utilization", () => Gpus(gpu => gpu.Utilisation), "%",
            "How busy a GPU is, as its driver says");
        _meter.CreateObservableGauge("experimenthub.gpu.memory.used", () => Gpus(gpu => gpu.MemoryUsed), "By", "Memory of a GPU that is taken");
        _meter.CreateObservableGauge("experimenthub.gpu.memory.total", () => Gpus(gpu => gpu.MemoryTotal), "By", "Memory of a GPU");
    }

    public void Dispose() => _meter.Dispose();

    private List<Measurement<long>> Runs()
    {
        using var db = _databases.CreateDbContext();
        var counts = db.Runs.GroupBy(run => run.Status).Select(group => new { group.Key, Count = group.LongCount() })
            .ToDictionary(group => group.Key, group => group.Count);
        return
        [
            .. Enum.GetValues<RunStatus>().Select(status => new Measurement<long>(counts.GetValueOrDefault(status), Tag("status", status.Word()))),
        ];
    }

    private List<Measurement<long>> Waiting()
    {
        using var db = _databases.CreateDbContext();
        var counts = db.Trainings.Where(training => training.Run.Status == RunStatus.Queued)
            .GroupBy(training => training.DeviceGroup).Select(group => new { group.Key, Count = group.LongCount() })
            .ToDictionary(group => group.Key, group => group.Count);
        return
        [
            .. _devices.Use.Select(use => use.Device.Kind).Union(counts.Keys)
                .Select(group => new Measurement<long>(counts.GetValueOrDefault(group), Tag("group", group))),
        ];
    }

    private IEnumerable<Measurement<long>> Slots(Func<DeviceUse, int> count) =>
        _devices.Use.Select(use => new Measurement<long>(count(use), Tag("device", use.Device.TorchName)));

    private IEnumerable<Measurement<double>> Gpus(Func<GpuFacts, double?> figure) =>
        from gpu in _devices.Gpus
        where _devices.FactsOf(gpu, ReadHardware()) is { } facts && figure(facts) is not null
        select new Measurement<double>(figure(_devices.FactsOf(gpu, ReadHardware())!)!.Value, Tag("device", gpu.TorchName));

    private Hardware ReadHardware()
    {
        lock (_lock)
        {
            if (_seen is null || _time.GetElapsedTime(_seenAt) > HardwareKept)
                (_seen, _seenAt) = (_hardware.Read(), _time.GetTimestamp());
            return _seen;
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
