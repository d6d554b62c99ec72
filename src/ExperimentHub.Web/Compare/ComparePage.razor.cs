using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Runs;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Compare;

/// <summary>Runs side by side, live. Which runs, the baseline and the axis live in the address.</summary>
public sealed partial class ComparePage(RunHistory history, DatasetLibrary datasets, RunFeed feed, NavigationManager navigation) : IDisposable
{
    private const int RunsOffered = 12;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _gone = new();
    private CompareAddress _address = new();
    private Comparison? _comparison;
    private int _missing;
    private bool _loaded;
    private string? _problem;
    private IDisposable? _subscription;

    [SupplyParameterFromQuery(Name = "runs")]
    private string? RunsText { get; set; }

    [SupplyParameterFromQuery(Name = "baseline")]
    private string? BaselineText { get; set; }

    [SupplyParameterFromQuery(Name = "hideEqual")]
    private string? HideEqualText { get; set; }

    [SupplyParameterFromQuery(Name = "axis")]
    private string? AxisText { get; set; }

    protected override void OnInitialized() => _subscription = feed.Subscribe(null, () => InvokeAsync(RefreshAsync), RefreshInterval);

    protected override async Task OnParametersSetAsync()
    {
        _address = CompareAddress.Of(RunsText, BaselineText, HideEqualText, AxisText);
        await LoadAsync();
    }

    /// <summary>Runs that have ended do not change; a signal is then about some other run.</summary>
    private Task RefreshAsync() => _missing == 0 && _comparison?.Runs.Any(run => run.Status is not (RunStatus.Finished or RunStatus.Stopped or RunStatus.Failed)) != true ? Task.CompletedTask : LoadAsync();

    private async Task LoadAsync()
    {
        var address = _address;
        try
        {
            var runs = await history.FindManyAsync(address.Runs, _gone.Token);
            // A slower answer to an older question must not replace the newer one.
            if (address != _address)
                return;
            _comparison = runs.Count == 0 ? null : new Comparison(runs, address.Baseline, datasets.Find);
            (_missing, _loaded, _problem) = (address.Runs.Count - runs.Count, true, null);
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

    private async Task<IEnumerable<Run>> FindRunsAsync(string? text, CancellationToken cancellation)
    {
        var found = await history.ListAsync(new RunFilter(Text: text), RunOrder.Created, descending: true, 0, RunsOffered + _address.Runs.Count, cancellation);
        return found.Items.Where(run => !_address.Runs.Contains(run.Id)).Take(RunsOffered);
    }

    private void Add(Run? run)
    {
        if (run is not null && _address.Runs.Count < CompareAddress.MaxRuns)
            GoTo(_address with { Runs = [.. _address.Runs, run.Id] });
    }

    private void GoTo(CompareAddress address) => navigation.NavigateTo(AddressOf(address), replace: true);

    private string AddressOf(CompareAddress address) => navigation.GetUriWithQueryParameters(address.Parameters);

    public void Dispose()
    {
        _subscription?.Dispose();
        _gone.Cancel();
        _gone.Dispose();
    }
}
