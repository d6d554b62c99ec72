using System.Globalization;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Storage;
using Quartz;

namespace ExperimentHub.Execution.Schedules;

/// <summary>A schedule is due: records the firing and queues its run. What is due and what an overlap means, the store decides.</summary>
internal sealed class RetrainJob(ScheduleStore schedules, StorageWatch storage) : IJob
{
    public const string ScheduleKey = "schedule";

    public static readonly JobKey Key = new("retrain");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        var id = int.Parse(context.MergedJobDataMap.GetString(ScheduleKey)!, CultureInfo.InvariantCulture);
        // After a missed night this is the time that was missed, so the firing is shown as late.
        var due = context.ScheduledFireTimeUtc ?? context.FireTimeUtc;
        // Quartz will not say it again, so it is tried until the database takes it; a firing that is repeated finds what it wrote.
        await storage.UntilDoneAsync(() => schedules.FireAsync(id, due, manual: false, CancellationToken.None), cancellationToken);
    }
}
