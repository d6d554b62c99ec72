using System.Globalization;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Runs;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Compare;

/// <summary>Runs side by side, live. What is compared and how it is looked at lives in the address.</summary>
public sealed partial class ComparePage(RunHistory history, RunSearch search, MetricReader metrics, DatasetLibrary datasets, RunFeed feed,
    NavigationManager navigation, IJSRuntime js, ILogger<ComparePage> logger) : IAsyncDisposable
{
    private const int RunsOffered = 12;
    private const int SpeedUpsShown = 3;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(2);

    /// <summary>Of what is read anew whole: what two networks say of each test image.</summary>
    private static readonly TimeSpan FilesInterval = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _gone = new();
    private CompareAddress _address = new();
    private ComparedRuns? _compared;
    private Comparison? _comparison;
    private ComparedOrder? _order;
    private RunTints? _tints;
    private (ComparedRuns? Compared, RunId? Baseline, double? Target) _comparisonOf;
    private (Comparison? Comparison, ComparedSort? Sort, bool AsRows, string? Measure) _orderOf;
    private (ComparedRuns? Compared, string? Colour) _tintsOf;
    private int _files;
    private bool _loaded;
    private string? _problem;
    private string? _kept;
    private PageModule? _script;
    private IDisposable? _subscription;

    private int Missing => _address.Runs.Count - (_compared?.Chosen.Count ?? 0);

    private bool AsRows => _address.AsRows ?? UsuallyRows;

    /// <summary>Many columns are not looked through.</summary>
    private bool UsuallyRows => _compared?.Runs.Count > CompareAddress.MostColumns;

    protected override async Task OnInitializedAsync()
    {
        // Also those that were deleted: they may come back.
        _subscription = feed.SubscribeToSome(run => _address.Runs.Contains(run), told => InvokeAsync(() => RefreshAsync(told)),
            new FeedPace(RunSignals.Rows, RefreshInterval), new FeedPace(RunSignal.Files, FilesInterval));
        navigation.LocationChanged += OnLocationChanged;
        _address = AddressNow();
        await LoadAsync();
    }

    private CompareAddress AddressNow() => CompareAddress.Of(navigation.ToAbsoluteUri(navigation.Uri).Query);

    private void OnLocationChanged(object? sender, LocationChangedEventArgs e) => _ = InvokeAsync(ReadAddressAsync);

    /// <summary>Most changes are about how the runs are looked at, and need nothing from the database.</summary>
    private async Task ReadAddressAsync()
    {
        if (_gone.IsCancellationRequested || !navigation.ToBaseRelativePath(navigation.Uri).StartsWith("compare", StringComparison.Ordinal))
            return;
        var before = _address;
        _address = AddressNow();
        if (!before.Runs.SequenceEqual(_address.Runs) || before.Diverged != _address.Diverged || before.At != _address.At)
        {
            await LoadAsync();
            return;
        }

        Arrange();
        StateHasChanged();
    }

    private async Task RefreshAsync(RunSignal told)
    {
        if ((told & RunSignal.Files) != 0)
            _files++;
        if ((told & RunSignals.Rows) != 0)
            await LoadAsync();
        else
            StateHasChanged();
    }

    private async Task LoadAsync()
    {
        var (asked, diverged, at) = (_address.Runs, _address.Diverged, _address.At);
        try
        {
            var compared = asked.Count > CompareAddress.MaxRuns
                ? null : await ComparedRuns.ReadAsync(asked, diverged, at, history, metrics, _gone.Token);
            // A slower answer to an older question must not replace the newer one.
            if (!asked.SequenceEqual(_address.Runs) || (diverged, at) != (_address.Diverged, _address.At))
                return;
            _compared = compared;
            Arrange();
            (_loaded, _problem) = (true, null);
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            _problem = e.Message;
        }

        StateHasChanged();
    }

    /// <summary>What of the comparison the address has changed; a look at a curve changes nothing of it.</summary>
    private void Arrange()
    {
        var (comparisonOf, tintsOf) = ((_compared, _address.Baseline, _address.Target), (_compared, _address.Colour));
        if (comparisonOf != _comparisonOf)
            _comparison = _compared is null ? null : new Comparison(_compared.Runs, _address.Baseline, datasets.Find, _address.Target, _compared.At,
                _compared.Summaries);
        var orderOf = (_comparison, _address.Sort, AsRows, _address.Measure);
        if (orderOf != _orderOf)
            _order = _comparison is null ? null : ComparedOrder.Of(_comparison, _address.Sort, MeasureKey, bestFirst: AsRows);
        if (tintsOf != _tintsOf)
            _tints = _compared is null ? null : RunTints.Of(_compared.Runs, _compared.Find(_address.Colour));
        (_comparisonOf, _orderOf, _tintsOf) = (comparisonOf, orderOf, tintsOf);
    }

    /// <summary>The row that says which run is best.</summary>
    private string MeasureKey => ComparedOrder.KeyOf(_comparison!, _compared!.MeasureOf(_address));

    private void ShowAsRows(bool rows) => GoTo(_address with { AsRows = rows == UsuallyRows ? null : rows });

    private async Task<IEnumerable<Run>> FindRunsAsync(string? text, CancellationToken cancellation)
    {
        var filter = string.IsNullOrWhiteSpace(text) ? "" : SearchText.NameContains(text.Trim());
        var found = await search.ListAsync(new RunQuery(filter), pageSize: RunsOffered + _address.Runs.Count, cancellation: cancellation);
        // A name may be longer than a filter can be.
        return (found.Answer?.Items ?? []).Select(row => row.Run).Where(run => !_address.Runs.Contains(run.Id)).Take(RunsOffered);
    }

    private void Add(Run? run)
    {
        if (run is not null && _address.Runs.Count < CompareAddress.MaxRuns)
            GoTo(_address with { Runs = [.. _address.Runs, run.Id] });
    }

    /// <summary>Typed in per cent; nothing, or what is no accuracy, asks for none.</summary>
    private void SetTarget(ChangeEventArgs change) =>
        GoTo(_address with
        {
            Target = decimal.TryParse(change.Value as string, NumberStyles.Float, CultureInfo.InvariantCulture, out var percent)
            && percent is > 0 and <= 100 ? (double)(percent / 100) : null
        });

    private void GoTo(CompareAddress address) => navigation.NavigateTo(AddressOf(address), replace: true);

    private string AddressOf(CompareAddress address) => navigation.GetUriWithQueryParameters(address.Parameters);

    /// <summary>What is compared is offered again on the empty page of this browser.</summary>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_compared is not { Chosen.Count: > 1 } compared || _problem is not null)
            return;
        var runs = RunSelection.Text(compared.Chosen.Select(run => run.Id));
        if (runs == _kept)
            return;
        _kept = runs;
        try
        {
            _script ??= new PageModule(js, RecentComparison.Script);
            await _script.CallAsync("keep", runs);
        }
        catch (JSException e)
        {
            logger.LogWarning(e, "The browser does not remember what is compared");
        }
    }

    public async ValueTask DisposeAsync()
    {
        navigation.LocationChanged -= OnLocationChanged;
        _subscription?.Dispose();
        await _gone.CancelAsync();
        _gone.Dispose();
        if (_script is not null)
            await _script.DisposeAsync();
    }
}
