using System.Globalization;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace ExperimentHub.Execution.Schedules;

/// <summary>
/// Keeps exactly one Quartz trigger for each enabled schedule: one shot at its next time, which <see cref="IFireTimes"/> says, set anew by each
/// firing. A trigger that is right is left alone, also at the start: it remembers which night was missed while the hub was off.
/// </summary>
internal sealed class ScheduleTriggers(
    ISchedulerFactory schedulers, ScheduleStore schedules, ExperimentStore experiments, IFireTimes fireTimes, StorageWatch storage, TimeProvider time,
    ILogger<ScheduleTriggers> logger)
    : IHostedService, IDisposable
{
    private const string TriggerGroup = "schedules";
    private const string CronKey = "cron";
    private const string ZoneKey = "zone";

    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <summary>What the schedules said when the triggers were last made after them; null before that.</summary>
    private volatile List<(int Id, string Cron, string Zone)>? _said;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        schedules.Changed += OnChanged;
        experiments.Changed += OnChanged;
        await storage.UntilDoneAsync(() => SynchroniseAsync(cancellationToken), cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        schedules.Changed -= OnChanged;
        experiments.Changed -= OnChanged;
        return Task.CompletedTask;
    }

    public void Dispose() => _oneAtATime.Dispose();

    /// <summary>Makes the triggers what the schedules say, where these have changed and nobody said so here.</summary>
    public async Task FollowRowsAsync(CancellationToken cancellation)
    {
        if (_said is not { } said || !said.SequenceEqual(Said(await schedules.EnabledAsync(cancellation))))
            await SynchroniseAsync(cancellation);
    }

    /// <summary>Makes the triggers what the schedules say.</summary>
    public Task SynchroniseAsync(CancellationToken cancellation) => InTurnAsync(async scheduler =>
    {
        var wanted = await WantedAsync(cancellation);
        foreach (var key in await scheduler.GetTriggerKeys(GroupMatcher<TriggerKey>.GroupEquals(TriggerGroup), cancellation))
        {
            if (!wanted.ContainsKey(key))
                await scheduler.UnscheduleJob(key, cancellation);
        }

        foreach (var (key, schedule) in wanted)
        {
            var there = await scheduler.GetTrigger(key, cancellation);
            if (there is not null and not ICronTrigger && there.JobDataMap.TryGetString(CronKey, out var cron) && cron == schedule.Cron
                && there.JobDataMap.TryGetString(ZoneKey, out var zone) && zone == schedule.TimeZone)
                continue;
            var now = time.GetUtcNow();
            // An older hub left Quartz's own cron triggers; what one of them missed is not lost.
            if (there is ICronTrigger old && old.CronExpressionString == schedule.Cron && old.TimeZone.Id == schedule.TimeZone
                && old.NextFireTimeUtc is { } missed && missed <= now)
                await ScheduleAsync(scheduler, schedule, missed, missed, cancellation);
            else
                await SetNextAsync(scheduler, schedule, now, cancellation);
        }

        _said = Said(wanted.Values);
    }, cancellation);

    /// <summary>
    /// After a firing: sets the trigger on the next time after both the one that was due and now, so that a missed night runs once.
    /// </summary>
    public Task AdvanceAsync(int id, DateTimeOffset due) => InTurnAsync(async scheduler =>
    {
        if (await FindAsync(id) is not { } schedule)
            return;
        var now = time.GetUtcNow();
        await SetNextAsync(scheduler, schedule, due > now ? due : now, CancellationToken.None);
    }, CancellationToken.None);

    /// <summary>Sets the trigger on a moment of its own for a time that was due.</summary>
    public Task SetAsync(int id, DateTimeOffset due, DateTimeOffset at) => InTurnAsync(async scheduler =>
    {
        if (await FindAsync(id) is { } schedule)
            await ScheduleAsync(scheduler, schedule, due, at, CancellationToken.None);
    }, CancellationToken.None);

    /// <summary>A schedule whose next time is not a later one would fire without end: it is halted, and its history says why.</summary>
    private async Task SetNextAsync(IScheduler scheduler, Schedule schedule, DateTimeOffset after, CancellationToken cancellation)
    {
        if (ZoneClock.Of(schedule.TimeZone) is null)
            await schedules.HaltAsync(schedule.Id,
                $"This machine does not know the time zone {schedule.TimeZone} (any more). Choose another or update the system's zone data, then "
                    + "turn the schedule on.", cancellation);
        else if (fireTimes.Next(schedule.Cron, schedule.TimeZone, after, 1) is not [var next])
            await scheduler.UnscheduleJob(KeyOf(schedule.Id), cancellation); // Its last date is over.
        else if (next <= after)
            await schedules.HaltAsync(schedule.Id,
                $"Its next time ({next:u}) would not be later than {after:u}. Change when it fires, then turn it on.", cancellation);
        else
            await ScheduleAsync(scheduler, schedule, next, next, cancellation);
    }

    private async Task ScheduleAsync(IScheduler scheduler, Schedule schedule, DateTimeOffset due, DateTimeOffset at, CancellationToken cancellation)
    {
        var trigger = TriggerBuilder.Create(time)
            .WithIdentity(KeyOf(schedule.Id))
            .ForJob(RetrainJob.Key)
            .UsingJobData(RetrainJob.ScheduleKey, schedule.Id.ToString(CultureInfo.InvariantCulture))
            .UsingJobData(RetrainJob.DueKey, due.ToString("O", CultureInfo.InvariantCulture))
            .UsingJobData(CronKey, schedule.Cron)
            .UsingJobData(ZoneKey, schedule.TimeZone)
            .StartAt(at)
            // One missed night or many: one run, as soon as the hub is back.
            .WithSimpleSchedule(simple => simple.WithRepeatCount(0).WithMisfireInstruction(SimpleTriggerMisfireInstruction.FireNow))
            .Build();
        await scheduler.ScheduleTrigger(trigger, TriggerConflict.Replace, cancellation);
    }

    private async Task<Schedule?> FindAsync(int id) => (await WantedAsync(CancellationToken.None)).GetValueOrDefault(KeyOf(id));

    private async Task<Dictionary<TriggerKey, Schedule>> WantedAsync(CancellationToken cancellation) =>
        (await schedules.EnabledAsync(cancellation)).ToDictionary(schedule => KeyOf(schedule.Id));

    private static List<(int, string, string)> Said(IEnumerable<Schedule> wanted) =>
        [.. wanted.Select(schedule => (schedule.Id, schedule.Cron, schedule.TimeZone))];

    private async Task InTurnAsync(Func<IScheduler, Task> change, CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            await change(await schedulers.GetScheduler(cancellation));
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private static TriggerKey KeyOf(int schedule) => new($"schedule-{schedule}", TriggerGroup);

    private void OnChanged(int id) => _ = Task.Run(async () =>
    {
        try
        {
            await storage.UntilDoneAsync(() => SynchroniseAsync(CancellationToken.None));
        }
        catch (Exception e)
        {
            logger.LogError(e, "The triggers could not follow a change ({Id}); the housekeeping tries again", id);
        }
    });
}
