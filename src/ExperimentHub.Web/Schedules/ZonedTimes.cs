using System.Globalization;
using ExperimentHub.Tracking.Schedules;

namespace ExperimentHub.Web.Schedules;

/// <summary>Times as the clocks of a schedule's zone show them, and what happens to them when those clocks change.</summary>
public static class ZonedTimes
{
    /// <summary>The zones that can be chosen, by IANA name.</summary>
    public static IReadOnlyList<string> Zones { get; } =
        [.. TimeZoneInfo.GetSystemTimeZones().Where(zone => zone.HasIanaId).Select(zone => zone.Id).Order(StringComparer.Ordinal)];

    /// <summary>The zone of this machine, where it has a name.</summary>
    public static string ServerZone => TimeZoneInfo.Local.HasIanaId ? TimeZoneInfo.Local.Id : "Etc/UTC";

    public static bool IsKnown(string? zone) => zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) && found.HasIanaId;

    /// <param name="utc">A time as the database has it.</param>
    /// <param name="zone">IANA name; a zone that this machine does not know any more is shown as UTC.</param>
    public static DateTimeOffset In(DateTime utc, string zone)
    {
        var time = new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc));
        return ZoneClock.Of(zone)?.At(time) ?? time;
    }

    /// <summary><c>Sat 28 Nov 2026, 02:30</c>.</summary>
    public static string Date(DateTimeOffset time) => time.ToString("ddd d MMM yyyy, HH:mm", CultureInfo.InvariantCulture);

    /// <summary><c>UTC+01:00</c>.</summary>
    public static string Offset(DateTimeOffset time) => $"UTC{time.ToString("zzz", CultureInfo.InvariantCulture)}";

    /// <summary>The exact time with zone and offset, for hover.</summary>
    public static string Exact(DateTimeOffset time, string zone) => $"{Date(time)} {Offset(time)} ({zone})";

    /// <summary>What is odd about a time in the night of a daylight change; null on all other days.</summary>
    /// <param name="wanted">The time of day that was asked for, if it is always the same.</param>
    public static string? Oddity(DateTimeOffset time, string zone, TimeOnly? wanted)
    {
        if (wanted is { } wish && TimeOnly.FromDateTime(time.DateTime) != wish)
            return $"the clocks leap over {wish.ToString("HH:mm", CultureInfo.InvariantCulture)} that day";
        return ZoneClock.Of(zone)?.ShowsTwice(time) == true ? "the clocks show this time twice that day; it fires once, the first time" : null;
    }

    /// <summary>Says that the clocks change between the times; null where all have the same offset.</summary>
    public static string? Change(IReadOnlyList<DateTimeOffset> times)
    {
        for (var i = 1; i < times.Count; i++)
        {
            if (times[i].Offset != times[i - 1].Offset)
                return $"Daylight saving changes before {Date(times[i])}: from {Offset(times[i - 1])} to {Offset(times[i])}. It follows the clocks "
                    + "of its zone.";
        }

        return null;
    }
}
