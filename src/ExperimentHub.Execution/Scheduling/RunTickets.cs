using ExperimentHub.Execution.Devices;
using ExperimentHub.Tracking.Runs;
using Quartz;

namespace ExperimentHub.Execution.Scheduling;

/// <summary>
/// A ticket is a one-shot Quartz trigger in the execution group of a device kind; the group's limit is the number of its slots. Tickets carry
/// no run: losing or doubling one changes nothing, because each claims from the database, and a ticket that finds nothing ends.
/// </summary>
internal sealed class RunTickets(ISchedulerFactory schedulers, RunQueue queue, DeviceSlots slots, TimeProvider time)
{
    public const string GroupKey = "group";
    private const string TriggerGroup = "tickets";

    /// <summary>Makes the tickets what the queue says: one for each waiting run of a group that this machine can serve.</summary>
    public async Task IssueAllAsync(CancellationToken cancellation)
    {
        var scheduler = await schedulers.GetScheduler(cancellation);
        await scheduler.UnscheduleJobs(GroupMatcher<TriggerKey>.GroupEquals(TriggerGroup), cancellation);
        foreach (var (group, waiting) in await queue.WaitingAsync(cancellation))
        {
            for (var i = 0; i < waiting && slots.Capacity(group) > 0; i++)
                await IssueAsync(scheduler, group, $"{group}-start-{i}", cancellation);
        }
    }

    /// <summary>A ticket for a run that has just entered the queue.</summary>
    public async Task IssueForAsync(RunId run, CancellationToken cancellation)
    {
        if (await queue.WaitingGroupAsync(run, cancellation) is { } group && slots.Capacity(group) > 0)
            await IssueAsync(await schedulers.GetScheduler(cancellation), group, $"{group}-{run}", cancellation);
    }

    /// <summary>A ticket for whoever waits in the group now that a slot is free.</summary>
    public async Task IssueNextAsync(string group)
    {
        if ((await queue.WaitingAsync()).GetValueOrDefault(group) > 0)
            await IssueAsync(await schedulers.GetScheduler(), group, $"{group}-next", CancellationToken.None);
    }

    private async Task IssueAsync(IScheduler scheduler, string group, string name, CancellationToken cancellation)
    {
        var ticket = TriggerBuilder.Create(time)
            .WithIdentity(name, TriggerGroup)
            .ForJob(TrainRunJob.Key)
            .WithExecutionGroup(group)
            .UsingJobData(GroupKey, group)
            .StartNow()
            .Build();
        await scheduler.ScheduleTrigger(ticket, TriggerConflict.Keep, cancellation);
    }
}
