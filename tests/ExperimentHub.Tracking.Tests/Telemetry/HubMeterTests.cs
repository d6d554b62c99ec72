using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Telemetry;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Telemetry;

/// <summary>
/// What is measured while somebody listens. Other hubs of this process are heard as well, so counts are compared with the least that there must be.
/// </summary>
public sealed class HubMeterTests
{
    [Fact]
    public async Task Listener_WhileARunIsRecorded_HearsPointsFlushesAndItsWait()
    {
        using var heard = new Heard();
        await using var hub = await EmptyHub.CreateAsync();
        var run = await hub.StartAsync();
        hub.Get<MetricWriter>().Append(run.RunNumber, "loss", [.. Enumerable.Range(1, 1_234).Select(step => new MetricPoint(step, step, step))]);
        await hub.Get<MetricWriter>().FlushAsync();

        Assert.True(heard.Sum("experimenthub.points.written") >= 1_234);
        Assert.NotEmpty(heard.Of("experimenthub.flush.duration"));
        Assert.Contains(heard.Of("experimenthub.queue.wait"), wait => wait is { Value: >= 0, Tags: "group=cpu" });
    }

    [Fact]
    public async Task Gauges_OfAHub_SayItsRunsItsQueueAndItsSlots()
    {
        await using var hub = await EmptyHub.CreateAsync();
        hub.Devices.Report = EmptyHub.OneCpu;
        await hub.FinishAsync("done", accuracies: 0.9);
        await hub.EnqueueAsync();
        await hub.EnqueueAsync();
        using var heard = new Heard();
        using var gauges = new HubGauges(hub.Get<IDbContextFactory<TrackingDb>>(), hub.Devices, hub.Get<IHardware>(), TimeProvider.System);
        heard.Collect();

        Assert.Equal(1, heard.Of("experimenthub.runs").Single(run => run.Tags == "status=finished").Value);
        Assert.Equal(2, heard.Of("experimenthub.runs").Single(run => run.Tags == "status=queued").Value);
        Assert.Equal(0, heard.Of("experimenthub.runs").Single(run => run.Tags == "status=failed").Value);
        Assert.Equal(2, heard.Of("experimenthub.queue.length").Single(queue => queue.Tags == "group=cpu").Value);
        // Nobody asks a driver where there is no GPU.
        Assert.Empty(heard.Of("experimenthub.gpu.utilization"));
    }

    /// <summary>Listens to every meter of the hub's name.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentQueue<(string Name, double Value, string Tags)> _all = new();

        public Heard()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == HubMeter.Name)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public IReadOnlyList<(string Name, double Value, string Tags)> Of(string name) => [.. _all.Where(one => one.Name == name)];

        public double Sum(string name) => Of(name).Sum(one => one.Value);

        public void Collect() => _listener.RecordObservableInstruments();

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            _all.Enqueue((instrument.Name, value, string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
    }
}
