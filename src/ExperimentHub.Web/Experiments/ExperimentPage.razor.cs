using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;
using MudBlazor;

namespace ExperimentHub.Web.Experiments;

/// <summary>One experiment: its best result, the settings that new runs start from, its schedules and its newest runs.</summary>
public sealed partial class ExperimentPage(
    ExperimentStore experiments, RunHistory history, RunFeed feed, NavigationManager navigation, IDialogService dialogs, ISnackbar snackbar) : IDisposable
{
    private const int RunsShown = 20;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private Experiment? _experiment;
    private RunListing? _runs;
    private RunsAddress _order = new();
    private Run? _newest;
    private Run? _best;
    private bool _missing;
    private string? _problem;
    private IDisposable? _subscription;

    [Parameter]
    public int Id { get; set; }

    [SupplyParameterFromQuery]
    private string? Sort { get; set; }

    protected override void OnInitialized() => _subscription = feed.Subscribe(null, () => InvokeAsync(LoadAsync), RefreshInterval);

    protected override Task OnParametersSetAsync()
    {
        _order = RunsAddress.Of(null, null, null, null, null, Sort, null);
        return LoadAsync();
    }

    private async Task LoadAsync()
    {
        try
        {
            var experiment = await experiments.FindAsync(Id);
            if (experiment is not null)
            {
                var filter = new RunFilter(Experiment: experiment.Name);
                _runs = await history.ListAsync(filter, _order.Order, _order.Descending, 0, RunsShown);
                _newest = (await history.ListAsync(filter, RunOrder.Created, descending: true, 0, 1)).Items is [var newest] ? newest : null;
                _best = (await history.ListAsync(filter, RunOrder.Accuracy, descending: true, 0, 1)).Items.FirstOrDefault(run => run.BestTestAccuracy is not null);
            }

            (_experiment, _missing, _problem) = (experiment, experiment is null, null);
        }
        catch (Exception e)
        {
            _problem = e.Message;
        }

        StateHasChanged();
    }

    private async Task TakeSettingsAsync(Run run)
    {
        if (_experiment is not { } experiment)
            return;
        var result = await experiments.UpdateAsync(Id, new ExperimentDraft(experiment.Name, experiment.Description, run.Spec));
        if (result.Id is null)
            snackbar.Add(string.Join(' ', result.Problems.Select(problem => problem.Message)), Severity.Error);
        await LoadAsync();
    }

    private async Task ArchiveAsync()
    {
        await experiments.ArchiveAsync(Id, _experiment?.ArchivedAt is null);
        await LoadAsync();
    }

    private async Task DeleteAsync()
    {
        if (_experiment is not { } experiment)
            return;
        var sure = await dialogs.ShowMessageBoxAsync(
            $"Delete {experiment.Name}?", $"It is hidden at once with its {Figures.Count(_runs?.Total)} runs; after an hour their files are removed for good.", yesText: "Delete experiment", cancelText: "Keep it");
        if (sure != true)
            return;
        switch (await experiments.DeleteAsync(Id))
        {
            case ExperimentDeletion.StillActive:
                snackbar.Add("It has queued or running runs. Stop them first.", Severity.Warning);
                return;
            case ExperimentDeletion.Deleted:
                snackbar.Add($"{experiment.Name} was deleted.", Severity.Normal, options =>
                {
                    options.Action = "Undo";
                    options.VisibleStateDuration = 15_000;
                    options.OnClick = async _ =>
                    {
                        if (await experiments.RestoreAsync(experiment.Id) is { } problem)
                            snackbar.Add(problem, Severity.Error);
                        else
                            navigation.NavigateTo($"experiments/{experiment.Id}");
                    };
                });
                break;
        }

        navigation.NavigateTo("experiments");
    }

    private static string NewRunAddress(Experiment experiment) => QueryHelpers.AddQueryString("runs/new", "experiment", experiment.Name);

    private string AddressOf(RunsAddress address) => navigation.GetUriWithQueryParameter("sort", (string?)address.Parameters["sort"]);

    public void Dispose() => _subscription?.Dispose();
}
