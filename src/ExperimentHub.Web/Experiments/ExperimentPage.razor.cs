using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Studies;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Schedules;
using ExperimentHub.Web.Specs;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;
using MudBlazor;

namespace ExperimentHub.Web.Experiments;

/// <summary>
/// One experiment: its best result and how it came there, its newest runs, what two settings do, its nights, and the settings that new runs start
/// from.
/// </summary>
public sealed partial class ExperimentPage(
    ExperimentStore experiments, ExperimentResults results, RunHistory history, RunSearch search, ScheduleStore schedules, DeletedThings deletions,
    RunFeed feed, NavigationManager navigation,
    Confirmation confirmation, ISnackbar snackbar) : IDisposable
{
    private const int SettingsShown = 50;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    /// <summary>The table follows its runs by itself; the best run and the trend need not be quicker.</summary>
    private static readonly TimeSpan ResultsInterval = TimeSpan.FromSeconds(5);

    private Experiment? _experiment;
    private int _runs;
    private Run? _newest;
    private MetricStory _story = new([], default, null, [], null, 0);
    private string _metric = MetricNames.TestAccuracy;
    private string _usual = MetricNames.TestAccuracy;
    private DeletedExperiment? _deleted;
    private IReadOnlyList<SettingsChange> _settings = [];
    private string? _refusal;
    private bool _missing;
    private MudMenu? _menu;
    private string? _problem;
    private IDisposable? _subscription;
    private (int Id, string? Metric, bool WithDiverged)? _asked;

    [Parameter]
    public int Id { get; set; }

    /// <summary>What decides which run is best; a metric that cannot is ignored.</summary>
    [SupplyParameterFromQuery(Name = "metric")]
    private string? MetricText { get; set; }

    /// <summary>The part that is shown.</summary>
    [SupplyParameterFromQuery(Name = "tab")]
    private string? TabText { get; set; }

    private string OpenTab => Tabs.Any(tab => tab.Key == TabText) ? TabText! : Tabs[0].Key;

    private IReadOnlyList<Tab> Tabs =>
    [
        new("runs", "Runs", _runs),
        new("study", "Study"),
        new("nights", "Nights"),
        new("settings", _settings is [{ Number: > 1 } newest, ..] ? $"Settings, v{Figures.Count(newest.Number)}" : "Settings"),
    ];

    /// <summary>Runs that are ticked, in the table or among the nights.</summary>
    [SupplyParameterFromQuery(Name = "selected")]
    private string? SelectedText { get; set; }

    /// <summary>The settings that the study lays out.</summary>
    [SupplyParameterFromQuery(Name = "across")]
    private string? AcrossText { get; set; }

    [SupplyParameterFromQuery(Name = "down")]
    private string? DownText { get; set; }

    /// <summary>Runs that diverged can be best and stand in the trend.</summary>
    [SupplyParameterFromQuery(Name = "diverged")]
    private string? DivergedText { get; set; }

    private bool WithDiverged => PageQuery.IsTrue(DivergedText);

    protected override void OnInitialized()
    {
        _subscription = feed.Subscribe(null, told => InvokeAsync(() => RefreshAsync(told)), new FeedPace(RunSignals.Facts, RefreshInterval),
            new FeedPace(RunSignal.Results, ResultsInterval));
        experiments.Changed += OnChanged;
    }

    /// <summary>A tick in the table and another tab change the address as well, and nothing of what is read here.</summary>
    protected override Task OnParametersSetAsync()
    {
        var asked = (Id, Chosen, WithDiverged);
        if (asked == _asked)
            return Task.CompletedTask;
        _asked = asked;
        return LoadAsync();
    }

    private async Task LoadAsync()
    {
        try
        {
            var experiment = await experiments.FindAsync(Id);
            if (experiment is not null)
            {
                var itsRuns = new RunQuery(Experiment: experiment.Name);
                _newest = (await search.ListAsync(itsRuns, pageSize: 1)).Answer!.Items is [var row] ? row.Run : null;
                _runs = (int)(await search.CountAsync(itsRuns)).Answer!.Total;
                _settings = await experiments.SettingsHistoryAsync(Id, SettingsShown);
                await LoadStoryAsync(experiment);
            }

            _deleted = experiment is null ? await deletions.FindAsync(Id) : null;
            (_experiment, _missing, _problem) = (experiment, experiment is null, null);
        }
        catch (Exception e)
        {
            _problem = e.Message;
        }

        StateHasChanged();
    }

    /// <summary>An epoch changes which run is best and the trend, and nothing else that is read here.</summary>
    private async Task RefreshAsync(RunSignal told)
    {
        if ((told & RunSignals.Facts) != 0 || _experiment is not { } experiment || _problem is not null)
        {
            await LoadAsync();
            return;
        }

        try
        {
            await LoadStoryAsync(experiment);
        }
        catch (Exception e)
        {
            _problem = e.Message;
        }

        StateHasChanged();
    }

    private async Task LoadStoryAsync(Experiment experiment)
    {
        var (chosen, withDiverged) = (Chosen, WithDiverged);
        var usual = await results.UsualMetricAsync(experiment);
        var story = await results.ReadAsync(experiment.Id, chosen ?? usual, withDiverged);
        var shown = chosen ?? usual;
        // What cannot be better or worse is no choice.
        if (chosen is not null && story.Said is { Agreed: MetricDirection.None, Contradict: false })
            (shown, story) = (usual, await results.ReadAsync(experiment.Id, usual, withDiverged));
        // A slower answer to an older question must not replace the newer one.
        if ((chosen, withDiverged, experiment.Id) == (Chosen, WithDiverged, Id))
            (_story, _usual, _metric) = (story, usual, shown);
    }

    private void OnChanged(int id)
    {
        if (id == Id)
            _ = InvokeAsync(LoadAsync);
    }

    private Task TakeSettingsAsync(Training training) =>
        TakeSettingsAsync(training.Spec, $"Use the settings of {training.Run.Name}?", $"those of {training.Run.Name}");

    private Task GoBackAsync(SettingsChange change) =>
        TakeSettingsAsync(change.Spec, $"Go back to v{Figures.Count(change.Number)}?", $"back to v{Figures.Count(change.Number)}");

    /// <summary>
    /// What is trained from now on is not changed by one click: the person sees what differs, and sees it anew where somebody else was quicker.
    /// </summary>
    private async Task TakeSettingsAsync(TrainingSpec spec, string question, string note)
    {
        while (await experiments.FindAsync(Id) is { } now)
        {
            var differences = SpecDifferences.Of(now.DefaultSpec, spec);
            if (differences.Count == 0)
                break;
            if (!await confirmation.AskAsync(question, await ConsequenceAsync(), "Use these settings", "Keep the settings", differences,
                destroys: false))
                return;
            var result = await experiments.UpdateAsync(Id, new ExperimentChange(DefaultSpec: spec, Note: Short(note)), now.Version);
            if (result.Conflict)
                continue;
            if (result.Id is null)
                snackbar.Add(string.Join(' ', result.Problems.Select(problem => problem.Message)), Severity.Error);
            break;
        }

        await LoadAsync();
    }

    private async Task<string> ConsequenceAsync()
    {
        var next = (await schedules.ListAsync(Id)).Where(schedule => schedule.NextFires.Count > 0)
            .OrderBy(schedule => schedule.NextFires[0]).ToList();
        return next is [var first, ..]
            ? $"New runs start from them, and so does what is trained by itself: next {ZonedTimes.Exact(first.NextFires[0], first.Schedule.TimeZone)}. The history below leads back."
            : "New runs start from them. The history below leads back.";
    }

    private static string Short(string note) => note.Length <= SettingsChange.MaxNoteLength ? note : note[..SettingsChange.MaxNoteLength];

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
        var ids = await history.IdsAsync(Id);
        var bytes = Figures.Size(await deletions.SizeAsync(ids));
        var (all, archived) = await history.CountAsync(experiment.Name);
        var runs = ids.Count switch { 0 => "", 1 => " with its run", var count => $" with its {Figures.Count(count)} runs" }
            + (archived == 0 ? "" : archived == all ? ", archived" : $", {Figures.Count(archived)} of them archived");
        var text =
            $"It is hidden at once{runs} and can be restored under Deleted for {Figures.Lasting(deletions.KeptFor)}. Then its files are removed "
                + "for good.";
        if (!await confirmation.AskAsync($"Delete {experiment.Name}?", text, $"Delete experiment, {bytes}", "Keep it"))
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

    private string? Chosen => MetricText is { Length: <= MetricNames.MaxLength } metric ? metric : null;

    private void ChooseMetric(string metric) =>
        navigation.NavigateTo(navigation.GetUriWithQueryParameter("metric", metric == _usual ? null : metric), replace: true);

    public void Dispose()
    {
        _subscription?.Dispose();
        experiments.Changed -= OnChanged;
    }
}
