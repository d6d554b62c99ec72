using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Parameters;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// A search whose names were found in the database. The best of a metric is its least or its greatest: which of them, the series of the runs that are
/// asked about say, and filter and order have that instead. Where they say nothing, or contradict each other, there is no best, and the search is
/// refused.
/// </summary>
/// <param name="Filter">With everything that was asked beside it.</param>
/// <param name="Directions">By the names of the metrics that it speaks of.</param>
/// <param name="ParamIds">By the names that were typed.</param>
/// <param name="ParamNames">Their whole names, by the names that were typed.</param>
/// <param name="Warnings">Names that no run has: no mistake, and probably one.</param>
/// <param name="SpeaksOfDiverged">Its filter says itself what is to become of runs that diverged.</param>
/// <param name="FollowsResults">Its filter or its order asks for what changes with the end of an epoch.</param>
internal sealed record BoundSearch(
    FilterNode Filter, IReadOnlyList<OrderTerm> Order, IReadOnlyDictionary<string, int> ParamIds, IReadOnlyDictionary<string, string> ParamNames,
    IReadOnlyList<SearchProblem> Warnings,
    IReadOnlyDictionary<string, DirectionsSaid> Directions, bool SpeaksOfDiverged, bool FollowsResults)
{
    /// <summary>Which values of a metric are better; of one that the search does not speak of, none.</summary>
    public MetricDirection DirectionOf(string metric) => Directions.GetValueOrDefault(metric).Agreed;

    /// <summary>The columns as the database has them: the least or the greatest instead of the best.</summary>
    public IReadOnlyList<SearchColumn> Plain(IEnumerable<SearchColumn> columns) => [.. columns.Select(column => Plain(column, Directions))];

    /// <summary>The columns under their whole names.</summary>
    public IReadOnlyList<SearchColumn> Whole(IEnumerable<SearchColumn> columns) =>
        [.. columns.Select(column => column.Kind == ColumnKind.Param ? column
            with { Name = ParamNames.GetValueOrDefault(column.Name, column.Name) } : column)];

    /// <param name="more">Further columns that are to be found.</param>
    public static async Task<(BoundSearch? Search, IReadOnlyList<SearchProblem> Problems)> ReadAsync(
        TrackingDb db, RunQuery query, DateTime now, IReadOnlyList<(string Field, ColumnUse Use)> more, CancellationToken cancellation)
    {
        var (filter, filterProblem, _) = FilterParser.Parse(query.Filter, now);
        var (order, orderUses, orderProblem) = OrderParser.ReadOrder(query.OrderBy);
        List<SearchProblem> problems = [];
        foreach (var problem in new[] { filterProblem, orderProblem }.OfType<SearchProblem>())
            problems.Add(await NameAdvice.OnAsync(db, problem, problem.Field == "filter" ? query.Filter : query.OrderBy, now, cancellation));
        if (problems.Count > 0)
            return (null, problems);
        List<(string Field, ColumnUse Use)> uses =
            [.. filter!.Uses.Select(use => ("filter", use)), .. orderUses.Select(use => ("orderBy", use)), .. more];
        List<string> metrics = [.. uses.Select(use => use.Use.Column).Where(column => column.Kind == ColumnKind.Metric)
            .Select(column => column.Name)];
        var directions = await KnownNames.DirectionsAsync(db, metrics, ExperimentOf(query, filter.Filter), cancellation);
        var (ids, names, warnings) = await FindAsync(db, query, now, uses, directions, problems, cancellation);
        if (problems.Count > 0)
            return (null, problems);
        // A name that no run has is said once, with all that is to be put right.
        warnings.AddRange((await FilterWarnings.OfAsync(db, query.Filter, filter, cancellation)).Where(warning =>
            !warnings.Exists(known => known.Field == warning.Field && known.Position < warning.Position + warning.Length
                && warning.Position < known.Position + known.Length)));
        List<FilterNode> all = [.. filter.Filter is AllOf { Parts: var parts } ? parts : [filter.Filter], .. query.Beside()];
        var archived = new SearchColumn(ColumnKind.Attribute, RunAttributes.Archived);
        if (!SpeaksOf(archived))
            all.Add(new IsMissing(archived));
        // A metric that no run had until now gets its direction with its first value.
        var hasNew = uses.Exists(use =>
            use.Use.Column is { Kind: ColumnKind.Metric, Figure: MetricFigure.Best } best && directions[best.Name].Agreed == MetricDirection.None);
        return (new BoundSearch(
            FilterNode.Over(new AllOf(all), column => Plain(column, directions)),
            [.. order.Select(term => term with { Column = Plain(term.Column, directions) })],
            ids, names, warnings, directions, SpeaksOf(new SearchColumn(ColumnKind.Attribute, RunAttributes.Diverged)),
            hasNew || filter.Uses.Concat(orderUses).Any(use => use.Column.FollowsResults)), []);

        bool SpeaksOf(SearchColumn column) => filter.Uses.Any(use => use.Column == column);
    }

    private static SearchColumn Plain(SearchColumn column, IReadOnlyDictionary<string, DirectionsSaid> directions)
    {
        if (column is not { Kind: ColumnKind.Metric, Figure: MetricFigure.Best })
            return column;
        // Of a metric that no run has one is as good as the other.
        var isLow = directions.GetValueOrDefault(column.Name).Agreed == MetricDirection.LowerIsBetter;
        return column with { Figure = isLow ? MetricFigure.Min : MetricFigure.Max };
    }

    /// <summary>The only experiment whose runs can be found; null where there may be several.</summary>
    private static string? ExperimentOf(RunQuery query, FilterNode filter) =>
        query.Experiment ?? (filter is AllOf { Parts: var parts } ? parts : [filter]).OfType<Compare>()
            .FirstOrDefault(part => part is
            {
                Op: CompareOp.Equal,
                Column: { Kind: ColumnKind.Attribute, Name: RunAttributes.Experiment }
            })?.Value as string;

    private static async Task<(Dictionary<string, int> Ids, Dictionary<string, string> Names, List<SearchProblem> Warnings)> FindAsync(
        TrackingDb db, RunQuery query, DateTime now, IReadOnlyList<(string Field, ColumnUse Use)> uses,
        IReadOnlyDictionary<string, DirectionsSaid> directions, List<SearchProblem> problems, CancellationToken cancellation)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var warnings = new List<SearchProblem>();
        ParamNameBook? book = null;
        var there = await KnownNames.ThereAsync(db,
            [.. uses.Select(use => use.Use.Column).Where(column => column.Kind is ColumnKind.Metric or ColumnKind.Tag)], cancellation);
        foreach (var (field, use) in uses)
        {
            var column = use.Column;
            if (column.Kind == ColumnKind.Param)
            {
                book ??= await ParamNameBook.ReadAsync(db, cancellation);
                var found = book.Find(column.Name);
                if (found.Count == 1)
                    (ids[column.Name], names[column.Name]) = found[0];
                else if (found.Count == 0)
                    warnings.Add(await UnknownAsync(db, query, now, field, use, cancellation));
                else
                    problems.Add(new SearchProblem(field, use.Position, use.Length,
                        $"'{column.Name}' could be {string.Join(" or ", found.Select(name => $"params.{name.Name}"))}. Write the whole name.",
                        Text(query, field, use), [.. found.Select(name => $"params.{name.Name}")]));
            }
            else if (column.Kind is ColumnKind.Metric or ColumnKind.Tag && !there.Contains((column.Kind, column.Name)))
                warnings.Add(await UnknownAsync(db, query, now, field, use, cancellation));
            else if (column is { Kind: ColumnKind.Metric, Figure: MetricFigure.Best } && directions[column.Name].Agreed == MetricDirection.None)
                problems.Add(new SearchProblem(field, use.Position, use.Length, WithoutBest(column.Name, directions[column.Name]),
                    Text(query, field, use), ["min", "max"]));
        }

        return (ids, names, warnings);
    }

    private static string WithoutBest(string metric, DirectionsSaid said) => said.Contradict
        ? $"Some runs say that '{metric}' should be high and others that it should be low, so it has no best value. "
            + "Ask for the runs of one experiment, or use min() or max()."
        : $"Whether '{metric}' should be high or low is not known, so it has no best value. Use min() or max().";

    private static async Task<SearchProblem> UnknownAsync(TrackingDb db, RunQuery query, DateTime now, string field, ColumnUse use,
        CancellationToken cancellation)
    {
        var said = $"No run has the {use.Column.Kind.ToString().ToLowerInvariant()} '{use.Column.Name}' yet.";
        var warning = new SearchProblem(field, use.Position, use.Length, said, Text(query, field, use), []);
        var meant = await NameAdvice.MeantAsync(db, use.Column.Name, use.Column.Kind,
            use.Column.Figure == MetricFigure.Last ? null : use.Column.Figure, cancellation);
        if (meant is null)
            return warning;
        var better = await NameAdvice.InPlaceAsync(db, warning, query.Filter, meant.ToString(), now, cancellation);
        return better with { Message = $"{said} Did you mean {better.DidYouMean}?" };
    }

    private static string Text(RunQuery query, string field, ColumnUse use) => field switch
    {
        "filter" => query.Filter.Substring(use.Position, use.Length),
        "orderBy" => query.OrderBy.Substring(use.Position, use.Length),
        _ => use.Column.ToString(),
    };
}
