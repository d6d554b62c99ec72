using System.Globalization;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Tracking.Views;
using ExperimentHub.Web.Layout;

namespace ExperimentHub.Web.Runs.Grid;

/// <summary>Everything that the page of runs shows, as it stands in the address. What cannot be read there is as if it were not.</summary>
public sealed record GridAddress
{
    public const int PageSize = 50;
    public const string Compact = "compact";

    /// <summary>In the filter language.</summary>
    public string Filter { get; init; } = "";

    public string OrderBy { get; init; } = "";
    public IReadOnlyList<RunStatus> Statuses { get; init; } = [];
    public IReadOnlyList<string> Models { get; init; } = [];
    public IReadOnlyList<string> Devices { get; init; } = [];
    public string? Experiment { get; init; }

    /// <summary>
    /// The experiment on whose page the table stands: a condition that nobody chose and nobody clears. null for the table of all runs.
    /// </summary>
    public string? Scope { get; init; }

    /// <summary>The epoch of each run whose figures the usual columns and the usual measure of groups show.</summary>
    public FigureEpoch At { get; init; }

    /// <summary>null for the usual ones.</summary>
    public IReadOnlyList<GridColumn>? Chosen { get; init; }

    /// <summary>Only columns in which the runs differ.</summary>
    public bool Differing { get; init; }

    public bool Curve { get; init; } = true;
    public bool IsCompact { get; init; }

    /// <summary>Columns whose values make groups, as written in a filter; empty for runs one by one.</summary>
    public string GroupBy { get; init; } = "";

    /// <summary>What somebody chose to measure in each group; null for the usual.</summary>
    public string? Measure { get; init; }

    /// <summary>The order of the groups; empty for the largest first.</summary>
    public string GroupOrder { get; init; } = "";

    /// <summary>What is measured in each group: what the runs are sorted by where nothing else was chosen.</summary>
    public string Metric =>
        Measure ?? SearchText.Order(OrderBy).Select(term => term.Column).FirstOrDefault(column => column.Kind == ColumnKind.Metric)?.ToString()
        ?? GridColumn.At(SearchText.Columns("metrics.test_accuracy")[0], At).ToString();

    /// <summary>The token of the page; null for the first.</summary>
    public string? After { get; init; }

    /// <summary>Counts from 1.</summary>
    public int Page { get; init; } = 1;

    public IReadOnlyList<GridColumn> Columns =>
        Chosen ?? (Scope is null ? GridColumn.Usual(At) : [.. GridColumn.Usual(At).Where(column => column.Name != "experiment")]);

    /// <summary>The epoch that all figures of the table are of; null where its columns are of several, or of none.</summary>
    public FigureEpoch? ShownAt
    {
        get
        {
            var shown = (GroupBy.Length > 0 ? SearchText.Columns(Metric) : Columns.Select(column => column.Column)).Where(column =>
                column.Kind == ColumnKind.Metric);
            return shown.Select(column => column.Figure).Distinct().ToList() switch
            {
                [MetricFigure.AtBest] => FigureEpoch.Best,
                [MetricFigure.Last] => FigureEpoch.Last,
                _ => null,
            };
        }
    }

    public bool IsNarrowed => Statuses.Count + Models.Count + Devices.Count > 0 || Experiment is not null;

    public bool IsFiltered => Filter.Length > 0 || IsNarrowed;

    public RunQuery Query => new(Filter, OrderBy, Statuses, Experiment ?? Scope, Models, Devices);

    /// <summary>The same runs and order, said in the filter language alone: what the API and saved views understand.</summary>
    public string WholeFilter
    {
        get
        {
            var whole = Filter;
            if (Statuses.Count > 0)
                whole = SearchText.Both(whole, SearchText.Among(Attribute("status"), [.. Statuses.Select(status => status.Word())]));
            if ((Experiment ?? Scope) is { } experiment)
                whole = SearchText.Both(whole, SearchText.Among(Attribute("experiment"), [experiment]));
            if (Models.Count > 0)
                whole = SearchText.Both(whole, SearchText.Among(Attribute("model"), Models));
            return Devices.Count > 0 ? SearchText.Both(whole, SearchText.Among(Attribute("device"), Devices)) : whole;
        }
    }

    /// <summary>Without conditions, on the first page.</summary>
    public GridAddress Unfiltered() => this with { Filter = "", Statuses = [], Models = [], Devices = [], Experiment = null, After = null, Page = 1 };

    /// <summary>The same table with the figures of another epoch; also what somebody chose as columns, and the order.</summary>
    public GridAddress With(FigureEpoch at) => FirstPage() with
    {
        At = at,
        Chosen = Chosen is null ? null : [.. Chosen.Select(column => column with { Column = GridColumn.At(column.Column, at) })
            .DistinctBy(column => column.Column)],
        OrderBy = SearchText.Order(SearchText.Order(OrderBy).Select(term => term with { Column = GridColumn.At(term.Column, at) })
            .DistinctBy(term => term.Column)),
        Measure = Measure is not null && SearchText.Columns(Measure) is [var measured] ? GridColumn.At(measured, at).ToString() : Measure,
    };

    /// <summary>Another question begins with its first page.</summary>
    public GridAddress FirstPage() => this with { After = null, Page = 1 };

    /// <summary>
    /// A click on a heading: its better end first, then the other one, then no order by it.
    /// </summary>
    /// <param name="further">Keep the other columns that it is sorted by.</param>
    /// <param name="direction">Of a metric: which values are better, by what the runs of the table say.</param>
    public GridAddress SortedBy(GridColumn column, bool further, MetricDirection direction = MetricDirection.None)
    {
        var firstDescending = column.FirstDescending(direction);
        var order = SearchText.Order(OrderBy);
        var known = order.FirstOrDefault(term => term.Column == column.Column);
        OrderTerm? next = known is null ? new OrderTerm(column.Column, firstDescending)
            : known.Descending == firstDescending ? known with { Descending = !known.Descending }
            : null;
        List<OrderTerm> terms = further ? [.. order] : [.. order.Where(term => term.Column == column.Column)];
        var place = terms.FindIndex(term => term.Column == column.Column);
        if (place >= 0)
            terms.RemoveAt(place);
        if (next is not null)
            terms.Insert(place < 0 ? terms.Count : place, next);
        return FirstPage() with { OrderBy = SearchText.Order(terms) };
    }

    /// <summary>The runs of one group, one by one.</summary>
    public GridAddress Within(IReadOnlyList<SearchColumn> columns, IReadOnlyList<object?> keys) => FirstPage() with
    {
        GroupBy = "",
        Filter = columns.Zip(keys, SearchText.Condition).Aggregate(Filter, (filter, condition) => SearchText.Both(filter, condition)),
    };

    public GridAddress Of(ViewState view) => new()
    {
        Scope = Scope,
        Filter = view.Filter,
        OrderBy = view.OrderBy,
        Chosen = view.Columns is null ? null : [.. view.Columns.Select(column => (SearchText.Columns(column.Column), column))
            .Where(pair => pair.Item1.Count == 1).Select(pair => new GridColumn(pair.Item1[0], pair.column.Width, pair.column.Pinned))],
        GroupBy = string.Join(", ", view.GroupBy ?? []),
        IsCompact = view.Density == Compact,
        Curve = Curve,
    };

    /// <summary>The usual columns of the last epoch are named: without columns a view shows the best one.</summary>
    public ViewState View =>
        new(WholeFilter, OrderBy, Chosen is null
            && At == FigureEpoch.Best ? null : [.. Columns.Select(column => new ViewColumn(column.Name, column.Width, column.Pinned))],
        [.. SearchText.Columns(GroupBy).Select(column => column.ToString())], IsCompact ? Compact : null);

    /// <summary>The query string's parameters; null removes one.</summary>
    public IReadOnlyDictionary<string, object?> Parameters => new Dictionary<string, object?>
    {
        ["q"] = null,
        ["filter"] = Filter.Length == 0 ? null : Filter,
        ["sort"] = OrderBy.Length == 0 ? null : OrderBy,
        ["status"] = Statuses.Select(status => status.Word()).ToArray(),
        ["model"] = Models.ToArray(),
        ["device"] = Devices.ToArray(),
        ["experiment"] = Experiment,
        ["columns"] = Chosen is null ? null : SearchText.Columns(Chosen.Select(column => column.Column)),
        ["widths"] = Chosen is null || Chosen.All(column => column.Width is null)
            ? null : string.Join('.', Chosen.Select(column => column.Width?.ToString(CultureInfo.InvariantCulture))),
        ["pinned"] = Chosen is null ? null : string.Join('.', Chosen.Index().Where(column => column.Item.Pinned).Select(column => column.Index)),
        ["differing"] = Differing ? true : null,
        ["curve"] = Curve ? null : false,
        ["density"] = IsCompact ? Compact : null,
        ["group"] = GroupBy.Length == 0 ? null : GroupBy,
        [EpochWords.Parameter] = EpochWords.Text(At),
        ["groupOrder"] = GroupBy.Length == 0 || GroupOrder.Length == 0 ? null : GroupOrder,
        ["measure"] = Measure == (this with { Measure = null }).Metric ? null : Measure,
        ["after"] = After,
        ["page"] = Page == 1 ? null : Page,
    };

    /// <param name="address">Of the page; what stands there beside the table's parameters is not looked at.</param>
    /// <param name="scope">As <see cref="Scope"/>.</param>
    public static GridAddress Read(string address, string? scope)
    {
        var query = PageQuery.Of(new Uri(address).Query);
        string? One(string name) => query.One(name);
        IReadOnlyList<string> All(string name) => query.All(name);
        return new GridAddress
        {
            // q: a part of a name, from a time when that was all one could ask for.
            Filter = One("filter")?.Trim() ?? (One("q") is { } text ? SearchText.NameContains(text.Trim()) : ""),
            OrderBy = One("sort") ?? "",
            Statuses = [.. All("status").Select(RunStatusMoves.FromWord).OfType<RunStatus>().Distinct()],
            Models = [.. All("model")],
            Devices = [.. All("device")],
            Experiment = scope is null ? One("experiment") : null,
            Scope = scope,
            Chosen = ReadColumns(One("columns"), One("widths"), One("pinned")),
            Differing = query.Flag("differing"),
            Curve = !string.Equals(One("curve"), "false", StringComparison.OrdinalIgnoreCase),
            IsCompact = One("density") == Compact,
            GroupBy = One("group") ?? "",
            GroupOrder = One("groupOrder") ?? "",
            Measure = One("measure"),
            At = EpochWords.Read(One(EpochWords.Parameter)),
            After = One("after"),
            Page = int.TryParse(One("page"), NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page > 1
                && One("after") is not null ? page : 1,
        };
    }

    /// <summary>Columns with what the address says of them.</summary>
    /// <param name="widths">In the order of the columns, with dots between; empty where a column has its usual one.</param>
    /// <param name="pinned">Places of the pinned columns, counted from 0, with dots between.</param>
    public static IReadOnlyList<GridColumn>? ReadColumns(string? columns, string? widths, string? pinned)
    {
        if (SearchText.Columns(columns ?? "") is not { Count: > 0 } chosen)
            return null;
        var width = (widths ?? "").Split('.');
        var pins = (pinned ?? "").Split('.').Select(Number).ToHashSet();
        return [.. chosen.Select((column, place) => new GridColumn(column,
            Number(width.ElementAtOrDefault(place)) is { } pixels
                ? Math.Clamp(pixels, GridColumn.MinWidth, GridColumn.MaxWidth) : null, pins.Contains(place)))];
    }

    private static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static SearchColumn Attribute(string name) => new(ColumnKind.Attribute, name);
}
