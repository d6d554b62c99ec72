using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;

namespace ExperimentHub.Web.Schedules;

/// <summary>
/// Calls back whenever something that a page about schedules shows may have changed: schedules, firings, experiments, runs. Dispose to end it.
/// </summary>
internal sealed class ScheduleWatch : IDisposable
{
    private static readonly TimeSpan RunInterval = TimeSpan.FromSeconds(1);

    private readonly ScheduleStore _schedules;
    private readonly ExperimentStore _experiments;
    private readonly Func<Task> _refresh;
    private readonly IDisposable _runs;

    /// <param name="refresh">Hops to the page's own thread and catches what goes wrong.</param>
    public ScheduleWatch(ScheduleStore schedules, ExperimentStore experiments, RunFeed feed, Func<Task> refresh)
    {
        (_schedules, _experiments, _refresh) = (schedules, experiments, refresh);
        schedules.Changed += OnChanged;
        schedules.Fired += OnChanged;
        experiments.Changed += OnChanged;
        _runs = feed.Subscribe(null, RunSignals.Rows, refresh, RunInterval);
    }

    public void Dispose()
    {
        _schedules.Changed -= OnChanged;
        _schedules.Fired -= OnChanged;
        _experiments.Changed -= OnChanged;
        _runs.Dispose();
    }

    private void OnChanged(int id) => _ = _refresh();
}
