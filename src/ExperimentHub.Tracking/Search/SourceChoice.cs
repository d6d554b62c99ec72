using System.Globalization;
using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// Decides where a search begins, because it is this that makes it fast or slow, and because a database's own guess needs statistics of how values go
/// together. Either in the order asked for, until the page is full, which is good where many runs match; or with the part of the filter that fewest
/// runs meet, all of which are then sorted. Which one reads fewer rows follows from how many runs meet each part: that is counted in the indices, and
/// only up to where it no longer matters.
/// </summary>
internal static class SourceChoice
{
    /// <summary>Of a part of the filter that no index decides: it is taken that this share of the runs meets it.</summary>
    private const double Unknown = 0.3;

    /// <param name="need">How many runs are wanted; null for all.</param>
    public static async Task<RunSource> ChooseAsync(TrackingDb db, BoundSearch search, IReadOnlyList<SortKey> keys, int? need,
        CancellationToken cancellation)
    {
        var parts = ((AllOf)search.Filter).Parts;
        var total = await TotalAsync(db, cancellation);
        var walk = need is null ? null : Walk(keys, parts);
        var indexed = parts.Where(part => RunSource.IndexOf(part) is not null).ToList();
        if (indexed.Count == 0)
            return walk ?? RunSource.Runs(inOrder: false);

        // With k parts of which each is met by the share s of the runs, walking reads need / s^k rows and starting from a part s * total: counting on
        // pays off below.
        var wanted = Math.Min(need ?? total, total);
        var most = (int)Math.Ceiling(Math.Max(1000, Math.Pow(total, 2 / 3.0) * Math.Pow(wanted, 1 / 3.0)));
        var counts = await CountAsync(db, search, indexed, most, cancellation);
        double ShareOf(FilterNode part) =>
            indexed.FindIndex(other => ReferenceEquals(other, part)) is >= 0 and var i
                ? Math.Max(1, counts[i]) / (double)Math.Max(1, total) : part is IsMissing ? 1 : Unknown;

        var least = Enumerable.Range(0, indexed.Count).MinBy(i => counts[i]);
        var (column, number) = RunSource.IndexOf(indexed[least])!.Value;
        var start = new RunSource(column, number, [indexed[least]], InOrder: false);
        if (need is null || walk is null)
            return start;
        var walked = Math.Min(total, wanted / parts.Except(walk.Conditions).Aggregate(1.0, (share, part) => share * ShareOf(part)));
        return walked <= counts[least] ? walk : start;
    }

    /// <summary>The index with the order of the first key; null where there is none.</summary>
    private static RunSource? Walk(IReadOnlyList<SortKey> keys, IReadOnlyList<FilterNode> parts)
    {
        if (keys.Count == 0)
            return RunSource.Runs(inOrder: true);
        var (column, number, _) = keys[0];
        if (column.Kind == ColumnKind.Attribute)
            return RunAttributes.Find(column.Name)! is { Index: not null } attribute ? attribute.IsIndexOfTrainings
                ? RunSource.Trainings : RunSource.Runs(inOrder: true) : null;
        // A hyperparameter with numbers and texts has no single index.
        if (keys.Count > 1 && keys[1].Column == column)
            return null;
        return new RunSource(column, number, [.. parts.Where(part => RunSource.IndexOf(part) == (column, number))], InOrder: true);
    }

    private static async Task<long> TotalAsync(TrackingDb db, CancellationToken cancellation) =>
        (await Statement.ListAsync(db, "SELECT COALESCE(MAX(\"Number\"), 0) FROM \"Runs\"", new SqlParameters(), row => row.GetInt64(0),
            cancellation))[0];

    private static async Task<IReadOnlyList<long>> CountAsync(TrackingDb db, BoundSearch search, List<FilterNode> parts, int most,
        CancellationToken cancellation)
    {
        var parameters = new SqlParameters();
        var columns = new ColumnSql(search.ParamIds, parameters);
        var counts = parts.Select(part =>
        {
            var (column, number) = RunSource.IndexOf(part)!.Value;
            var condition = new RunSource(column, number, [part], InOrder: false).Sql(columns, parameters);
            return string.Create(CultureInfo.InvariantCulture,
                $"(SELECT COUNT(*) FROM (SELECT 1 FROM {columns.Rows(column).Table} d WHERE {condition} LIMIT {most}))");
        });
        return (await Statement.ListAsync(db, $"SELECT {string.Join(", ", counts)}", parameters, row => Enumerable.Range(0, parts.Count)
            .Select(row.GetInt64).ToList(), cancellation))[0];
    }
}
