using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Web.Runs;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Overview;

/// <summary>What trains now, what waits, what came out last and over night, and how full devices and disk are.</summary>
public sealed partial class OverviewPage(
    RunHistory history, MetricReader metrics, WaitingLine line, NightlyResults nights, RunQueue queue, RunFeed feed, NavigationManager navigation) : IDisposable
{
    private const int RecentRunsShown = 10;
    private const int WaitingShown = 5;
    private const int RunningShown = 8;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _gone = new();
    private readonly string _key = $"tutorial-{Guid.NewGuid():N}";
    private RunListing? _recent;
    private bool _isNew;
    private List<(RunDetails Details, MetricBuckets? Curve)> _running = [];
    private List<WaitingRun> _waiting = [];
    private int _moreWaiting;
    private NightlyListing? _night;
    private string? _problem;
    private string? _refusal;
    private bool _starting;
    private IDisposable? _subscription;

    [SupplyParameterFromQuery(Name = "selected")]
    private string? SelectedText { get; set; }

    /// <summary>The epoch whose figures are shown.</summary>
    [SupplyParameterFromQuery(Name = EpochWords.Parameter)]
    private string? AtText { get; set; }

    private static readonly string ArchivedRuns = $"runs?filter={Uri.EscapeDataString("archived = true")}";

    private FigureEpoch At => EpochWords.Read(AtText);

    private void ChooseEpoch(FigureEpoch at) => navigation.NavigateTo(navigation.GetUriWithQueryParameter(EpochWords.Parameter, EpochWords.Text(at)), replace: true);

    protected override async Task OnInitializedAsync()
    {
        _subscription = feed.Subscribe(null, () => InvokeAsync(LoadAsync), RefreshInterval);
        await LoadAsync();
    }

    private async Task LoadAsync()
    {
        try
        {
            var recent = await history.ListAsync(new RunFilter(), RunOrder.Created, descending: true, 0, RecentRunsShown, _gone.Token);
            var runs = await history.ListAsync(new RunFilter(Statuses: [RunStatus.Running], Archived: true), RunOrder.Created, descending: false, 0, RunningShown, _gone.Token);
            var curves = (await metrics.BucketsAsync([.. runs.Items.Select(run => run.Number)], [MetricNames.TrainLoss], null, null, LossSparkline.MaxPoints, _gone.Token)).ToDictionary(curve => curve.RunNumber);
            var running = new List<(RunDetails, MetricBuckets?)>();
            foreach (var run in runs.Items)
                if (await history.FindAsync(run.Id, _gone.Token) is { } details)
                    running.Add((details, curves.GetValueOrDefault(run.Number)));
            // A hub whose runs are all archived is not a new one.
            var isNew = recent.Total == 0 && !await history.AnyAsync(_gone.Token);
            var cpu = await line.ListAsync(DeviceRequest.Cpu, WaitingShown, _gone.Token);
            var cuda = await line.ListAsync(DeviceRequest.Cuda, WaitingShown, _gone.Token);
            List<WaitingRun> waiting = [.. cpu.Items.Concat(cuda.Items).OrderBy(item => item.Run.QueuePosition).Take(WaitingShown)];
            var night = await nights.ReadAsync(_gone.Token);
            (_recent, _isNew, _running, _waiting, _moreWaiting, _night, _problem) = (recent, isNew, running, waiting, cpu.Total + cuda.Total - waiting.Count, night, null);
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

    private async Task StartTutorialAsync()
    {
        if (_starting)
            return;
        _starting = true;
        try
        {
            var result = await queue.EnqueueAsync(new RunRequest("tutorial", null, new TrainingSpec(), _key));
            if (result.Run is { } run)
                navigation.NavigateTo($"runs/{run}");
            else
                _refusal = string.Join(" ", result.Problems.Select(problem => problem.Message));
        }
        finally
        {
            _starting = false;
        }
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        _gone.Cancel();
        _gone.Dispose();
    }
}
