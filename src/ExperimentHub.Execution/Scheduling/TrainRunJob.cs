using ExperimentHub.Execution.Devices;
using ExperimentHub.Execution.Trainers;
using ExperimentHub.Tracking.Runs;
using Microsoft.Extensions.Hosting;
using Quartz;

namespace ExperimentHub.Execution.Scheduling;

/// <summary>
/// The job behind every ticket: claims the first waiting run of its group whose device is free, and trains it. Which run that is, the
/// database decides; the ticket only says "now, in this group".
/// </summary>
internal sealed class TrainRunJob(RunQueue queue, DeviceSlots slots, RunSupervisor supervisor, RunTickets tickets, IHostApplicationLifetime host) : IJob
{
    public static readonly JobKey Key = new("train-run");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        // Quartz cancels the jobs that run when it shuts down, but not one that it starts in that very moment; the host's own token covers both.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, host.ApplicationStopping);
        if (stopping.IsCancellationRequested)
            return;
        var group = context.MergedJobDataMap.GetString(RunTickets.GroupKey)!;
        DeviceLease? lease = null;
        try
        {
            var run = await queue.ClaimAsync(group, request => (lease = slots.TryTake(request)) is not null, CancellationToken.None);
            if (run is null)
                return;
            lease!.Enter(run.Key.Run);
            // From here on the run is ours: it leaves this block with an ending, or the next start finds it orphaned.
            await supervisor.SuperviseAsync(run, lease.Device, stopping.Token);
        }
        finally
        {
            lease?.Dispose();
        }

        // The slot is free again. Tickets of runs that wait for this very device may have been used up while it was busy.
        if (!stopping.IsCancellationRequested)
            await tickets.IssueNextAsync(group);
    }
}
