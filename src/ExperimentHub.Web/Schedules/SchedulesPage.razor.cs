using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using MudBlazor;

namespace ExperimentHub.Web.Schedules;

/// <summary>All schedules: when each fires next and what came of the last time.</summary>
public sealed partial class SchedulesPage(ScheduleStore schedules, ExperimentStore experiments, RunFeed feed, TimeProvider time, ISnackbar snackbar)
    : IDisposable
{
    private IReadOnlyList<ScheduleDetails>? _schedules;
    private string? _problem;
    private ScheduleWatch? _watch;

    protected override Task OnInitializedAsync()
    {
        _watch = new ScheduleWatch(schedules, experiments, feed, () => InvokeAsync(LoadAsync));
        return LoadAsync();
    }

    private async Task LoadAsync()
    {
        try
        {
            (_schedules, _problem) = (await schedules.ListAsync(), null);
        }
        catch (Exception e)
        {
            _problem = e.Message;
        }

        StateHasChanged();
    }

    private Task<bool> SwitchAsync(Schedule schedule, bool on) => schedules.SwitchAsync(schedule.Id, on);

    private async Task RunNowAsync(Schedule schedule) => snackbar.Tell(await schedules.FireAsync(schedule.Id, time.GetUtcNow(), manual: true));

    public void Dispose() => _watch?.Dispose();
}
