using ExperimentHub.Tracking.Schedules;
using Quartz;

namespace ExperimentHub.Execution.Schedules;

/// <summary>Answers with Quartz's own cron expressions, so that what a page shows is what the scheduler does.</summary>
internal sealed class QuartzFireTimes : IFireTimes
{
    public (string? Cron, string? Problem) Read(string typed)
    {
        var fields = typed.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (fields.Length is not (5 or 6 or 7))
            return (null, $"A cron expression has five fields (minute hour day month weekday) or Quartz's six or seven; this one has {fields.Length}.");
        try
        {
            return (CronExpression.Parse(string.Join(' ', fields), fields.Length == 5 ? CronFormat.Unix : CronFormat.Quartz).CronExpressionString, null);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return (null, $"This is not a cron expression: {e.Message.TrimEnd('.')}.");
        }
    }

    public IReadOnlyList<DateTimeOffset> Next(string cron, string timeZone, DateTimeOffset after, int count)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(timeZone);
        var expression = new CronExpression(cron, zone);
        List<DateTimeOffset> times = [];
        for (var next = expression.GetNextValidTimeAfter(after); next is { } time && times.Count < count; next = expression.GetNextValidTimeAfter(time))
            times.Add(TimeZoneInfo.ConvertTime(time, zone));
        return times;
    }
}
