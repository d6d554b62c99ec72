namespace ExperimentHub.Web.Compare;

/// <summary>
/// What compared runs are put in order by, as it stands in an address: a row's key, with a minus in front where the greatest comes first.
/// </summary>
public sealed record ComparedSort(string Key, bool Descending = false)
{
    public const string Name = "name";
    public const string Status = "status";
    public const string Experiment = "experiment";

    /// <summary>Null where nothing is said.</summary>
    public static ComparedSort? Parse(string? text) =>
        text?.Length is null or 0 || text == "-" ? null : text[0] == '-' ? new(text[1..], Descending: true) : new(text);

    public override string ToString() => Descending ? $"-{Key}" : Key;
}

/// <summary>
/// The order in which compared runs stand in the table. The baseline comes first and the best one next, whatever the others are ordered by.
/// </summary>
/// <param name="Sort">What they are ordered by; null as they were chosen.</param>
/// <param name="Places">Of the runs in the comparison.</param>
/// <param name="Best">The place of the run with the best value; null where it is the only one, or several are.</param>
/// <param name="BestOf">What it is best in.</param>
public sealed record ComparedOrder(ComparedSort? Sort, IReadOnlyList<int> Places, int? Best, string BestOf)
{
    /// <summary>How many of the first places are kept in sight.</summary>
    public int Pinned => Best is null || Best == Places[0] ? 1 : 2;

    /// <summary>
    /// The key of the row that says of a metric which run is best: there is one for each metric of an epoch, and for those of runs without epochs.
    /// </summary>
    public static string KeyOf(Comparison comparison, string metric) =>
        $"results.{metric.Replace('_', '-')}" is var ofEpochs && RowOf(comparison, ofEpochs) is not null ? ofEpochs : LoggedMetrics.KeyOfBest(metric);

    /// <param name="sort">Null, or of what there is no row, for the usual order: as chosen, or the best first.</param>
    /// <param name="measure">The key of the row that says which run is best where the order does not.</param>
    /// <param name="bestFirst">The usual order is by the measure.</param>
    public static ComparedOrder Of(Comparison comparison, ComparedSort? sort, string measure, bool bestFirst)
    {
        var measured = RowOf(comparison, measure) ?? RowOf(comparison, measure = "results.test-accuracy");
        if (sort is not null && ValuesOf(comparison, sort.Key) is null)
            sort = null;
        if (sort is null && bestFirst && measured is not null)
            sort = First(measure, measured);
        var all = Enumerable.Range(0, comparison.Runs.Count);
        var places = (sort is null ? all : ValuesOf(comparison, sort.Key)!.Order(all, sort.Descending)).ToList();
        var judge = sort is not null && RowOf(comparison, sort.Key) is { HigherIsBetter: not null } own ? own : measured;
        List<int> bests = judge is null ? [] : [.. all.Where(place => judge.Cells[place].Best)];
        var best = bests is [var only] ? only : (int?)null;
        var baseline = comparison.Runs.ToList().IndexOf(comparison.Baseline);
        List<int> pinned = [.. new[] { baseline, best ?? baseline }.Distinct()];
        return new ComparedOrder(sort, [.. pinned, .. places.Except(pinned)], best, judge?.Name ?? "");
    }

    /// <summary>What the next click on a heading orders by: the better end first, then the other one, then the usual order again.</summary>
    public ComparedSort? After(string key, ComparisonRow? row)
    {
        var first = First(key, row);
        return Sort?.Key != key ? first : Sort == first ? first with { Descending = !first.Descending } : null;
    }

    /// <summary>For screen readers; null for what is not ordered by.</summary>
    public string? AriaOf(string key) => Sort?.Key != key ? null : Sort.Descending ? "descending" : "ascending";

    private static ComparedSort First(string key, ComparisonRow? row) => new(key, row?.HigherIsBetter == true);

    private static ComparedValues? ValuesOf(Comparison comparison, string key) => key switch
    {
        ComparedSort.Name => new(null, [.. comparison.Runs.Select(run => run.Name)]),
        ComparedSort.Status => new(null, [.. comparison.Runs.Select(run => run.Status.ToString())]),
        ComparedSort.Experiment => new(null, [.. comparison.Runs.Select(run => run.Experiment.Name)]),
        _ => RowOf(comparison, key)?.Values,
    };

    private static ComparisonRow? RowOf(Comparison comparison, string key) =>
        comparison.Sections.SelectMany(section => section.Rows.Where(row => section.KeyOf(row) == key)).FirstOrDefault();
}
