using System.Globalization;
using System.Text.RegularExpressions;
using ExperimentHub.Tracking.Schedules;
using Quartz;

namespace ExperimentHub.Execution.Schedules;

/// <summary>Answers with Quartz's own cron expressions, so that what a page shows is what the scheduler does.</summary>
internal sealed partial class QuartzFireTimes(TimeProvider time) : IFireTimes
{
    public (string? Cron, string? Problem) Read(string typed)
    {
        var fields = typed.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (fields.Length is not (5 or 6 or 7))
            return (null, $"A cron expression has five fields (minute hour day month weekday) or Quartz's six or seven; this one has {fields.Length}.");
        // Quartz 4.7 takes 98 and 99, its own marks for "any" and "none", for values: "99 2 * * *" would fire every minute from 2 to 3.
        if (fields.Take(6).SelectMany(field => Numbers().Matches(field)).FirstOrDefault(match => match.Value.Length > 2 || int.Parse(match.Value, CultureInfo.InvariantCulture) > 59) is { } number)
            return (null, $"This is not a cron expression: no field has a value of {number.Value}.");
        // Training that starts every second is a slip of the keyboard; each firing would be kept for nothing.
        if (fields.Length > 5 && !fields[0].All(char.IsAsciiDigit))
            return (null, $"A schedule fires once a minute at most: with six or seven fields the first is the second, one number from 0 to 59, not '{fields[0]}'.");
        try
        {
            var expression = CronExpression.Parse(string.Join(' ', fields), fields.Length == 5 ? CronFormat.Unix : CronFormat.Quartz);
            return expression.GetNextValidTimeAfter(time.GetUtcNow()) is null
                ? (null, "This expression never fires; such a date does not come.")
                : (expression.CronExpressionString, null);
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
        for (var next = expression.GetNextValidTimeAfter(after); next is { } due && times.Count < count; next = expression.GetNextValidTimeAfter(due))
            times.Add(TimeZoneInfo.ConvertTime(due, zone));
        return times;
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
