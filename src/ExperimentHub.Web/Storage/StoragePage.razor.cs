using System.Globalization;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Web.Runs;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Storage;

/// <summary>What uses the disk: by kind, by experiment and by run. Runs can be deleted here.</summary>
public sealed partial class StoragePage(RunStorage storage, DiskUse disk, RunFeed feed, NavigationManager navigation) : IDisposable
{
    private const int RunsShown = 200;

    private readonly AddressedSelection _selection = new();
    private readonly CancellationTokenSource _gone = new();
    private StorageListing? _listing;
    private int? _read;
    private IReadOnlyList<RunBytes> _runs = [];
    private string? _problem;
    private IDisposable? _subscription;

    /// <summary>The experiment whose runs are shown.</summary>
    [SupplyParameterFromQuery(Name = "experiment")]
    private string? OpenedText { get; set; }

    [SupplyParameterFromQuery(Name = "selected")]
    private string? SelectedText { get; set; }

    private int? Opened => int.TryParse(OpenedText, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    protected override void OnInitialized()
    {
        _subscription = feed.Subscribe(null, RunSignals.Space, () => InvokeAsync(LoadAsync), DiskUse.KeptFor);
        disk.Changed += Refresh;
    }

    protected override Task OnParametersSetAsync()
    {
        _selection.Read(SelectedText);
        // A tick changes the address as well, and nothing of what was read.
        return _listing is null || _read != Opened ? LoadAsync() : Task.CompletedTask;
    }

    private async Task LoadAsync()
    {
        try
        {
            var opened = _read = Opened;
            var listing = await storage.ReadAsync(_gone.Token);
            var runs = opened is { } experiment ? await storage.RunsAsync(experiment, RunsShown, _gone.Token) : [];
            // A slower answer to an older question must not replace the newer one.
            if (opened == Opened)
                (_listing, _runs, _problem) = (listing, runs, null);
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

    private void Refresh() => _ = InvokeAsync(LoadAsync);

    private void Open(int? experiment) =>
        navigation.NavigateTo(navigation.GetUriWithQueryParameters(
            new Dictionary<string, object?> { ["experiment"] = experiment, ["selected"] = null }), replace: true);

    private void Select(IReadOnlyList<RunId> runs)
    {
        _selection.Choose(runs);
        navigation.NavigateTo(navigation.GetUriWithQueryParameter("selected", _selection.Text), replace: true);
    }

    private static string Checkpoints(Run run) =>
        run.Checkpoints.Count switch { 0 => "no checkpoints", 1 => "1 checkpoint", var count => $"{Figures.Count(count)} checkpoints" };

    /// <summary>Of all files of runs.</summary>
    private string Share(long bytes) =>
        $"{(100.0 * bytes / Math.Max(1, _listing!.Experiments.Sum(experiment => experiment.Bytes))).ToString("0.##", CultureInfo.InvariantCulture)}%";

    public void Dispose()
    {
        disk.Changed -= Refresh;
        _subscription?.Dispose();
        _gone.Cancel();
        _gone.Dispose();
    }
}
