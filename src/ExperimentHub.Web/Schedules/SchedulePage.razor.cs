using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Runs;
using ExperimentHub.Web.Specs;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace ExperimentHub.Web.Schedules;

/// <summary>One schedule: when it fires, how the accuracy went over the nights, and every firing.</summary>
public sealed partial class SchedulePage(
    ScheduleStore schedules, ExperimentStore experiments, RunFeed feed, TimeProvider time, NavigationManager navigation, Confirmation confirmation,
    ISnackbar snackbar) : IDisposable
{
    private const int SettingsRead = 200;

    private ScheduleDetails? _details;
    private IReadOnlyList<SettingsChange> _settings = [];

    // What the next firing will train otherwise than the last one did; null where nothing.
    private string? _changed;
    private bool _missing;
    private string? _problem;
    private ScheduleWatch? _watch;
    private readonly AddressedSelection _selection = new();

    [Parameter]
    public int Id { get; set; }

    /// <summary>Firings count from 1, so the newest one knows how many there were.</summary>
    private int Total => _details?.Fires is [var newest, ..] ? newest.Fire.Number : 0;

    /// <summary>Runs that diverged count in the trend and for the best.</summary>
    [SupplyParameterFromQuery(Name = "diverged")]
    private string? DivergedText { get; set; }

    /// <summary>The nights that are ticked.</summary>
    [SupplyParameterFromQuery(Name = "selected")]
    private string? SelectedText { get; set; }

    private bool WithDiverged => PageQuery.IsTrue(DivergedText);

    private double? Best =>
        _details?.Fires.Where(fire => WithDiverged || fire.Run?.Training?.Diverged != true).Max(fire => fire.Run?.Training?.BestTestAccuracy);

    protected override void OnInitialized() => _watch = new ScheduleWatch(schedules, experiments, feed, () => InvokeAsync(LoadAsync));

    protected override Task OnParametersSetAsync()
    {
        _selection.Read(SelectedText);
        // A tick changes the address as well, and nothing of what was read.
        return _details?.Schedule.Id == Id ? Task.CompletedTask : LoadAsync();
    }

    private void Select(IReadOnlyList<RunId> runs)
    {
        _selection.Choose(runs);
        navigation.NavigateTo(navigation.GetUriWithQueryParameter("selected", _selection.Text), replace: true);
    }

    private async Task LoadAsync()
    {
        try
        {
            var details = await schedules.FindAsync(Id);
            if (details is not null)
            {
                _settings = await experiments.SettingsHistoryAsync(details.Schedule.ExperimentId, SettingsRead);
                _changed = details.Fires.Select(fire => fire.Run).OfType<Run>().FirstOrDefault()?.Training is { } last
                    && !SettingsOfNights.AreSame(last.Spec, details.Schedule.Experiment.DefaultSpec)
                    ? SpecDifferences.Words(SpecDifferences.Of(last.Spec, details.Schedule.Experiment.DefaultSpec, withSeed: false)) : null;
            }

            _details = details;
            (_missing, _problem) = (_details is null, null);
        }
        catch (Exception e)
        {
            _problem = e.Message;
        }

        StateHasChanged();
    }

    private async Task RunNowAsync() => snackbar.Tell(await schedules.FireAsync(Id, time.GetUtcNow(), manual: true));

    private async Task SwitchAsync()
    {
        if (_details is { Schedule: var schedule })
            await schedules.SwitchAsync(Id, !schedule.Enabled);
    }

    private async Task RemoveAsync()
    {
        if (_details is not { Schedule.Experiment.Name: var experiment } details)
            return;
        var text =
            $"{experiment} is no longer retrained {Lower(details.Words)}, and its history ({(Total == 1 ? "1 firing" : $"{Figures.Count(Total)} firings")}) is gone for good. The runs that it started stay.";
        if (!await confirmation.AskAsync("Remove this schedule?", text, "Remove schedule", "Keep it"))
            return;
        // Not through the change that it causes: this page would say that there is no such schedule.
        _watch?.Dispose();
        await schedules.DeleteAsync(Id);
        snackbar.Add("The schedule was removed. Its runs are kept.", Severity.Normal);
        navigation.NavigateTo("schedules");
    }

    private static TimeOnly? Wanted(Schedule schedule) =>
        CronDraft.Of(schedule.Cron) is { Shape: not (CronShape.EveryHour or CronShape.Own) } plain ? plain.TimeOfDay : null;

    private static string Times(int count) => count switch { 0 => "not yet", 1 => "once", _ => $"{Figures.Count(count)} times" };

    /// <summary>Words inside a sentence; names of days keep their capital.</summary>
    private static string Lower(string words) => words.StartsWith("Every ", StringComparison.Ordinal)
        || words.StartsWith("On ", StringComparison.Ordinal) ? char.ToLowerInvariant(words[0]) + words[1..] : $"({words})";

    public void Dispose() => _watch?.Dispose();
}
