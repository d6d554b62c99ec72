namespace ExperimentHub.Tracking.Schedules;

/// <summary>
/// The clocks of a time zone, from nothing but how far they are from UTC at each moment. TimeZoneInfo's own answers about times that are leapt over
/// or shown twice are wrong in zones that call the winter the exception (Dublin, Casablanca); its offsets are right there too.
/// </summary>
public sealed class ZoneClock(TimeZoneInfo zone)
{
    /// <summary>No zone changes its clocks twice within four days.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromHours(6);

    /// <summary>More than clocks were ever moved at once: a whole day in Samoa and Kwajalein.</summary>
    private static readonly TimeSpan LongestLeap = TimeSpan.FromHours(26);

    /// <summary>More than any clock is away from UTC.</summary>
    private static readonly TimeSpan FarthestOffset = TimeSpan.FromHours(16);

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>null for a name that this machine's list of zones does not have (any more).</summary>
    /// <param name="timeZone">IANA name.</param>
    public static ZoneClock? Of(string timeZone) => TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var zone) ? new ZoneClock(zone) : null;

    /// <summary>What the clocks show at a moment.</summary>
    public DateTimeOffset At(DateTimeOffset moment) => moment.ToOffset(zone.GetUtcOffset(moment));

    /// <summary>
    /// The first moment at which the clocks show this time or, if they leap over it, a later one: the first of two, the end of a gap.
    /// </summary>
    public DateTimeOffset FirstShow(DateTime wall)
    {
        var utc = DateTime.SpecifyKind(wall, DateTimeKind.Utc);
        var (_, first) = Stretches(utc - FarthestOffset, utc + FarthestOffset)
            .Select(stretch => (stretch.Until, Reached: Later(stretch.From, utc - stretch.Offset)))
            .First(stretch => stretch.Reached < stretch.Until);
        return At(new DateTimeOffset(first));
    }

    /// <summary>
    /// The latest time that the clocks have shown up to a moment, to the second: ahead of what they show while they show times again.
    /// </summary>
    public DateTime LatestShown(DateTimeOffset moment)
    {
        var until = WholeSecond(moment);
        return Stretches(until - LongestLeap, until + Second)
            .Max(stretch => DateTime.SpecifyKind(stretch.Until - Second + stretch.Offset, DateTimeKind.Unspecified));
    }

    /// <summary>The clocks show the time of this moment twice.</summary>
    public bool ShowsTwice(DateTimeOffset moment)
    {
        var utc = WholeSecond(moment);
        var wall = utc + zone.GetUtcOffset(utc);
        return Stretches(utc - LongestLeap, utc + LongestLeap)
            .Select(stretch => (stretch, Then: wall - stretch.Offset))
            .Any(at => at.Then != utc && at.Then >= at.stretch.From && at.Then < at.stretch.Until);
    }

    /// <summary>The span in pieces of one offset each, in UTC; each ends where the next begins.</summary>
    private IEnumerable<(DateTime From, DateTime Until, TimeSpan Offset)> Stretches(DateTime from, DateTime until)
    {
        var (start, offset) = (from, zone.GetUtcOffset(from));
        for (var at = from; at < until;)
        {
            var next = Earlier(at + Step, until);
            if (zone.GetUtcOffset(next) is var then && then != offset)
            {
                var change = Change(at, next, offset);
                yield return (start, change, offset);
                (start, offset) = (change, then);
            }

            at = next;
        }

        if (start < until)
            yield return (start, until, offset);
    }

    /// <summary>The first second after <paramref name="before"/> at which the offset is another.</summary>
    private DateTime Change(DateTime before, DateTime after, TimeSpan offset)
    {
        while (after - before > Second)
        {
            var middle = before.AddSeconds(Math.Floor((after - before).TotalSeconds / 2));
            (before, after) = zone.GetUtcOffset(middle) == offset ? (middle, after) : (before, middle);
        }

        return after;
    }

    private static DateTime WholeSecond(DateTimeOffset moment) => new(moment.UtcTicks - moment.UtcTicks % TimeSpan.TicksPerSecond, DateTimeKind.Utc);

    private static DateTime Earlier(DateTime one, DateTime other) => one < other ? one : other;

    private static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;
}
