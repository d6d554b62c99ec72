using ExperimentHub.Execution.Devices;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Quartz;

namespace ExperimentHub.Execution.Scheduling;

/// <summary>
/// A ticket is a one-shot Quartz trigger in the execution group of a device kind; the group's limit is the number of its slots. Tickets carry
/// no run: doubling one changes nothing, because each claims from the database, and a ticket that finds nothing ends. One that cannot be written is
/// tried until it is.
/// </summary>
/// <remarks>A ticket is a node's own: it is about the slots of that node. Those of others are left alone.</remarks>
internal sealed class RunTickets(
    ISchedulerFactory schedulers, RunQueue queue, DeviceSlots slots, ThisNode me, StorageWatch storage, TimeProvider time)
{
    public const string GroupKey = "group";

    /// <summary>Where a hub of before there were nodes put its own.</summary>
    private const string NobodysGroup = "tickets";

    private readonly string _group = $"{NobodysGroup}/{me.Name}";

    /// <summary>Makes the tickets what the queue says: one for each waiting run of a group that this machine can serve.</summary>
    public Task IssueAllAsync(CancellationToken cancellation) => storage.UntilDoneAsync(async () =>
    {
        var scheduler = await schedulers.GetScheduler(cancellation);
        foreach (var mine in new[] { _group, NobodysGroup })
            await scheduler.UnscheduleJobs(GroupMatcher<TriggerKey>.GroupEquals(mine), cancellation);
        foreach (var (group, waiting) in await queue.WaitingAsync(cancellation))
        {
            for (var i = 0; i < waiting && slots.Capacity(group) > 0; i++)
                await IssueAsync(scheduler, group, $"{group}-start-{i}", cancellation);
        }
    }, cancellation);

    /// <summary>A ticket for a run that has just entered the queue.</summary>
    public Task IssueForAsync(RunId run, CancellationToken cancellation) => storage.UntilDoneAsync(async () =>
    {
        if (await queue.WaitingGroupAsync(run, cancellation) is { } group && slots.Capacity(group) > 0)
            await IssueAsync(await schedulers.GetScheduler(cancellation), group, $"{group}-{run}", cancellation);
    }, cancellation);

    /// <summary>A ticket for whoever waits in the group now that a slot is free.</summary>
    public Task IssueNextAsync(string group, CancellationToken cancellation) => storage.UntilDoneAsync(async () =>
    {
        if ((await queue.WaitingAsync(cancellation)).GetValueOrDefault(group) > 0)
            await IssueAsync(await schedulers.GetScheduler(cancellation), group, $"{group}-next", cancellation);
    }, cancellation);

    /// <summary>Tickets for runs that wait although a slot is free: nobody said here that they do, or what was said was lost.</summary>
    public Task IssueMissingAsync(CancellationToken cancellation) => storage.UntilDoneAsync(async () =>
    {
        foreach (var (group, waiting) in await queue.WaitingAsync(cancellation))
        {
            var missing = Math.Min(waiting, slots.Free(group));
            for (var i = 0; i < missing; i++)
                await IssueAsync(await schedulers.GetScheduler(cancellation), group, $"{group}-missed-{i}", cancellation);
        }
    }, cancellation);

    private async Task IssueAsync(IScheduler scheduler, string group, string name, CancellationToken cancellation)
    {
        var ticket = TriggerBuilder.Create(time)
            .WithIdentity(name, _group)
            .ForJob(TrainRunJob.Key)
            .WithExecutionGroup(group)
            .UsingJobData(GroupKey, group)
            .StartNow()
            .Build();
        await scheduler.ScheduleTrigger(ticket, TriggerConflict.Keep, cancellation);
    }
}
