namespace ExperimentHub.Tracking.Search;

/// <summary>A search whose names were found in the database.</summary>
/// <param name="Filter">With everything that was asked beside it.</param>
/// <param name="ParamIds">By the names that were typed.</param>
/// <param name="ParamNames">Their whole names, by the names that were typed.</param>
/// <param name="Warnings">Names that no run has: no mistake, and probably one.</param>
/// <param name="SpeaksOfDiverged">Its filter says itself what is to become of runs that diverged.</param>
internal sealed record BoundSearch(
    FilterNode Filter, IReadOnlyList<OrderTerm> Order, IReadOnlyDictionary<string, int> ParamIds, IReadOnlyDictionary<string, string> ParamNames, IReadOnlyList<SearchProblem> Warnings,
    bool SpeaksOfDiverged)
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
        List<SearchProblem> problems = [.. new[] { filterProblem, orderProblem }.OfType<SearchProblem>()];
        if (problems.Count > 0)
            return (null, problems);
        List<(string Field, ColumnUse Use)> uses = [.. filter!.Uses.Select(use => ("filter", use)), .. orderUses.Select(use => ("orderBy", use)), .. more];
        var (ids, names, warnings) = await FindAsync(db, query, uses, problems, cancellation);
        if (problems.Count > 0)
            return (null, problems);
        List<FilterNode> all = [.. filter.Filter is AllOf { Parts: var parts } ? parts : [filter.Filter], .. query.Beside()];
        var archived = new SearchColumn(ColumnKind.Attribute, RunAttributes.Archived);
        if (!SpeaksOf(archived))
            all.Add(new IsMissing(archived));
        return (new BoundSearch(new AllOf(all), order, ids, names, warnings, SpeaksOf(new SearchColumn(ColumnKind.Attribute, RunAttributes.Diverged))), []);

        bool SpeaksOf(SearchColumn column) => filter.Uses.Any(use => use.Column == column);
    }

    private static async Task<(Dictionary<string, int> Ids, Dictionary<string, string> Names, List<SearchProblem> Warnings)> FindAsync(
        TrackingDb db, RunQuery query, IReadOnlyList<(string Field, ColumnUse Use)> uses, List<SearchProblem> problems, CancellationToken cancellation)
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
                    warnings.Add(Unknown(query, field, use, book.Names));
                else
                    problems.Add(new SearchProblem(field, use.Position, use.Length,
                        $"'{column.Name}' could be {string.Join(" or ", found.Select(name => $"params.{name.Name}"))}. Write the whole name.", Text(query, field, use), [.. found.Select(name => $"params.{name.Name}")]));
            }
            else if (column.Kind == ColumnKind.Metric && !there.Contains((column.Kind, column.Name)))
                warnings.Add(Unknown(query, field, use, await KnownNames.MetricsAsync(db, cancellation)));
            else if (column.Kind == ColumnKind.Tag && !there.Contains((column.Kind, column.Name)))
                warnings.Add(Unknown(query, field, use, await KnownNames.TagsAsync(db, cancellation)));
        }

        return (ids, names, warnings);
    }

    private static SearchProblem Unknown(RunQuery query, string field, ColumnUse use, IEnumerable<string> known)
    {
        // A hyperparameter may be called by the end of its path.
        var called = known.SelectMany(name => use.Column.Kind == ColumnKind.Param ? [name, name[(name.LastIndexOf('.') + 1)..]] : new[] { name }, (name, call) => (name, call)).ToList();
        var nearest = NearestName.Of(use.Column.Name, called.Select(pair => pair.call)) is { } near ? (use.Column with { Name = called.First(pair => pair.call == near).name, Figure = default }).ToString() : null;
        return new SearchProblem(field, use.Position, use.Length,
            $"No run has the {use.Column.Kind.ToString().ToLowerInvariant()} '{use.Column.Name}' yet.{(nearest is null ? "" : $" Did you mean {nearest}?")}", Text(query, field, use), [], nearest);
    }

    private static string Text(RunQuery query, string field, ColumnUse use) => field switch
    {
        "filter" => query.Filter.Substring(use.Position, use.Length),
        "orderBy" => query.OrderBy.Substring(use.Position, use.Length),
        _ => use.Column.ToString(),
    };
}
