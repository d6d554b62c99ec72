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
            CronShape.EveryHour => draft.Minute.Trim().Trim('0').Length == 0 ? "Every hour on the hour" : $"Every hour at {draft.Minute.Trim().PadLeft(2, '0')} past",
            _ => CronDraft.Of(draft.Own) is { Shape: not CronShape.Own } plain ? Of(plain) : draft.Own.Trim(),
        };
    }

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
