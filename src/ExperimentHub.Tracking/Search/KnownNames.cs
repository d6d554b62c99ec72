using System.Globalization;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// The names that occur. Each is found by one look into an index, from one name to the next greater one: reading them all and keeping each once would
/// read an entry for every run.
/// </summary>
internal static class KnownNames
{
    private const int Most = 5_000;

    public static Task<IReadOnlyList<string>> MetricsAsync(TrackingDb db, CancellationToken cancellation) =>
        DistinctAsync(db, "MetricSeries", "Name", "n.\"Name\"", cancellation);

    /// <summary>One spelling of each.</summary>
    public static Task<IReadOnlyList<string>> TagsAsync(TrackingDb db, CancellationToken cancellation) =>
        DistinctAsync(db, "RunTags", "NameKey", "(SELECT t.\"Name\" FROM \"RunTags\" t WHERE t.\"NameKey\" = n.\"Name\" LIMIT 1)", cancellation);

    /// <summary>Those of the metrics and tags that any run has.</summary>
    public static async Task<HashSet<(ColumnKind Kind, string Name)>> ThereAsync(TrackingDb db, IReadOnlyList<SearchColumn> columns,
        CancellationToken cancellation)
    {
        if (columns.Count == 0)
            return [];
        List<(ColumnKind Kind, string Name)> names = [.. columns.Select(column => (column.Kind, column.Name)).Distinct()];
        var parameters = new SqlParameters();
        var exist = names.Select(name => name.Kind == ColumnKind.Metric
            ? $"EXISTS (SELECT 1 FROM \"MetricSeries\" WHERE \"Name\" = {parameters.Add(name.Name)})"
            : $"EXISTS (SELECT 1 FROM \"RunTags\" WHERE \"NameKey\" = {parameters.Add(NameRule.Key(name.Name))})");
        var there = (await Statement.ListAsync(db, $"SELECT {string.Join(", ", exist)}", parameters, row => names.Select((_, i) => row.GetBoolean(i))
            .ToList(), cancellation))[0];
        return [.. names.Where((_, i) => there[i])];
    }

    /// <summary>
    /// What the series of some metrics say about which values are better: those of all runs that are not deleted and, where these contradict each
    /// other, those of one experiment. A question about one experiment is answered although another one measures something else under the same name.
    /// </summary>
    /// <param name="experiment">The name of the one that is asked about; null for all.</param>
    public static async Task<IReadOnlyDictionary<string, DirectionsSaid>> DirectionsAsync(
        TrackingDb db, IReadOnlyCollection<string> metrics, string? experiment, CancellationToken cancellation)
    {
        var said = await SaidAsync(db, metrics, null, cancellation);
        List<string> contradicting = [.. said.Where(one => one.Value.Contradict).Select(one => one.Key)];
        if (experiment is not null && contradicting.Count > 0)
        {
            foreach (var (metric, directions) in await SaidAsync(db, contradicting, experiment, cancellation))
                said[metric] = directions;
        }

        return said;
    }

    private static async Task<Dictionary<string, DirectionsSaid>> SaidAsync(
        TrackingDb db, IReadOnlyCollection<string> metrics, string? experiment, CancellationToken cancellation)
    {
        var said = new Dictionary<string, DirectionsSaid>(StringComparer.Ordinal);
        // Fewer than a database takes in one statement.
        foreach (var some in metrics.Distinct(StringComparer.Ordinal).Chunk(100))
        {
            var parameters = new SqlParameters();
            var among = experiment is null ? "" : $" AND e.\"NameKey\" = {parameters.Add(NameRule.Key(experiment))}";
            var exist = some.SelectMany(metric => new[] { MetricDirection.LowerIsBetter, MetricDirection.HigherIsBetter }
                .Select(direction => AnySays(parameters.Add(metric), direction, among)));
            var answers = (await Statement.ListAsync(db, $"SELECT {string.Join(", ", exist)}", parameters,
                row => Enumerable.Range(0, 2 * some.Length).Select(row.GetBoolean).ToList(), cancellation))[0];
            for (var i = 0; i < some.Length; i++)
                said[some[i]] = new DirectionsSaid(answers[2 * i], answers[(2 * i) + 1]);
        }

        return said;
    }

    /// <summary>
    /// The index of the series that say something is used because its own condition stands here as well. The first run that is not deleted is enough.
    /// </summary>
    private static string AnySays(string metric, MetricDirection direction, string among) => string.Create(CultureInfo.InvariantCulture, $"""
        EXISTS (SELECT 1 FROM "MetricSeries" s CROSS JOIN "Runs" r CROSS JOIN "Experiments" e
            WHERE s."Name" = {metric} AND s."Direction" <> 0 AND s."Direction" = {(int)direction}
                AND r."Number" = s."RunNumber" AND r."DeletedAt" IS NULL AND e."Id" = r."ExperimentId" AND e."DeletedAt" IS NULL{among})
        """);

    private static async Task<IReadOnlyList<string>> DistinctAsync(TrackingDb db, string table, string column, string shown,
        CancellationToken cancellation) =>
        await Statement.ListAsync(db, $"""
            WITH RECURSIVE n("Name", "Place") AS (
                SELECT MIN("{column}"), 1 FROM "{table}"
                UNION ALL
                SELECT (SELECT MIN(t."{column}") FROM "{table}" t WHERE t."{column}" > n."Name"), n."Place" + 1 FROM n WHERE n."Name" IS NOT NULL AND n."Place" < {Most})
            SELECT {shown} FROM n WHERE "Name" IS NOT NULL
            """, new SqlParameters(), row => row.GetString(0), cancellation);
}
