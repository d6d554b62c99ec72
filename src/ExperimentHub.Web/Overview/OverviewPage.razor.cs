using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs;
using ExperimentHub.Web.Runs.Grid;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Overview;

/// <summary>What came out since somebody last looked and over the nights, what trains and waits, and how full devices and disk are.</summary>
public sealed partial class OverviewPage(
    RunSearch search, RunHistory history, MetricReader metrics, WaitingLine line, ExpectedStarts starts, DeviceInventory devices, LiveRuns live, TimeProvider time, NightlyResults nights, RunQueue queue, RunFeed feed, NavigationManager navigation) : IDisposable
{
    private const int RecentRunsShown = 10;
    private const int WaitingShown = 5;
    private const int RunningShown = 8;
    private const int SchedulesShown = 6;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    /// <summary>Epochs end many times a second where many runs train.</summary>
    private static readonly TimeSpan ResultsInterval = TimeSpan.FromSeconds(2);

    // Fourteen nights of six schedules are much to read, and they change once a night.
    private static readonly TimeSpan NightsInterval = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _gone = new();
    private readonly string _key = $"tutorial-{Guid.NewGuid():N}";
    private RunSearchPage? _recent;
    private FigureEpoch _recentAt;
    private long _total;
    private bool _isNew;
    private List<(RunDetails Details, MetricBuckets? Curve)> _running = [];
    private DateTimeOffset _curvesReadAt;
    private List<(WaitingRun Item, DateTime? Start)> _waiting = [];
    private int _moreWaiting;
    private NightlyListing? _nights;
    private string? _problem;
    private string? _refusal;
    private bool _starting;
    private IDisposable? _subscription;
    private IDisposable? _results;
    private IDisposable? _progress;
    private IDisposable? _nightSubscription;

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
        _subscription = feed.Subscribe(null, RunSignals.Facts, () => InvokeAsync(LoadAsync), RefreshInterval);
        _results = feed.Subscribe(null, RunSignal.Results, () => InvokeAsync(LoadAsync), ResultsInterval);
        _progress = feed.Subscribe(null, RunSignal.Progress, () => InvokeAsync(ShowProgressAsync), RefreshInterval);
        _nightSubscription = feed.Subscribe(null, RunSignals.Rows, () => InvokeAsync(LoadNightsAsync), NightsInterval);
        await LoadNightsAsync();
    }

    /// <summary>A tick changes the address as well, and nothing of what is read here.</summary>
    protected override Task OnParametersSetAsync() => _recent is null || At != _recentAt ? LoadAsync() : Task.CompletedTask;

    private async Task LoadAsync()
    {
        try
        {
            var at = At;
            var recent = (await search.ListAsync(new RunQuery(), RunList.ColumnsOf(at), RecentRunsShown, cancellation: _gone.Token)).Answer!;
            var total = (await search.CountAsync(new RunQuery(), _gone.Token)).Answer!.Total;
            var runs = (await search.ListAsync(new RunQuery(SearchText.ArchivedToo, "created", [RunStatus.Running]), pageSize: RunningShown, cancellation: _gone.Token)).Answer!.Items.Select(row => row.Run).ToList();
            var curves = await CurvesAsync(runs);
            var running = new List<(RunDetails, MetricBuckets?)>();
            foreach (var run in runs)
                if (await history.FindAsync(run.Id, _gone.Token) is { } details)
                    running.Add((details, curves.GetValueOrDefault(run.Number)));
            // A hub whose runs are all archived is not a new one.
            var isNew = total == 0 && !await history.AnyAsync(null, _gone.Token);
            var cpu = await line.ListAsync(DeviceRequest.Cpu, WaitingShown, _gone.Token);
            var cuda = await line.ListAsync(DeviceRequest.Cuda, WaitingShown, _gone.Token);
            List<(WaitingRun Item, DateTime? Start)> waiting =
                [.. (await WithStartsAsync(cpu, running)).Concat(await WithStartsAsync(cuda, running)).OrderBy(waiting => waiting.Item.Training.QueuePosition).Take(WaitingShown)];
            (_recent, _recentAt, _total, _isNew, _running, _waiting, _moreWaiting, _problem) = (recent, at, total, isNew, running, waiting, cpu.Total + cuda.Total - waiting.Count, null);
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

    /// <summary>How far a run is stands in no row; only its curve is read, and seldom.</summary>
    private async Task ShowProgressAsync()
    {
        try
        {
            if (!_gone.IsCancellationRequested && time.GetUtcNow() - _curvesReadAt >= LossSparkline.ReadAgainAfter)
            {
                var running = _running;
                var curves = await CurvesAsync([.. running.Select(one => one.Details.Run)]);
                if (running == _running)
                    _running = [.. running.Select(one => (one.Details, curves.GetValueOrDefault(one.Details.Run.Number)))];
            }
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

    private async Task<Dictionary<long, MetricBuckets>> CurvesAsync(IReadOnlyList<Run> running)
    {
        _curvesReadAt = time.GetUtcNow();
        long[] numbers = [.. running.Select(run => run.Number)];
        return (await metrics.BucketsAsync(numbers, [MetricNames.TrainLoss], null, null, LossSparkline.MaxPoints, _gone.Token)).ToDictionary(curve => curve.RunNumber);
    }

    private async Task LoadNightsAsync()
    {
        try
        {
            _nights = await nights.ReadAsync(SchedulesShown, _gone.Token);
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

    /// <summary>When those who wait for one group of devices will begin, as far as what runs there and what they took before tell.</summary>
    private async Task<IEnumerable<(WaitingRun Item, DateTime? Start)>> WithStartsAsync(WaitingListing listing, List<(RunDetails Details, MetricBuckets? Curve)> running)
    {
        if (listing.Items.Count == 0)
            return [];
        var now = time.GetUtcNow().UtcDateTime;
        var ends = running.ToDictionary(one => one.Details.Run.Id, one => RunProgress.Of(one.Details.Run, live.Find(one.Details.Run.Id), now).EndsAt);
        var slots = devices.Use.Where(use => use.Device.Kind == listing.Items[0].Training.DeviceGroup)
            .SelectMany(use => use.Holders.Select(holder => ends.GetValueOrDefault(holder.Run)).Concat(Enumerable.Repeat<DateTime?>(now, Math.Max(0, use.Slots - use.Holders.Count))));
        var durations = await starts.DurationsAsync([.. listing.Items.Select(item => item.Training)], _gone.Token);
        return listing.Items.Zip(ExpectedStarts.Of(slots, listing.Items.Select(item => durations.TryGetValue(item.Run.Number, out var duration) ? duration : (TimeSpan?)null)));
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
        _results?.Dispose();
        _progress?.Dispose();
        _nightSubscription?.Dispose();
        _gone.Cancel();
        _gone.Dispose();
    }
}
