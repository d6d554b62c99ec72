using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Overview;

/// <summary>What trains now, what waits, and what came out last.</summary>
public sealed partial class OverviewPage(RunHistory history, RunQueue queue, RunFeed feed, NavigationManager navigation) : IDisposable
{
    private const int RecentRunsShown = 10;
    private const int WaitingShown = 5;
    private const int RunningShown = 8;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _gone = new();
    private readonly string _key = $"tutorial-{Guid.NewGuid():N}";
    private RunListing? _recent;
    private List<(RunDetails Details, IReadOnlyList<LossPoint> Curve)> _running = [];
    private List<RunDetails> _waiting = [];
    private int _moreWaiting;
    private string? _problem;
    private string? _refusal;
    private bool _starting;
    private IDisposable? _subscription;

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
            var runs = await history.ListAsync(new RunFilter(Statuses: [RunStatus.Running]), RunOrder.Created, descending: false, 0, RunningShown, _gone.Token);
            var queued = await history.ListAsync(new RunFilter(Statuses: [RunStatus.Queued]), RunOrder.Created, descending: false, 0, WaitingShown, _gone.Token);
            var running = new List<(RunDetails, IReadOnlyList<LossPoint>)>();
            foreach (var run in runs.Items)
                if (await history.FindAsync(run.Id, _gone.Token) is { } details)
                    running.Add((details, await history.CurveAsync(run.Id, _gone.Token) ?? []));
            var waiting = new List<RunDetails>();
            foreach (var run in queued.Items)
                if (await history.FindAsync(run.Id, _gone.Token) is { } details)
                    waiting.Add(details);
            (_recent, _running, _waiting, _moreWaiting, _problem) = (recent, running, waiting, queued.Total - queued.Items.Count, null);
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
