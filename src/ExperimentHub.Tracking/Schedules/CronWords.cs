using System.Globalization;

namespace ExperimentHub.Tracking.Schedules;

/// <summary>Says a cron expression in plain words.</summary>
public static class CronWords
{
    private static readonly string[] Weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

    /// <summary>Plain words for the common shapes; the expression itself where the words would be longer.</summary>
    public static string Of(string cron)
    {
        var f = cron.Split(' ');
        if (f.Length < 6 || f[0] != "0" || !int.TryParse(f[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minute) || f[4] != "*")
            return cron;
        if (f[2] == "*" && f[3] is "*" or "?" && f[5] is "*" or "?")
            return $"Every hour at {minute:00} minutes past";
        if (!int.TryParse(f[2], NumberStyles.None, CultureInfo.InvariantCulture, out var hour))
            return cron;
        var at = $"at {hour:00}:{minute:00}";
        if (f[5] is "*" or "?")
            return f[3] is "*" or "?" ? $"Every day {at}" : int.TryParse(f[3], out var day) ? $"On day {day} of each month {at}" : cron;
        return f[5] switch
        {
            "MON-FRI" => $"Monday to Friday {at}",
            "SAT,SUN" or "SUN,SAT" => $"Saturday and Sunday {at}",
            _ when Weekdays.Contains(f[5]) => $"Every {Enum.GetValues<DayOfWeek>()[Array.IndexOf(Weekdays, f[5])]} {at}",
            _ => cron,
        };
    }
}
