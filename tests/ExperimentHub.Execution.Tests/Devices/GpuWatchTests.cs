using ExperimentHub.Execution.Devices;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub.Drivers;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.Execution.Tests.Devices;

public sealed class GpuWatchTests : IDisposable
{
    private static readonly DeviceInfo Gpu = new("cuda", 0, "Tesla T4");
    private static readonly SelfTestReport OneGpu = new(
        true, "2.10.0", "CUDA", [new DeviceInfo("cpu", 0, "Test CPU"), Gpu], 1, 2.3, null, null,
        PciAddresses: new Dictionary<string, string> { ["cuda:0"] = "0000:17:00.0" });

    private readonly StandInDriver _driver = new(StandInDriver.Unlike);

    [Fact]
    public async Task Run_OnAGpu_HasItsUseAsMetrics()
    {
        using var trainer = Trainer(Gpu);
        await using var running = await StartAsync(trainer);
        var id = await running.Hub.EnqueueAsync(new TrainingSpec { Device = "cuda" });
        await UntilAsync(running, id, async run => (await LastAsync(running, run, MetricNames.GpuPercent)) is { Step: 5, Value: > 6.99 and < 7.01 });
        await UntilAsync(running, id, async run => (await LastAsync(running, run, MetricNames.GpuMemoryBytes)) is { Value: 1L << 30 });
        await running.Hub.Queue.RequestStopAsync(id);
        await running.WaitForEndAsync(id);
    }

    [Fact]
    public async Task Run_OnTheCpu_HasNone()
    {
        using var trainer = Trainer(new DeviceInfo("cpu", 0, "Test CPU"));
        await using var running = await StartAsync(trainer);
        var id = await running.Hub.EnqueueAsync(new TrainingSpec { Device = "cpu" });
        await running.WaitForAsync(id, _ => running.Hub.Get<LiveRuns>().Find(id)?.Step == 5);
        await running.Hub.Queue.RequestStopAsync(id);
        var run = await running.WaitForEndAsync(id);
        Assert.Null(await LastAsync(running, run, MetricNames.GpuPercent));
    }

    [Fact]
    public async Task GpuUse_BeforeTheFirstStep_IsNotNoted()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        hub.Recorder.GpuUse(key, 0.5, 1 << 20);
        Assert.Null(hub.Get<LiveSeries>().LastWaiting(key.RunNumber, MetricNames.GpuPercent));
        hub.Recorder.Progress(key, new TrainingProgress(1, 3, 0.5, 1));
        hub.Recorder.GpuUse(key, 0.5, null);
        Assert.Equal((3, 50), hub.Get<LiveSeries>()
            .LastWaiting(key.RunNumber, MetricNames.GpuPercent) is { } point ? (point.Step, point.Value) : default);
        Assert.Null(hub.Get<LiveSeries>().LastWaiting(key.RunNumber, MetricNames.GpuMemoryBytes));
    }

    private static FakeTrainer Trainer(DeviceInfo device) => new(
        $"{FakeTrainer.Say(new TrainingStarted(device, "2.10.0", 1, 7850, 60000, 10000, 1875))}; {FakeTrainer.Say(new TrainingProgress(1, 5, 0.5, 1))}; "
        + $"read -r stop; {FakeTrainer.Say(new TrainingStopped())}", OneGpu);

    public void Dispose() => _driver.Dispose();

    private Task<RunningHub> StartAsync(FakeTrainer trainer) =>
        RunningHub.StartAsync(trainer, services: services => services.AddSingleton<IHardware>(new MachineHardware(Nvml.In([_driver.Nvml]))));

    private static async Task<MetricPoint?> LastAsync(RunningHub running, Run run, string metric) =>
        (await running.Hub.Get<LiveSeries>().AfterAsync(run.Number, metric, -1)) is [.., var last] ? last : null;

    /// <summary>The feed says when to look.</summary>
    private static async Task UntilAsync(RunningHub running, RunId id, Func<Run, Task<bool>> condition)
    {
        using var changed = new SemaphoreSlim(1);
        using var subscription = running.Hub.Feed.Listen((_, _) => changed.Release());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        do
            await changed.WaitAsync(limit.Token);
        while (!await condition(await running.Hub.ReadAsync(id)));
    }
}
