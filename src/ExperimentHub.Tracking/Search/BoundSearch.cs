namespace ExperimentHub.Tracking.Search;

/// <summary>A search whose names were found in the database.</summary>
/// <param name="Filter">With everything that was asked beside it.</param>
/// <param name="ParamIds">By the names that were typed.</param>
/// <param name="ParamNames">Their whole names, by the names that were typed.</param>
/// <param name="Warnings">Names that no run has: no mistake, and probably one.</param>
/// <param name="SpeaksOfDiverged">Its filter says itself what is to become of runs that diverged.</param>
/// <param name="FollowsResults">Its filter or its order asks for what changes with the end of an epoch.</param>
internal sealed record BoundSearch(
    FilterNode Filter, IReadOnlyList<OrderTerm> Order, IReadOnlyDictionary<string, int> ParamIds, IReadOnlyDictionary<string, string> ParamNames, IReadOnlyList<SearchProblem> Warnings,
    bool SpeaksOfDiverged, bool FollowsResults)
{
    /// <summary>The columns under their whole names.</summary>
    public IReadOnlyList<SearchColumn> Whole(IEnumerable<SearchColumn> columns) =>
        [.. columns.Select(column => column.Kind == ColumnKind.Param ? column with { Name = ParamNames.GetValueOrDefault(column.Name, column.Name) } : column)];

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
        List<(string Field, ColumnUse Use)> uses = [.. filter!.Uses.Select(use => ("filter", use)), .. orderUses.Select(use => ("orderBy", use)), .. more];
        var (ids, names, warnings) = await FindAsync(db, query, now, uses, problems, cancellation);
        if (problems.Count > 0)
            return (null, problems);
        // A name that no run has is said once, with all that is to be put right.
        warnings.AddRange((await FilterWarnings.OfAsync(db, query.Filter, filter, cancellation)).Where(warning => !warnings.Exists(known => known.Field == warning.Field && known.Position < warning.Position + warning.Length && warning.Position < known.Position + known.Length)));
        List<FilterNode> all = [.. filter.Filter is AllOf { Parts: var parts } ? parts : [filter.Filter], .. query.Beside()];
        var archived = new SearchColumn(ColumnKind.Attribute, RunAttributes.Archived);
        if (!SpeaksOf(archived))
            all.Add(new IsMissing(archived));
        return (new BoundSearch(new AllOf(all), order, ids, names, warnings, SpeaksOf(new SearchColumn(ColumnKind.Attribute, RunAttributes.Diverged)),
            filter.Uses.Concat(orderUses).Any(use => use.Column.FollowsResults)), []);

        bool SpeaksOf(SearchColumn column) => filter.Uses.Any(use => use.Column == column);
    }

    private static async Task<(Dictionary<string, int> Ids, Dictionary<string, string> Names, List<SearchProblem> Warnings)> FindAsync(
        TrackingDb db, RunQuery query, DateTime now, IReadOnlyList<(string Field, ColumnUse Use)> uses, List<SearchProblem> problems, CancellationToken cancellation)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var warnings = new List<SearchProblem>();
        ParamNameBook? book = null;
        var there = await KnownNames.ThereAsync(db, [.. uses.Select(use => use.Use.Column).Where(column => column.Kind is ColumnKind.Metric or ColumnKind.Tag)], cancellation);
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
                        $"'{column.Name}' could be {string.Join(" or ", found.Select(name => $"params.{name.Name}"))}. Write the whole name.", Text(query, field, use), [.. found.Select(name => $"params.{name.Name}")]));
            }
            else if (column.Kind is ColumnKind.Metric or ColumnKind.Tag && !there.Contains((column.Kind, column.Name)))
                warnings.Add(await UnknownAsync(db, query, now, field, use, cancellation));
        }

        return (ids, names, warnings);
    }

    private static async Task<SearchProblem> UnknownAsync(TrackingDb db, RunQuery query, DateTime now, string field, ColumnUse use, CancellationToken cancellation)
    {
        var said = $"No run has the {use.Column.Kind.ToString().ToLowerInvariant()} '{use.Column.Name}' yet.";
        var warning = new SearchProblem(field, use.Position, use.Length, said, Text(query, field, use), []);
        var meant = await NameAdvice.MeantAsync(db, use.Column.Name, use.Column.Kind, use.Column.Figure == MetricFigure.Last ? null : use.Column.Figure, cancellation);
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
