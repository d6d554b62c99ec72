using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Runs;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;
using MudBlazor;

namespace ExperimentHub.Web.Experiments;

/// <summary>One experiment: its best result, the settings that new runs start from, its schedules and its newest runs.</summary>
public sealed partial class ExperimentPage(
    ExperimentStore experiments, RunHistory history, RunFeed feed, NavigationManager navigation, Confirmation confirmation, ISnackbar snackbar) : IDisposable
{
    private const int RunsShown = 20;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private Experiment? _experiment;
    private RunListing? _runs;
    private RunsAddress _order = new();
    private Run? _newest;
    private Run? _best;
    private Experiment? _deleted;
    private string? _refusal;
    private bool _missing;
    private MudMenu? _menu;
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

            _deleted = experiment is null ? await experiments.FindDeletedAsync(Id) : null;
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
        // The menu would stay open behind the question: it waits for what its item does.
        if (_menu is { } menu)
            await menu.CloseMenuAsync();
        var runs = _runs?.Total switch { null or 0 => "", 1 => " with its run", var count => $" with its {Figures.Count(count)} runs" };
        var text = $"It is hidden at once{runs}. For an hour this page can bring it back; then its files are removed for good.";
        if (!await confirmation.AskAsync($"Delete {experiment.Name}?", text, "Delete experiment", "Keep it"))
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
                        // Where it is not back, its page can try again.
                        navigation.NavigateTo($"experiments/{experiment.Id}");
                    };
                });
                break;
        }

        navigation.NavigateTo("experiments");
    }

    private async Task RestoreAsync()
    {
        _refusal = await experiments.RestoreAsync(Id);
        await LoadAsync();
    }

    private static string NewRunAddress(Experiment experiment) => QueryHelpers.AddQueryString("runs/new", "experiment", experiment.Name);

    private string AddressOf(RunsAddress address) => navigation.GetUriWithQueryParameter("sort", (string?)address.Parameters["sort"]);

    public void Dispose() => _subscription?.Dispose();
}
