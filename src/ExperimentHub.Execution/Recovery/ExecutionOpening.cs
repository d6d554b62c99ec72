using ExperimentHub.Execution.Devices;
using ExperimentHub.Execution.Scheduling;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Runs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace ExperimentHub.Execution.Recovery;

/// <summary>
/// The start of the hub: tells the truth about runs that a former hub left behind, learns what devices there are, and opens the doors. Pages
/// answer from the first moment; runs start as soon as the devices are known.
/// </summary>
internal sealed class ExecutionOpening(
    RunRecorder recorder, RunQueue queue, RunFeed feed, DeviceDetection detection, DeviceInventory inventory, DeviceSlots slots, RunTickets tickets,
    ISchedulerFactory schedulers, ILogger<ExecutionOpening> logger) : BackgroundService
{
    private IDisposable? _listening;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // Before anything can start: the folder's lock says that no other hub lives, and a trainer dies with its hub.
        foreach (var run in await recorder.InterruptOrphansAsync("The hub ended while this run trained (killed, or the machine went down).", cancellationToken))
            logger.LogWarning("Run {Run} was interrupted by the end of the last hub", run);
        foreach (var run in await queue.RequeueInterruptedAsync(cancellationToken))
            logger.LogInformation("Run {Run} is queued again and goes on from its last checkpoint", run);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            inventory.Report = await detection.DetectAsync(stoppingToken);
            await queue.ResolveAutoAsync(stoppingToken);
            var scheduler = await schedulers.GetScheduler(stoppingToken);
            var limits = ExecutionLimitsBuilder.Create();
            foreach (var group in new[] { DeviceRequest.Cpu, DeviceRequest.Cuda })
                limits.ForGroup(group, slots.Capacity(group));
            await scheduler.SetExecutionLimits(limits.Build(), stoppingToken);

            // Listening begins before the queue is read, so that no run falls between the two; a second ticket does no harm.
            _listening = feed.Listen((run, signal) =>
            {
                if (signal == RunSignal.Queued)
                    _ = IssueAsync(run, stoppingToken);
            });
            await tickets.IssueAllAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The hub stops before it was open.
        }
    }

    private async Task IssueAsync(RunId run, CancellationToken cancellation)
    {
        try
        {
            await tickets.IssueForAsync(run, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            logger.LogError(e, "No ticket for run {Run}; it starts when the next run ends or the hub starts again", run);
        }
    }

    public override void Dispose()
    {
        _listening?.Dispose();
        base.Dispose();
    }
}
