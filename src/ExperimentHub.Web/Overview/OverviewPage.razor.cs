using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs;
using ExperimentHub.Web.Runs.Grid;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Overview;

/// <summary>What came out since somebody last looked and over the nights, what trains and waits, and how full devices and disk are.</summary>
public sealed partial class OverviewPage(
    RunSearch search, RunHistory history, MetricReader metrics, WaitingLine line, ExpectedStarts starts, DeviceInventory devices, LiveRuns live,
    EndedEpochs epochs, TimeProvider time, NightlyResults nights, RunQueue queue, RunFeed feed, NavigationManager navigation) : IDisposable
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
    private List<(Run Run, MetricBuckets? Curve)> _running = [];
    private DateTimeOffset _curvesReadAt;
    private IReadOnlyList<(WaitingListing Listing, IReadOnlyDictionary<long, TimeSpan> Durations)> _lines = [];
    private List<(WaitingRun Item, DateTime? Start)> _waiting = [];
    private int _moreWaiting;
    private NightlyListing? _nights;
    private string? _problem;
    private string? _refusal;
    private bool _starting;
    private IDisposable? _subscription;
    private IDisposable? _nightSubscription;

    [SupplyParameterFromQuery(Name = "selected")]
    private string? SelectedText { get; set; }

    /// <summary>The epoch whose figures are shown.</summary>
    [SupplyParameterFromQuery(Name = EpochWords.Parameter)]
    private string? AtText { get; set; }

    private static readonly string ArchivedRuns = $"runs?filter={Uri.EscapeDataString("archived = true")}";

    private FigureEpoch At => EpochWords.Read(AtText);

    private void ChooseEpoch(FigureEpoch at) =>
        navigation.NavigateTo(navigation.GetUriWithQueryParameter(EpochWords.Parameter, EpochWords.Text(at)), replace: true);

    protected override async Task OnInitializedAsync()
    {
        _subscription = feed.Subscribe(null, told => InvokeAsync(() => RefreshAsync(told)),
            new FeedPace(RunSignals.Facts, RefreshInterval), new FeedPace(RunSignal.Results, ResultsInterval),
            new FeedPace(RunSignal.Progress, RefreshInterval));
        _nightSubscription = feed.Subscribe(null, told => InvokeAsync(() => FollowNightsAsync(told)), new FeedPace(RunSignals.Rows, NightsInterval));
        await LoadNightsAsync();
    }

    /// <summary>A tick changes the address as well, and nothing of what is read here.</summary>
    protected override Task OnParametersSetAsync() => _recent is null || At != _recentAt ? LoadAsync() : Task.CompletedTask;

    /// <summary>
    /// Which runs there are is read again when it may have changed; with an epoch only its results are, and how far a run is stands in no row.
    /// </summary>
    private Task RefreshAsync(RunSignal told) =>
        _gone.IsCancellationRequested ? Task.CompletedTask : (told & RunSignals.Facts) != 0 || _problem is not null
            ? LoadAsync() : ReadingAsync(() => FollowAsync((told & RunSignal.Results) != 0));

    private Task LoadAsync() => ReadingAsync(async () =>
    {
        var at = At;
        var recent = (await search.ListAsync(new RunQuery(), RunList.ColumnsOf(at), RecentRunsShown, cancellation: _gone.Token)).Answer!;
        var total = (await search.CountAsync(new RunQuery(), _gone.Token)).Answer!.Total;
        var found = (await search.ListAsync(new RunQuery(SearchText.ArchivedToo, "created", [RunStatus.Running]), pageSize: RunningShown,
            cancellation: _gone.Token)).Answer!;
        List<Run> runs = [.. found.Items.Select(row => row.Run)];
        await epochs.ReadNewestAsync(runs, RunProgress.PaceEpochs, _gone.Token);
        var curves = await CurvesAsync(runs);
        // A hub whose runs are all archived is not a new one.
        var isNew = total == 0 && !await history.AnyAsync(null, _gone.Token);
        var lines = new[] { await LineAsync(DeviceRequest.Cpu), await LineAsync(DeviceRequest.Cuda) };
        (_recent, _recentAt, _total, _isNew, _lines, _problem) = (recent, at, total, isNew, lines, null);
        _running = [.. runs.Select(run => (run, curves.GetValueOrDefault(run.Number)))];
        ReckonStarts();
    });

    private async Task FollowAsync(bool results)
    {
        var (recent, running) = (_recent, _running);
        if (results && recent is not null)
        {
            var read = await search.ReadResultsAsync(recent, _gone.Token);
            await epochs.ReadNewestAsync([.. running.Select(one => one.Run)], RunProgress.PaceEpochs, _gone.Token);
            if (recent == _recent)
                _recent = read;
            ReckonStarts();
        }

        if (time.GetUtcNow() - _curvesReadAt < LossSparkline.ReadAgainAfter)
            return;
        var curves = await CurvesAsync([.. running.Select(one => one.Run)]);
        if (running == _running)
            _running = [.. running.Select(one => (one.Run, curves.GetValueOrDefault(one.Run.Number)))];
    }

    /// <summary>Draws what was read, or what kept it from being read.</summary>
    private async Task ReadingAsync(Func<Task> read)
    {
        try
        {
            await read();
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
        return (await metrics.BucketsAsync(numbers, [MetricNames.TrainLoss], null, null, LossSparkline.MaxPoints, _gone.Token)).ToDictionary(curve =>
            curve.RunNumber);
    }

    private Task LoadNightsAsync() => ReadingAsync(async () => _nights = await nights.ReadAsync(SchedulesShown, _gone.Token));

    /// <summary>Fourteen nights of each schedule are read for that; an epoch changes them only while a run of theirs trains.</summary>
    private Task FollowNightsAsync(RunSignal told) =>
        (told & RunSignals.Facts) != 0 || _nights?.Results.Any(result => result.Run?.Status.IsActive() == true) == true
            ? LoadNightsAsync() : Task.CompletedTask;

    private async Task<(WaitingListing Listing, IReadOnlyDictionary<long, TimeSpan> Durations)> LineAsync(string group)
    {
        var listing = await line.ListAsync(group, WaitingShown, _gone.Token);
        return (listing, listing.Items.Count == 0
            ? new Dictionary<long, TimeSpan>() : await starts.DurationsAsync([.. listing.Items.Select(item => item.Training)], _gone.Token));
    }

    /// <summary>When those who wait will begin, as far as what runs now and what runs like them took tell.</summary>
    private void ReckonStarts()
    {
        var now = time.GetUtcNow().UtcDateTime;
        var ends = _running.ToDictionary(one => one.Run.Id, one => RunProgress.Of(one.Run, live.Find(one.Run.Id), now).EndsAt);
        _waiting = [.. _lines.SelectMany(line => WithStarts(line.Listing.Items, line.Durations, ends, now))
            .OrderBy(waiting => waiting.Item.Training.QueuePosition).Take(WaitingShown)];
        _moreWaiting = _lines.Sum(line => line.Listing.Total) - _waiting.Count;
    }

    private IEnumerable<(WaitingRun Item, DateTime? Start)> WithStarts(IReadOnlyList<WaitingRun> items, IReadOnlyDictionary<long, TimeSpan> durations,
        Dictionary<RunId, DateTime?> ends, DateTime now)
    {
        if (items.Count == 0)
            return [];
        var slots = devices.Use.Where(use => use.Device.Kind == items[0].Training.DeviceGroup)
            .SelectMany(use => use.Holders.Select(holder => ends.GetValueOrDefault(holder.Run))
                .Concat(Enumerable.Repeat<DateTime?>(now, Math.Max(0, use.Slots - use.Holders.Count))));
        return items.Zip(ExpectedStarts.Of(slots,
            items.Select(item => durations.TryGetValue(item.Run.Number, out var duration) ? duration : (TimeSpan?)null)));
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
        _nightSubscription?.Dispose();
        _gone.Cancel();
        _gone.Dispose();
    }
}
