using ExperimentHub.Tracking.Runs;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Runs;

/// <summary>Every run. What is shown, and in which order, lives in the address.</summary>
public sealed partial class RunsPage(RunHistory history, RunFeed feed, NavigationManager navigation) : IDisposable
{
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _gone = new();
    private RunsAddress _address = new();
    private RunListing? _page;
    private string? _problem;
    private IReadOnlyList<string> _models = [];
    private IReadOnlyList<string> _devices = [];
    private IReadOnlyList<string> _experiments = [];
    private IDisposable? _subscription;

    [SupplyParameterFromQuery(Name = "q")]
    public string? Text { get; set; }

    [SupplyParameterFromQuery]
    public string? Experiment { get; set; }

    [SupplyParameterFromQuery(Name = "status")]
    public string[]? Statuses { get; set; }

    [SupplyParameterFromQuery(Name = "model")]
    public string[]? Models { get; set; }

    [SupplyParameterFromQuery(Name = "device")]
    public string[]? Devices { get; set; }

    [SupplyParameterFromQuery]
    public string? Sort { get; set; }

    /// <summary>As it stands in the address, where people type.</summary>
    [SupplyParameterFromQuery]
    public string? Page { get; set; }

    private bool IsEmptyHub => _page is { Total: 0 } && !_address.IsFiltered;

    protected override void OnInitialized() =>
        _subscription = feed.Subscribe(null, () => InvokeAsync(LoadAsync), RefreshInterval);

    protected override async Task OnParametersSetAsync()
    {
        _address = RunsAddress.Of(Text, Experiment, Statuses, Models, Devices, Sort, Page);
        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        var address = _address;
        try
        {
            var page = await history.ListAsync(
                address.Filter, address.Order, address.Descending, (address.Page - 1) * RunsAddress.PageSize, RunsAddress.PageSize, _gone.Token);
            (_models, _devices) = await history.FilterValuesAsync(_gone.Token);
            _experiments = await history.ExperimentNamesAsync(_gone.Token);
            // A slower answer to an older question must not replace the newer one.
            if (address != _address)
                return;
            // Runs were deleted, or the address was typed: the last page instead of one after it.
            if (page is { Items.Count: 0, Total: > 0 })
            {
                GoTo(address with { Page = ((page.Total - 1) / RunsAddress.PageSize) + 1 });
                return;
            }

            (_page, _problem) = (page, null);
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

    private void GoTo(RunsAddress address) => navigation.NavigateTo(AddressOf(address), replace: true);

    private string AddressOf(RunsAddress address) => navigation.GetUriWithQueryParameters(address.Parameters);

    public void Dispose()
    {
        _subscription?.Dispose();
        _gone.Cancel();
        _gone.Dispose();
    }
}
