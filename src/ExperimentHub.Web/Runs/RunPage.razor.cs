using System.Globalization;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Layout;
using Microsoft.AspNetCore.Components;
using MudBlazor;

namespace ExperimentHub.Web.Runs;

/// <summary>One run, live: what it is, how far it is, what it learnt and what it left.</summary>
public sealed partial class RunPage(
    RunHistory history, RunQueue queue, LoggedRuns logged, RunDeletion deletion, DeletedThings deleted, RunFeed feed, LiveRuns liveRuns,
    RunLogs logs, MetricReader metrics, ThisNode me, TimeProvider clock, NavigationManager navigation, IDialogService dialogs,
    Confirmation confirmation, ISnackbar snackbar) : IDisposable
{
    private const string ChartsTab = "charts";
    private const int LogLines = 2_000;

    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Epochs end many times a second where a model is tiny.</summary>
    private static readonly TimeSpan EpochInterval = TimeSpan.FromSeconds(1);

    /// <summary>What comes with an epoch.</summary>
    private const RunSignal OfEpochs = RunSignal.Results | RunSignal.Files;

    private readonly CancellationTokenSource _gone = new();
    private RunId _id;
    private RunDetails? _details;
    private LiveRun? _live;
    private RunProgress _progress = new(0, 0, null);
    private IReadOnlyList<RunLogLine>? _log;
    private IReadOnlyList<MetricSeries>? _summaries;
    private IDisposable? _subscription;
    private RunSignal _unread;
    private bool _missing;
    private DeletedRun? _deleted;
    private bool _stopAsked;

    // An ended run that goes on has new curves to follow.
    private int _resumes;
    private string? _problem;

    /// <summary>The epoch whose figures are shown.</summary>
    [SupplyParameterFromQuery(Name = EpochWords.Parameter)]
    private string? AtText { get; set; }

    private void ChooseEpoch(FigureEpoch at) =>
        navigation.NavigateTo(navigation.GetUriWithQueryParameter(EpochWords.Parameter, EpochWords.Text(at)), replace: true);

    /// <summary>Text, so that an address that is no id gets a page that says so.</summary>
    [Parameter]
    public string Id { get; set; } = "";

    [SupplyParameterFromQuery]
    public string? Tab { get; set; }

    /// <summary>Whose log is shown; the newest attempt's where this is none of them.</summary>
    [SupplyParameterFromQuery(Name = "attempt")]
    public string? AttemptText { get; set; }

    /// <summary>What the tabs take from the address: a tab cannot take it itself, see ArchitectureTests.</summary>
    [SupplyParameterFromQuery(Name = "of")]
    private string? Of { get; set; }

    /// <inheritdoc cref="Of"/>
    [SupplyParameterFromQuery(Name = "pair")]
    private string? PairText { get; set; }

    /// <inheritdoc cref="Of"/>
    [SupplyParameterFromQuery(Name = "level")]
    private string? Level { get; set; }

    /// <inheritdoc cref="Of"/>
    [SupplyParameterFromQuery(Name = "search")]
    private string? Search { get; set; }

    private string OpenTab => Tab switch
    {
        "notes" or "checkpoints" or "evaluation" or "spec" => Tab,
        "log" or "attempts" when _details is not { Run.Training: null } => Tab,
        _ => ChartsTab,
    };

    private bool IsStopping => _details is { Run: var run } && run.Status.IsActive()
        && (_stopAsked || run.Training?.StopRequestedAt is not null || _live?.AskedTo == RunSignal.StopRequested);

    protected override async Task OnParametersSetAsync()
    {
        if (!RunId.TryParse(Id, out var id))
        {
            _missing = true;
            return;
        }

        if (id != _id)
        {
            _subscription?.Dispose();
            (_id, _details, _summaries, _missing, _stopAsked) = (id, null, null, false, false);
            _subscription = feed.Subscribe(
                id, told => InvokeAsync(() => RefreshAsync(told)), new FeedPace(RunSignals.Facts | RunSignal.Progress, RefreshInterval),
                new FeedPace(OfEpochs, EpochInterval));
        }

        await RefreshAsync(RunSignals.Facts);
    }

    /// <param name="told">What happened since the last call.</param>
    private async Task RefreshAsync(RunSignal told)
    {
        var id = _id;
        // What another call could not read, this one reads.
        var unread = _unread | told;
        _unread = 0;
        try
        {
            // Four times a second only the progress has changed, and with an epoch little more; reading all epochs for that would cost the more the
            // longer the run is.
            var details = _details;
            if (details is not null && (unread & RunSignals.Facts) == 0 && (unread & OfEpochs) != 0)
                details = await history.FollowAsync(details, (unread & RunSignal.Files) != 0, _gone.Token)
                    ?? await history.FindAsync(id, _gone.Token);
            else if (details is null || (unread & RunSignals.Facts) != 0)
                details = await history.FindAsync(id, _gone.Token);

            var log = OpenTab == "log" && details is { Run.Training: { CurrentAttempt: > 0 } training }
                ? await logs.TailAsync(id, LogAttempt(training), LogLines, _gone.Token) : null;
            // Of a training once: metrics that come later, the browser hears of by itself, and its figures are those of its epochs.
            var summaries = details is null || (_summaries is not null && details.Run.Training is not null)
                ? _summaries : await metrics.SummariesAsync(details.Run.Number, _gone.Token);
            var deletedRun = details is null ? await deleted.FindAsync(id, _gone.Token) : null;
            if (id != _id)
                return;
            _deleted = deletedRun;
            if (_details is { } before && !before.Run.Status.IsActive() && details?.Run.Status.IsActive() == true)
                _resumes++;
            _summaries = summaries;
            (_details, _log, _missing, _problem) = (details, log, details is null, null);
            _live = details is { Run.Status: RunStatus.Running } ? liveRuns.Find(id) : null;
            if (details is not null)
                _progress = RunProgress.Of(details.Run, _live, clock.GetUtcNow().UtcDateTime);
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            return;
        }
        catch (Exception e)
        {
            (_problem, _unread) = (e.Message, RunSignals.Facts);
        }

        StateHasChanged();
    }

    private int LogAttempt(Training training) =>
        int.TryParse(AttemptText, NumberStyles.None, CultureInfo.InvariantCulture, out var attempt) && attempt >= 1
            && attempt < training.CurrentAttempt ? attempt : training.CurrentAttempt;

    private async Task StopAsync()
    {
        if (_stopAsked)
            return;
        _stopAsked = true;
        try
        {
            switch (await queue.RequestStopAsync(_id))
            {
                case StopOutcome.AlreadyEnded:
                    snackbar.Add("The run had already ended.", Severity.Info);
                    break;
                case StopOutcome.NoTraining:
                    snackbar.Add(RunControl.NoTraining, Severity.Info);
                    break;
                case StopOutcome.NotFound:
                    snackbar.Add("The run was deleted meanwhile.", Severity.Warning);
                    break;
            }
        }
        finally
        {
            // From here on the database knows, and a run that is resumed forgets it.
            _stopAsked = false;
        }

        await RefreshAsync(RunSignals.Facts);
    }

    private async Task MarkAsEndedAsync()
    {
        if (_details is not { Run: var run })
            return;
        if (!await confirmation.AskAsync($"Mark {run.Name} as ended?",
            $"Do this once the program that logs it is gone; then it can be deleted, too. {LoggedRuns.Meaning}", "Mark as ended", "Leave it running",
            destroys: false))
            return;
        var refusal = await logged.EndAsync(run.Id) switch
        {
            MarkOutcome.AlreadyEnded => "The run had already ended.",
            MarkOutcome.IsTraining => LoggedRuns.IsTraining,
            MarkOutcome.NotFound => "The run was deleted meanwhile.",
            _ => null,
        };
        if (refusal is not null)
            snackbar.Add(refusal, Severity.Info);
        await RefreshAsync(RunSignals.Facts);
    }

    private Task<IDialogReference> RenameAsync() =>
        dialogs.ShowAsync<RenameRunDialog>(null,
            new DialogParameters<RenameRunDialog> { { d => d.Id, _id }, { d => d.Name, _details?.Run.Name ?? "" },
                { d => d.Version, _details?.Run.Version ?? 0 } });

    private async Task DeleteAsync()
    {
        if (_details is not { Run: var run })
            return;
        var dialog = await dialogs.ShowAsync<DeleteRunDialog>(null, new DialogParameters<DeleteRunDialog>
        {
            { d => d.Name, run.Name },
            { d => d.Checkpoints, run.Checkpoints.Count },
            { d => d.Bytes, await deleted.SizeAsync([_id]) },
        });
        if (await dialog.Result is not { Canceled: false })
            return;
        if (await deletion.DeleteAsync(_id) == DeleteOutcome.StillActive)
        {
            snackbar.Add($"{run.Name} is {run.Status.Word()} again. Stop it first.", Severity.Warning);
            return;
        }

        snackbar.Add($"{run.Name} was deleted.", Severity.Normal, options =>
        {
            options.Action = "Undo";
            options.VisibleStateDuration = 15_000;
            options.OnClick = async _ =>
            {
                if (await deletion.RestoreAsync([run.Id]) == 0)
                    snackbar.Add("It was removed for good before it could be brought back.", Severity.Error);
                else
                    navigation.NavigateTo($"runs/{run.Id}");
            };
        });
        navigation.NavigateTo("runs");
    }

    private async Task RestoreAsync()
    {
        if (await deletion.RestoreAsync([_id]) == 0)
            snackbar.Add("It was removed for good before it could be brought back.", Severity.Error);
        await RefreshAsync(RunSignals.Facts);
    }

    private IReadOnlyList<string> Metrics => [.. (_summaries ?? []).Select(summary => summary.Name)];

    private static string TabTitle(Run run, RunProgress progress) => run.Status switch
    {
        RunStatus.Running when run.Training is not null => $"{Figures.Progress(progress.Fraction)} · {run.Name}",
        _ => $"{run.Status.Word()} · {run.Name}",
    };

    private static IReadOnlyList<Tab> Tabs(RunDetails details) =>
    [
        new(ChartsTab, "Charts"),
        new("notes", "Notes"),
        new("checkpoints", "Checkpoints", details.Checkpoints.Count),
        new("evaluation", "Evaluation"),
        .. details.Run.Training is { } training ? [new("log", "Log"), new("spec", "Spec"),
            new("attempts", "Attempts", training.Attempts.Count)] : new[] { new Tab("spec", "Parameters") },
    ];

    public void Dispose()
    {
        _subscription?.Dispose();
        _gone.Cancel();
        _gone.Dispose();
    }
}
