using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Overview;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Runs.Grid;

/// <summary>The table of runs with all that narrows, sorts and groups it. What is shown, how and in which order lives in the address.</summary>
public sealed partial class RunExplorer(
    RunSearch search, RunGrouping grouping, RunColumns columns, RunHistory history, MetricReader metrics, RunFeed feed, TimeProvider time,
    NavigationManager navigation) : IDisposable
{
    private const string FilterWord = "filter";
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Between two readings of what epochs changed: of rows that stay where they are, and where rows move or groups are reckoned anew.
    /// </summary>
    private static readonly TimeSpan ResultsInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MovingInterval = TimeSpan.FromSeconds(6);
    private static readonly IReadOnlyList<string> StatusWords = [.. Enum.GetValues<RunStatus>().Select(status => status.Word())];

    private readonly CancellationTokenSource _gone = new();

    /// <summary>Ends the questions of an address with the next one.</summary>
    private CancellationTokenSource _asking = new();
    private readonly Dictionary<long, MetricBuckets> _curves = [];

    /// <summary>Runs whose curve was read after their end: it is what it will always be.</summary>
    private readonly HashSet<long> _curvesKept = [];
    private DateTimeOffset _curvesReadAt;

    /// <summary>The pages before this one, as far as somebody came by them; null is the first.</summary>
    private readonly Stack<string?> _earlier = [];

    private GridAddress _address = new();
    private IReadOnlyList<GridColumn> _columns = [];
    private RunSearchPage? _page;
    private RunGroups? _groups;

    private long? _total;
    private bool _isNew;
    private IReadOnlyList<SearchProblem> _problems = [];
    private IReadOnlyList<SearchProblem> _warnings = [];
    private string? _failure;
    private readonly AddressedSelection _selection = new();
    private readonly GroupPicks _groupPicks = new(search);
    private bool _all;
    private IDisposable? _subscription;
    private int _question;

    /// <summary>The experiment on whose page the table stands; null for all runs of the hub.</summary>
    [Parameter]
    public string? Scope { get; set; }

    /// <summary>Stands there where no run was ever started.</summary>
    [Parameter, EditorRequired]
    public required RenderFragment Empty { get; set; }

    /// <summary>How many runs match, when that is known.</summary>
    [Parameter]
    public EventCallback<long> TotalChanged { get; set; }

    /// <summary>
    /// Runs that are ticked, as they stand in the address. The page is told of a new address and hands it on; all else is read from there.
    /// </summary>
    [Parameter]
    public string? SelectedText { get; set; }

    /// <summary>Metrics that the table shows at the best epoch and the filter compares at the last.</summary>
    private IReadOnlyList<SearchColumn> FilteredElsewhere => _address.ShownAt != FigureEpoch.Best ? []
        : [.. SearchText.LastValues(_address.Filter).Select(name => new SearchColumn(ColumnKind.Metric, name))
            .Where(column => _address.Columns.Any(shown => shown.Column == GridColumn.At(column, FigureEpoch.Best)))];

    private bool IsEmpty => _total == 0 && _isNew && !_address.IsFiltered && _problems.Count == 0;

    protected override void OnInitialized() => _subscription = feed.Subscribe(null, told => InvokeAsync(() => RefreshAsync(told)),
        new FeedPace(RunSignals.Facts, RefreshInterval), new FeedPace(RunSignal.Results, () => RowsMove ? MovingInterval : ResultsInterval),
        new FeedPace(RunSignal.Progress, RefreshInterval));

    /// <summary>An epoch can change which rows there are, and not only what they say.</summary>
    private bool RowsMove => _groups is not null || _page is { FollowsResults: true };

    protected override async Task OnParametersSetAsync()
    {
        var before = _address;
        _selection.Read(SelectedText);
        _address = GridAddress.Read(navigation.Uri, Scope);
        // A tick changes the address as well, and nothing of what was read.
        if (_question > 0 && AddressOf(before) == AddressOf(_address))
            return;
        await _asking.CancelAsync();
        _asking.Dispose();
        _asking = CancellationTokenSource.CreateLinkedTokenSource(_gone.Token);
        if (_address.WholeFilter != before.WholeFilter)
            (_all, _total) = (false, null);
        Remember(before);
        // Nothing of an older question may look like an answer to this one.
        if (!SameTable(before, _address))
            (_page, _groups) = (null, null);
        await LoadAsync();
    }

    private static bool SameTable(GridAddress one, GridAddress other) =>
        (one.GroupBy, one.Metric, one.Differing) == (other.GroupBy, other.Metric, other.Differing)
            && one.Columns.Select(column => column.Name).SequenceEqual(other.Columns.Select(column => column.Name));

    /// <summary>Keeps the way back from page to page.</summary>
    private void Remember(GridAddress before)
    {
        if (_address.After is null || _address.WholeFilter != before.WholeFilter || _address.OrderBy != before.OrderBy)
            _earlier.Clear();
        if (_address.Page == before.Page + 1)
            _earlier.Push(before.After);
        else if (_address.Page == before.Page - 1)
            _earlier.TryPop(out _);
    }

    private async Task LoadAsync()
    {
        var question = ++_question;
        var asked = _asking.Token;
        try
        {
            if (_address.GroupBy.Length > 0)
                await LoadGroupsAsync(question, asked);
            else
                await LoadRowsAsync(question, asked);
            if (question == _question && _problems.Count == 0)
                await LoadRestAsync(question, asked);
        }
        catch (OperationCanceledException) when (asked.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            _failure = e.Message;
        }

        StateHasChanged();
    }

    /// <summary>
    /// The end of an epoch is told many times a second where many runs train; it changes a few cells, and seldom which rows there are.
    /// </summary>
    private async Task RefreshAsync(RunSignal told)
    {
        if (_gone.IsCancellationRequested)
            return;
        var results = (told & RunSignal.Results) != 0;
        if ((told & RunSignals.Facts) != 0 || (results && RowsMove))
            await LoadAsync();
        else if (results && _page is { } page)
            await LoadResultsAsync(page, _question, _asking.Token);
        // How far a run is stands in no row.
        else
            StateHasChanged();
    }

    private async Task LoadResultsAsync(RunSearchPage page, int question, CancellationToken asked)
    {
        try
        {
            var read = await search.ReadResultsAsync(page, asked);
            if (question != _question || ReferenceEquals(read, page))
                return;
            (_page, _failure) = (read, null);
            StateHasChanged();
            if (_address.Curve && time.GetUtcNow() - _curvesReadAt >= LossSparkline.ReadAgainAfter)
                await LoadCurvesAsync(read.Items, asked);
        }
        catch (OperationCanceledException) when (asked.IsCancellationRequested)
        {
            // Another question is asked, or nobody looks any more.
        }
        catch (Exception e)
        {
            _failure = e.Message;
            StateHasChanged();
        }
    }

    private async Task LoadRowsAsync(int question, CancellationToken asked)
    {
        var address = _address;
        var shown = address.Columns;
        if (address.Differing && await columns.DifferingAsync(address.Query, asked) is { Answer: { } differing })
            shown = [.. shown.Where(column => column.Name == "name" || column.Column.Kind == ColumnKind.Metric),
                .. differing.Where(column => column.Kind != ColumnKind.Metric).Select(column => new GridColumn(column))];
        shown = [.. shown.Where(column => column.Pinned), .. shown.Where(column => !column.Pinned)];
        var result = await search.ListAsync(address.Query, SearchText.Columns(shown.Select(column => column.Column)), GridAddress.PageSize,
            address.After, asked);
        // A slower answer to an older question must not replace the newer one.
        if (question != _question)
            return;
        _failure = null;
        if (result.Problems.Any(problem => problem.Field == "pageToken"))
        {
            // It was typed, or belongs to a table that was filtered since.
            GoTo(address.FirstPage());
            return;
        }

        _problems = result.Problems;
        _warnings = result.Answer?.Warnings ?? [];
        if (result.Answer is { } page)
            (_page, _columns, _groups) = (page, shown, null);
        else if (_columns.Count == 0)
            _columns = shown;
        StateHasChanged();
    }

    private async Task LoadGroupsAsync(int question, CancellationToken asked)
    {
        var result = await grouping.GroupAsync(_address.Query, _address.GroupBy, _address.Metric, asked);
        if (question != _question)
            return;
        (_failure, _problems, _warnings) = (null, result.Problems, result.Answer?.Warnings ?? []);
        if (result.Answer is { } groups)
            (_groups, _page) = (groups, null);
        StateHasChanged();
    }

    /// <summary>
    /// What the rows need not wait for. SQLite answers on the thread that asks: asked on the page's own, it would keep the rows from being drawn and
    /// a tick from being heard.
    /// </summary>
    private async Task LoadRestAsync(int question, CancellationToken asked)
    {
        var query = _address.Query;
        if (_page is { NextPageToken: null } page && _address.After is null)
            _total = page.Items.Count;
        else if (await Task.Run(() => search.CountAsync(query, asked), asked) is { Answer: { } count } && question == _question)
            _total = count.Total;
        if (question != _question)
            return;
        // A hub whose runs are all archived is not a new one.
        _isNew = _total == 0 && !await history.AnyAsync(Scope, _gone.Token);
        StateHasChanged();
        await TotalChanged.InvokeAsync(_total ?? 0);
        if (_address.Curve && _page is not null)
            await LoadCurvesAsync(_page.Items, asked);
    }

    private async Task LoadCurvesAsync(IReadOnlyList<RunRow> rows, CancellationToken asked)
    {
        long[] wanted = [.. rows.Select(row => row.Run).Where(run => run.Status.IsActive() || !_curvesKept.Contains(run.Number))
            .Select(run => run.Number)];
        if (wanted.Length == 0)
            return;
        _curvesReadAt = time.GetUtcNow();
        foreach (var curve in await Task.Run(() =>
            metrics.BucketsAsync(wanted, [MetricNames.TrainLoss], null, null, LossSparkline.MaxPoints, asked), asked))
            _curves[curve.RunNumber] = curve;
        // A run that waits again or trains on gets a longer one.
        _curvesKept.ExceptWith(wanted);
        _curvesKept.UnionWith(rows.Where(row => !row.Run.Status.IsActive()).Select(row => row.Run.Number));
        StateHasChanged();
    }

    private Task FilterAsync(string text)
    {
        // A word on its own is what people type first, and means a name.
        var isName = text.Length > 0 && text.All(letter => char.IsLetterOrDigit(letter) || letter is '-' or '_' or ' ');
        return GoToAsync(_address.FirstPage() with { Filter = isName ? SearchText.NameContains(text) : text });
    }

    private MetricDirection DirectionOf(GridColumn column) =>
        column.Column.Kind == ColumnKind.Metric && _page is { } page ? page.DirectionOf(column.Column.Name) : MetricDirection.None;

    private Task ResizeAsync(GridColumn resized) =>
        GoToAsync(_address with { Chosen = [.. _address.Columns.Select(column => column.Column == resized.Column ? resized : column)] });

    private void Select(IReadOnlyList<RunId> runs)
    {
        _all = false;
        _selection.Choose(runs);
        GoTo(_address);
    }

    private async Task PickAsync(RunGroup group) => Select(await _groupPicks.ToggleAsync(Inside(group), _selection.Runs));

    private GridAddress Inside(RunGroup group) => _address.Within(_groups!.Columns, group.Keys);

    private Task GoToAsync(GridAddress address)
    {
        GoTo(address);
        return Task.CompletedTask;
    }

    private void GoTo(GridAddress address) => navigation.NavigateTo(AddressOf(address), replace: true);

    private string AddressOf(GridAddress address) =>
        navigation.GetUriWithQueryParameters(new Dictionary<string, object?>(address.Parameters) { ["selected"] = _selection.Text });

    private string ExportTo(string format) =>
        navigation.GetUriWithQueryParameters(navigation.ToAbsoluteUri("/api/v1/runs/export").ToString(), new Dictionary<string, object?>
        {
            // A file has no tooltips: its headings say which value they are of.
            ["columns"] = SearchText.WholeColumns((_columns.Count > 0 ? _columns : _address.Columns).Select(column => column.Column)),
            ["filter"] = _address.WholeFilter.Length == 0 ? null : _address.WholeFilter,
            ["orderBy"] = _address.OrderBy.Length == 0 ? null : _address.OrderBy,
            ["format"] = format,
        });

    public void Dispose()
    {
        _subscription?.Dispose();
        _gone.Cancel();
        _asking.Dispose();
        _gone.Dispose();
    }
}
