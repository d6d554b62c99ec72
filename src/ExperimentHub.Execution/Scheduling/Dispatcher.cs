using ExperimentHub.Execution.Devices;
using ExperimentHub.Execution.Nodes;
using ExperimentHub.Execution.Trainers;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace ExperimentHub.Execution.Scheduling;

/// <summary>
/// The start of the hub: tells the truth about runs that a former hub left behind, learns what devices there are, and opens the doors. Pages
/// answer from the first moment; runs start as soon as the devices are known.
/// </summary>
internal sealed class Dispatcher(
    OrphanedRuns orphans, RunQueue queue, RunFeed feed, DeviceDetection detection, DeviceInventory inventory, DeviceSlots slots, RunTickets tickets,
    LivingTrainers living, StandbyTrainer standby, KeptLogs logs, NodeStore nodes, NodePulse pulse,
    ISchedulerFactory schedulers, StorageWatch storage, ExecutionOptions options, DataFolder folder, IHostApplicationLifetime host,
    ILogger<Dispatcher> logger)
    : BackgroundService
{
    private IDisposable? _listening;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        // What cannot be written while the hub stops is given up in time for it to end in order, with one last try; the next start tells what became
        // of it. An outage that has lasted already will hardly end in the seconds that are left.
        host.ApplicationStopping.Register(() => storage.GiveUpAfter(options.ShutdownGrace / (storage.Outage is null ? 2 : 6)));
        // Before anything can start: the folder's lock says that no other hub lives. A trainer ends itself with its hub, and one that could not is
        // ended now.
        living.EndLeftovers();
        AttemptScratch.RemoveLeftovers(folder);
        foreach (var run in await orphans.InterruptAsync(cancellationToken))
            logger.LogWarning("Run {Run} was interrupted: the hub that trained it is gone", run);
        foreach (var run in await storage.UntilDoneAsync(() => queue.RequeueInterruptedAsync(cancellationToken), cancellationToken))
            logger.LogInformation("Run {Run} is queued again and goes on from its last checkpoint", run);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var asked = new SemaphoreSlim(0);
        void Ask() => asked.Release();
        inventory.TestRequested += Ask;
        try
        {
            await logs.KeepLeftoversAsync(stoppingToken);
            await LearnDevicesAsync(stoppingToken);
            // Listening begins before the queue is read, so that no run falls between the two; a second ticket does no harm.
            _listening = feed.Listen((run, signal) =>
            {
                if ((signal & RunSignal.Queued) != 0)
                    _ = IssueAsync(run, stoppingToken);
            });
            await tickets.IssueAllAsync(stoppingToken);
            if (inventory.Report is { Works: true })
                standby.Prepare(new TrainingSpec().Dataset);

            while (true)
            {
                // Others may read what there is.
                pulse.Soon();
                await asked.WaitAsync(stoppingToken);
                await TestAgainAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The hub stops, perhaps before it was open.
        }
        finally
        {
            inventory.TestRequested -= Ask;
        }
    }

    /// <summary>Runs the self-test and makes queue and doors agree with what it found. What trains already is left alone.</summary>
    private async Task LearnDevicesAsync(CancellationToken cancellation)
    {
        inventory.Report = await detection.DetectAsync(cancellation);
        await storage.UntilDoneAsync(() => queue.ResolveAutoAsync(cancellation), cancellation);
        var scheduler = await schedulers.GetScheduler(cancellation);
        var limits = ExecutionLimitsBuilder.Create();
        foreach (var group in new[] { DeviceRequest.Cpu, DeviceRequest.Cuda })
            limits.ForGroup(group, slots.Capacity(group));
        await storage.UntilDoneAsync(async () => await scheduler.SetExecutionLimits(limits.Build(), cancellation), cancellation);
    }

    /// <summary>Before the test: who asks from now on asks for another one.</summary>
    private async Task TakeWishAsync(CancellationToken cancellation)
    {
        try
        {
            await nodes.BeginTestAsync(cancellation);
        }
        catch (Exception e) when (storage.Note(e))
        {
            logger.LogDebug(e, "That the devices are being tested could not be written; they are tested once more when it can be");
        }
    }

    private async Task TestAgainAsync(CancellationToken cancellation)
    {
        try
        {
            await TakeWishAsync(cancellation);
            await LearnDevicesAsync(cancellation);
            await tickets.IssueAllAsync(cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // A hub that works must not end because a repeated test could not be finished.
            logger.LogError(e, "The devices could not be learnt again; the next test or the next start tries it anew");
            inventory.EndTest();
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
