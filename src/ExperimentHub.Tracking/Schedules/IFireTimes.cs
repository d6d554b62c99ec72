namespace ExperimentHub.Tracking.Schedules;

/// <summary>
/// Reads cron expressions. A seam: the scheduler's own clockwork answers, so that a page never promises a time that it would not keep.
/// </summary>
public interface IFireTimes
{
    /// <summary>Reads what a person typed: five fields as in crontab (Sunday is 0 or 7), or Quartz's six or seven.</summary>
    /// <returns>The expression in Quartz's form, or what is wrong with it.</returns>
    (string? Cron, string? Problem) Read(string typed);

    /// <summary>
    /// The next times after <paramref name="after"/>, each later than the one before and with the offset that the zone has then; fewer where there
    /// are no more, none in a zone that this machine does not know. A time that the clocks leap over is the end of the gap, one that they show
    /// twice is the first of the two.
    /// </summary>
    /// <param name="cron">A valid expression in Quartz's form.</param>
    /// <param name="timeZone">IANA name.</param>
    IReadOnlyList<DateTimeOffset> Next(string cron, string timeZone, DateTimeOffset after, int count);
}
