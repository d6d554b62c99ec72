using ExperimentHub.Execution.Devices;
using ExperimentHub.Execution.Trainers;
using ExperimentHub.Tracking.Runs;
using Quartz;

namespace ExperimentHub.Execution.Scheduling;

/// <summary>
/// The job behind every ticket: claims the first waiting run of its group whose device is free, and trains it. Which run that is, the
/// database decides; the ticket only says "now, in this group".
/// </summary>
internal sealed class TrainRunJob(RunQueue queue, DeviceSlots slots, RunSupervisor supervisor, RunTickets tickets) : IJob
{
    public static readonly JobKey Key = new("train-run");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        var group = context.MergedJobDataMap.GetString(RunTickets.GroupKey)!;
        DeviceLease? lease = null;
        try
        {
            var run = await queue.ClaimAsync(group, request => (lease = slots.TryTake(request)) is not null, cancellationToken);
            if (run is null)
                return;
            // From here on the run is ours: it leaves this block with an ending, or the next start finds it orphaned.
            await supervisor.SuperviseAsync(run, lease!.Device, cancellationToken);
        }
        finally
        {
            lease?.Dispose();
        }

        // The slot is free again. Tickets of runs that wait for this very device may have been used up while it was busy.
        if (!cancellationToken.IsCancellationRequested)
            await tickets.IssueNextAsync(group);
    }
}
