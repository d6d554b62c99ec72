using System.Globalization;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Storage;
using Microsoft.Extensions.Logging;
using Quartz;

namespace ExperimentHub.Execution.Schedules;

/// <summary>
/// A schedule is due: records the firing, queues its run, and sets the trigger on the next time. What is due and what an overlap means, the store
/// decides. Quartz repeats a job that the end of the hub cut off; the same due time fires once.
/// </summary>
internal sealed class RetrainJob(ScheduleStore schedules, ScheduleTriggers triggers, StorageWatch storage, TimeProvider time,
    ILogger<RetrainJob> logger) : IJob
{
    public const string ScheduleKey = "schedule";
    public const string DueKey = "due";

    public static readonly JobKey Key = new("retrain");

    private static readonly TimeSpan TryAgain = TimeSpan.FromMinutes(1);

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        var data = context.MergedJobDataMap;
        var id = int.Parse(data.GetString(ScheduleKey)!, CultureInfo.InvariantCulture);
        // After a missed night this is the time that was missed, so the firing is shown as late. A trigger of an older hub has only Quartz's word.
        var due = data.TryGetString(DueKey, out var text) && text is not null
            ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)
            : context.ScheduledFireTimeUtc ?? context.FireTimeUtc;
        try
        {
            // Tried until the database takes it; a firing that is repeated finds what it wrote.
            await storage.UntilDoneAsync(() => schedules.FireAsync(id, due, manual: false, CancellationToken.None), cancellationToken);
        }
        catch (Exception e)
        {
            logger.LogError(e, "Schedule {Schedule} was due at {Due} and the firing could not be recorded; it is tried again in a minute", id, due);
            await triggers.SetAsync(id, due, time.GetUtcNow() + TryAgain);
            return;
        }

        await triggers.AdvanceAsync(id, due);
    }
}
