using ExperimentHub.Tracking.Names;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// The names that occur. Each is found by one look into an index, from one name to the next greater one: reading them all and keeping each once would
/// read an entry for every run.
/// </summary>
internal static class KnownNames
{
    private const int Most = 5_000;

    public static Task<IReadOnlyList<string>> MetricsAsync(TrackingDb db, CancellationToken cancellation) => DistinctAsync(db, "MetricSeries", "Name", "n.\"Name\"", cancellation);

    /// <summary>One spelling of each.</summary>
    public static Task<IReadOnlyList<string>> TagsAsync(TrackingDb db, CancellationToken cancellation) =>
        DistinctAsync(db, "RunTags", "NameKey", "(SELECT t.\"Name\" FROM \"RunTags\" t WHERE t.\"NameKey\" = n.\"Name\" LIMIT 1)", cancellation);

    /// <summary>Those of the metrics and tags that any run has.</summary>
    public static async Task<HashSet<(ColumnKind Kind, string Name)>> ThereAsync(TrackingDb db, IReadOnlyList<SearchColumn> columns, CancellationToken cancellation)
    {
        if (columns.Count == 0)
            return [];
        List<(ColumnKind Kind, string Name)> names = [.. columns.Select(column => (column.Kind, column.Name)).Distinct()];
        var parameters = new SqlParameters();
        var exist = names.Select(name => name.Kind == ColumnKind.Metric ? $"EXISTS (SELECT 1 FROM \"MetricSeries\" WHERE \"Name\" = {parameters.Add(name.Name)})"
            : $"EXISTS (SELECT 1 FROM \"RunTags\" WHERE \"NameKey\" = {parameters.Add(NameRule.Key(name.Name))})");
        var there = (await Statement.ListAsync(db, $"SELECT {string.Join(", ", exist)}", parameters, row => names.Select((_, i) => row.GetBoolean(i)).ToList(), cancellation))[0];
        return [.. names.Where((_, i) => there[i])];
    }

    private static async Task<IReadOnlyList<string>> DistinctAsync(TrackingDb db, string table, string column, string shown, CancellationToken cancellation) =>
        await Statement.ListAsync(db, $"""
            WITH RECURSIVE n("Name", "Place") AS (
                SELECT MIN("{column}"), 1 FROM "{table}"
                UNION ALL
                SELECT (SELECT MIN(t."{column}") FROM "{table}" t WHERE t."{column}" > n."Name"), n."Place" + 1 FROM n WHERE n."Name" IS NOT NULL AND n."Place" < {Most})
            SELECT {shown} FROM n WHERE "Name" IS NOT NULL
            """, new SqlParameters(), row => row.GetString(0), cancellation);
}
