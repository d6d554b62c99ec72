using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Deletions;

/// <summary>
/// The time of a deletion, which also names it: what was deleted together is brought back together. Marks are whole milliseconds, because programs
/// read times into types that keep no more, and no two deletions have the same.
/// </summary>
internal static class DeletionMark
{
    private const long Ticks = TimeSpan.TicksPerMillisecond;

    /// <summary>A mark that no run has.</summary>
    public static async Task<DateTime> NextAsync(TrackingDb db, DateTime now, CancellationToken cancellation)
    {
        var mark = Begin(now);
        while (await At(db.Runs.IgnoreQueryFilters(), mark).AnyAsync(cancellation))
            mark = mark.AddTicks(Ticks);
        return mark;
    }

    /// <summary>The runs with this mark, also where the hub wrote it to more digits than the caller's type keeps.</summary>
    /// <param name="mark">A time without a zone is UTC, as every time of the hub.</param>
    public static IQueryable<Runs.Run> At(IQueryable<Runs.Run> runs, DateTime mark)
    {
        var from = Begin(mark.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(mark, DateTimeKind.Utc) : mark.ToUniversalTime());
        var to = from > DateTime.MaxValue.AddTicks(-Ticks) ? DateTime.MaxValue : from.AddTicks(Ticks);
        return runs.Where(run => run.DeletedAt >= from && run.DeletedAt < to);
    }

    private static DateTime Begin(DateTime time) => new(time.Ticks - time.Ticks % Ticks, DateTimeKind.Utc);
}
