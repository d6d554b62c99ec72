using System.Globalization;

namespace ExperimentHub.Tracking.Schedules;

/// <summary>Says a cron expression in plain words.</summary>
public static class CronWords
{
    private static readonly WeekDays[] Week =
        [WeekDays.Monday, WeekDays.Tuesday, WeekDays.Wednesday, WeekDays.Thursday, WeekDays.Friday, WeekDays.Saturday, WeekDays.Sunday];

    /// <summary>Plain words for the common shapes; the expression itself where the words would be longer.</summary>
    public static string Of(string cron) => Of(CronDraft.Of(cron)) ?? cron;

    /// <summary>The same for what is being typed; null where a field cannot be read.</summary>
    public static string? Of(CronDraft draft)
    {
        if (draft.Problems.Count > 0)
            return null;
        var at = draft.TimeOfDay is { } time ? $"at {time.ToString("HH:mm", CultureInfo.InvariantCulture)}" : "";
        return draft.Shape switch
        {
            CronShape.EveryDay => $"Every day {at}",
            CronShape.Workdays => $"Monday to Friday {at}",
            CronShape.Weekends => $"Saturday and Sunday {at}",
            CronShape.ChosenDays => $"{Days(draft.Days)} {at}",
            CronShape.DayOfMonth => $"On day {draft.DayOfMonth.Trim().TrimStart('0')} of each month {at}",
            CronShape.EveryHour =>
                draft.Minute.Trim().Trim('0').Length == 0 ? "Every hour on the hour" : $"Every hour at {draft.Minute.Trim().PadLeft(2, '0')} past",
            _ => CronDraft.Of(draft.Own) is { Shape: not CronShape.Own } plain ? Of(plain) : Either(draft.Own) ?? draft.Own.Trim(),
        };
    }

    /// <summary>
    /// A date beside a weekday: as in crontab, one of the two is enough, which many people read the other way. null for all other expressions.
    /// </summary>
    private static string? Either(string cron)
    {
        var fields = CronDraft.Fields(cron);
        var quartz = fields.Length is 6 or 7;
        if (fields.Length is not (5 or 6 or 7))
            return null;
        var (minute, hour, date, month, day) = (fields[^Back(5)], fields[^Back(4)], fields[^Back(3)], fields[^Back(2)], fields[^Back(1)]);
        if (date is "*" or "?" || day is "*" or "?")
            return null;
        var plain = month == "*" && (!quartz || fields[0] is "0" or "00") && (fields.Length < 7 || fields[6] == "*");
        return plain && CronDraft.Of($"{minute} {hour} * * *") is { Shape: CronShape.EveryDay, Time: var at } && Dates(date) is { } dates
            && CronDraft.DaysOf(day, quartz) is not WeekDays.None and var days
            ? $"On {dates} of each month or on {(days == WeekDays.All ? "any day" : Days(days).Replace("Every ", "", StringComparison.Ordinal))} "
                + $"(either is enough) at {at}"
            : $"{string.Join(' ', fields)} (either the day of the month or the weekday is enough)";

        // Year is the last of seven.
        int Back(int place) => fields.Length == 7 ? place + 1 : place;
    }

    /// <summary><c>day 13</c>, <c>days 1 and 15</c>, <c>every 2nd day</c>; null for what has no short words.</summary>
    private static string? Dates(string field)
    {
        if (field.StartsWith("*/", StringComparison.Ordinal))
            return DayNumber(field[2..]) is { } step
                ? step switch { 1 => "every day", 2 => "every other day from day 1", _ => $"each {step} days from day 1" } : null;
        int?[] numbers = [.. field.Split(',').Select(DayNumber)];
        return numbers.Contains(null) ? null : numbers is [var only] ? $"day {only}" : $"days {string.Join(", ", numbers[..^1])} and {numbers[^1]}";
    }

    private static int? DayNumber(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var day) && day is >= 1 and <= 31 ? day : null;

    /// <summary><c>Every Tuesday</c>, <c>Monday, Wednesday and Friday</c>.</summary>
    private static string Days(WeekDays days)
    {
        string[] names = [.. Week.Where(day => days.HasFlag(day)).Select(day => day.ToString())];
        return names switch
        {
            [var only] => $"Every {only}",
            { Length: 7 } => "Every day",
            _ when days == WeekDays.Workdays => "Monday to Friday",
            _ => $"{string.Join(", ", names[..^1])} and {names[^1]}",
        };
    }
}
