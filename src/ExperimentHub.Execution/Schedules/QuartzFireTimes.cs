using System.Globalization;
using System.Text.RegularExpressions;
using ExperimentHub.Tracking.Schedules;
using Quartz;

namespace ExperimentHub.Execution.Schedules;

/// <summary>
/// Quartz's cron expressions say which times of the wall clock are meant, the zone's clock when it shows them. Pages show these times and
/// <see cref="ScheduleTriggers"/> fires at them.
/// </summary>
internal sealed partial class QuartzFireTimes(TimeProvider time) : IFireTimes
{
    /// <summary>Long enough for a list of every minute.</summary>
    private const int LongestExpression = 250;

    // Far from both ends of what a time can be; Quartz's own years are fewer.
    private const int FirstYear = 2, LastYear = 9000;

    public (string? Cron, string? Problem) Read(string typed)
    {
        var fields = CronDraft.Fields(typed);
        if (fields.Length is not (5 or 6 or 7))
            return (null, $"A cron expression has five fields (minute hour day month weekday) or Quartz's six or seven; this one has {fields.Length}.");
        if (fields.Sum(field => field.Length) > LongestExpression)
            return (null, $"A cron expression has at most {LongestExpression} characters.");
        // Quartz 4.7 takes 98 and 99, its own marks for "any" and "none", for values: "99 2 * * *" would fire every minute from 2 to 3.
        if (fields.Take(6).SelectMany(field => Numbers().Matches(field))
            .FirstOrDefault(match => match.Value.Length > 2 || int.Parse(match.Value, CultureInfo.InvariantCulture) > 59) is { } number)
            return (null, $"This is not a cron expression: no field has a value of {number.Value}.");
        // Training that starts every second is a slip of the keyboard; each firing would be kept for nothing.
        if (fields.Length > 5 && !fields[0].All(char.IsAsciiDigit))
            return (null, "A schedule fires once a minute at most: with six or seven fields the first is the second, one number from 0 to 59, not "
                + $"'{fields[0]}'.");
        // Quartz 4.7 takes a weekday field that has them all for a star, and then the date alone decides. Either is enough, so that this is every
        // day.
        var date = fields.Length == 5 ? 2 : 3;
        if (fields[date] is not ("*" or "?") && fields[date + 2] is not ("*" or "?")
            && (fields[date] == "1-31" || CronDraft.DaysOf(fields[date + 2], fields.Length > 5) == WeekDays.All))
            (fields[date], fields[date + 2]) = ("*", fields.Length == 5 ? "*" : "?");
        try
        {
            var cron = CronExpression.Parse(string.Join(' ', fields), fields.Length == 5 ? CronFormat.Unix : CronFormat.Quartz).CronExpressionString;
            return WallTimes(cron).GetNextValidTimeAfter(time.GetUtcNow()) is null
                ? (null, "This expression never fires; such a date does not come.") : (cron, null);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return (null, $"This is not a cron expression: {e.Message.TrimEnd('.')}.");
        }
    }

    public IReadOnlyList<DateTimeOffset> Next(string cron, string timeZone, DateTimeOffset after, int count)
    {
        List<DateTimeOffset> times = [];
        if (ZoneClock.Of(timeZone) is not { } clock || after.Year is < FirstYear or > LastYear)
            return times;
        var expression = WallTimes(cron);
        // A time that the clocks have shown has had its turn; what is first shown later is therefore always later.
        var shown = clock.LatestShown(after);
        while (times.Count < count && expression.GetNextValidTimeAfter(new DateTimeOffset(shown, TimeSpan.Zero)) is { } wall)
        {
            var due = clock.FirstShow(wall.DateTime);
            times.Add(due);
            shown = clock.LatestShown(due);
        }

        return times;
    }

    /// <summary>A clock that never changes stands for the clock on the wall.</summary>
    private static CronExpression WallTimes(string cron) => new(cron, TimeZoneInfo.Utc);

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Numbers();
}
