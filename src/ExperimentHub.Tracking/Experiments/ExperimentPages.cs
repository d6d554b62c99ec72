using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>Where a page of experiments ended: when its last one was active, and which it is.</summary>
public readonly record struct ExperimentPlace(DateTime ActiveAt, int Id)
{
    /// <returns>null where the text is none of <see cref="ToString"/>'s.</returns>
    public static ExperimentPlace? Parse(string text) =>
        text.Split('-') is [var ticks, var id]
        && long.TryParse(ticks, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var at) && at >= 0 && at <= DateTime.MaxValue.Ticks
        && int.TryParse(id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
            ? new ExperimentPlace(new DateTime(at, DateTimeKind.Utc), number)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{ActiveAt.Ticks:x}-{Id:x}");
}

/// <summary>Lists experiments page by page, without what their runs add up to.</summary>
public sealed class ExperimentPages(IDbContextFactory<TrackingDb> databases)
{
    public const int MaxSize = 500;

    /// <summary>
    /// The one with the newest run first. An experiment that gets a run while somebody pages moves to the front and is not shown to them again.
    /// </summary>
    /// <param name="size">At most <see cref="MaxSize"/>.</param>
    /// <param name="after">Where the page before ended; null for the first.</param>
    /// <returns>Next is null on the last page.</returns>
    public async Task<(IReadOnlyList<Experiment> Items, ExperimentPlace? Next)> ReadAsync(bool archived, int size, ExperimentPlace? after,
        CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var active = db.Experiments.AsNoTracking().Where(e => archived == (e.ArchivedAt != null))
            .Select(e => new { Experiment = e, At = e.Runs.Max(r => (DateTime?)r.CreatedAt) ?? e.CreatedAt });
        if (after is { } place)
            active = active.Where(row => row.At < place.ActiveAt || (row.At == place.ActiveAt && row.Experiment.Id < place.Id));
        var rows = await active.OrderByDescending(row => row.At).ThenByDescending(row => row.Experiment.Id).Take(size + 1).ToListAsync(cancellation);
        var shown = rows.Take(size).ToList();
        return ([.. shown.Select(row => row.Experiment)], rows.Count > size ? new ExperimentPlace(shown[^1].At, shown[^1].Experiment.Id) : null);
    }
}
