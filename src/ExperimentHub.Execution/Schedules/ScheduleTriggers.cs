using System.Globalization;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Quartz;

namespace ExperimentHub.Execution.Schedules;

/// <summary>
/// Keeps exactly one Quartz trigger for each enabled schedule. A trigger that is right is left alone, also at the start: it remembers which night
/// was missed while the hub was off.
/// </summary>
internal sealed class ScheduleTriggers(
    ISchedulerFactory schedulers, ScheduleStore schedules, ExperimentStore experiments, StorageWatch storage, TimeProvider time, ILogger<ScheduleTriggers> logger) : IHostedService, IDisposable
{
    private const string TriggerGroup = "schedules";

    private readonly SemaphoreSlim _oneAtATime = new(1);

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

    /// <summary>Makes the triggers what the schedules say.</summary>
    public async Task SynchroniseAsync(CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            var scheduler = await schedulers.GetScheduler(cancellation);
            var wanted = (await schedules.ListAsync(cancellation: cancellation))
                .Where(s => s.Schedule.Enabled && s.Schedule.Experiment.ArchivedAt is null)
                .ToDictionary(s => KeyOf(s.Schedule.Id), s => s.Schedule);
            foreach (var key in await scheduler.GetTriggerKeys(GroupMatcher<TriggerKey>.GroupEquals(TriggerGroup), cancellation))
            {
                if (!wanted.ContainsKey(key))
                    await scheduler.UnscheduleJob(key, cancellation);
            }

            foreach (var (key, schedule) in wanted)
            {
                if (await scheduler.GetTrigger(key, cancellation) is ICronTrigger there && there.CronExpressionString == schedule.Cron && there.TimeZone.Id == schedule.TimeZone)
                    continue;
                await scheduler.ScheduleTrigger(Build(key, schedule), TriggerConflict.Replace, cancellation);
            }
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private ITrigger Build(TriggerKey key, Schedule schedule) => TriggerBuilder.Create(time)
        .WithIdentity(key)
        .ForJob(RetrainJob.Key)
        .UsingJobData(RetrainJob.ScheduleKey, schedule.Id.ToString(CultureInfo.InvariantCulture))
        // One missed night or many: one run, as soon as the hub is back.
        .WithCronSchedule(schedule.Cron, cron => cron.InTimeZone(TimeZoneInfo.FindSystemTimeZoneById(schedule.TimeZone)).WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
        .Build();

    private static TriggerKey KeyOf(int schedule) => new($"schedule-{schedule}", TriggerGroup);

    private void OnChanged(int id) => _ = Task.Run(async () =>
    {
        try
        {
            await storage.UntilDoneAsync(() => SynchroniseAsync(CancellationToken.None));
        }
        catch (Exception e)
        {
            logger.LogError(e, "The triggers could not follow a change ({Id}); the next start of the hub tries again", id);
        }
    });
}
