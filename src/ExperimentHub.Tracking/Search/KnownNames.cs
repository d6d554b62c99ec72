namespace ExperimentHub.Tracking.Search;

/// <summary>
/// The names that occur. Each is found by one look into an index, from one name to the next greater one: reading them all and keeping each once would
/// read an entry for every run.
/// </summary>
internal static class KnownNames
{
    private const int Most = 5_000;

    public static Task<IReadOnlyList<string>> MetricsAsync(TrackingDb db, CancellationToken cancellation) => DistinctAsync(db, "MetricSeries", cancellation);

    public static Task<IReadOnlyList<string>> TagsAsync(TrackingDb db, CancellationToken cancellation) => DistinctAsync(db, "RunTags", cancellation);

    private static async Task<IReadOnlyList<string>> DistinctAsync(TrackingDb db, string table, CancellationToken cancellation) =>
        await Statement.ListAsync(db, $"""
            WITH RECURSIVE n("Name", "Place") AS (
                SELECT MIN("Name"), 1 FROM "{table}"
                UNION ALL
                SELECT (SELECT MIN(t."Name") FROM "{table}" t WHERE t."Name" > n."Name"), n."Place" + 1 FROM n WHERE n."Name" IS NOT NULL AND n."Place" < {Most})
            SELECT "Name" FROM n WHERE "Name" IS NOT NULL
            """, new SqlParameters(), row => row.GetString(0), cancellation);
}
