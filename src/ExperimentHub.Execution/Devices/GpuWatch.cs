using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Devices;

/// <summary>
/// Notes how busy a run's GPU is and how much of its memory is taken, as the driver says it, while the run trains. The hub asks, not the trainer: the
/// driver speaks of the whole GPU, and a trainer that hangs in it cannot. On a thread of its own, because a driver in trouble may take its time.
/// </summary>
internal sealed class GpuWatch(DeviceInventory devices, RunRecorder recorder, TimeProvider time, ILogger<GpuWatch> logger)
{
    /// <summary>The driver itself looks between six times and once a second.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Begins to watch; ends when the result is disposed. A run on the CPU is not watched.</summary>
    public IAsyncDisposable Watch(AttemptKey key, DeviceInfo device) => new Watching(this, key, device);

    private async Task WatchAsync(AttemptKey key, DeviceInfo device, CancellationToken ends)
    {
        try
        {
            using var timer = new PeriodicTimer(Interval, time);
            do
            {
                if (devices.FactsOf(device, await devices.ReadHardwareAsync()) is { } facts)
                    recorder.GpuUse(key, facts.Utilisation, facts.MemoryUsed);
            }
            while (await timer.WaitForNextTickAsync(ends));
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // The attempt is over.
        }
        catch (Exception e)
        {
            logger.LogWarning(e, "Run {Run}: the use of {Device} is not noted any more", key.Run, device.TorchName);
        }
    }

    private sealed class Watching : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ends = new();
        private readonly Task _task;

        public Watching(GpuWatch watch, AttemptKey key, DeviceInfo device) =>
            _task = device.Kind == DeviceRequest.Cuda ? watch.WatchAsync(key, device, _ends.Token) : Task.CompletedTask;

        public async ValueTask DisposeAsync()
        {
            await _ends.CancelAsync();
            await _task;
            _ends.Dispose();
        }
    }
}
