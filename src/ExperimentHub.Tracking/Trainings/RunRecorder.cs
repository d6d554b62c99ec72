using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Evaluations;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// Records what a trainer tells of its progress and how it ends; its files are <see cref="CheckpointRecorder"/>'s. Every write names its attempt, and
/// false means that the attempt is stale: its trainer is to be ended. A write that the database or its disk does not take now is tried until it is
/// written, so that a call may take as long as an outage; what happened when is said by the caller, who heard it.
/// </summary>
public sealed class RunRecorder(
    AttemptWriter attempts, RunFeed feed, LiveRuns live, MetricWriter metrics, StorageWatch storage, CheckpointKeeper keeper,
    DivergenceJudge judge, AttemptLeases leases, TimeProvider time,
    ILogger<RunRecorder> logger)
{
    /// <summary>An attempt that died by itself is followed by another, unless this many in a row brought no new checkpoint.</summary>
    public const int MaxFailuresInARow = 3;

    /// <summary>A trainer is being started for the attempt.</summary>
    public void Begin(AttemptKey key)
    {
        live.Begin(key.Run, key.Attempt);
        feed.Publish(key.Run, RunSignal.Status);
    }

    public void Preparing(AttemptKey key, Preparing preparing)
    {
        live.Find(key.Run)?.Prepare(ShortText.Of(preparing.Activity, Limits.Activity), preparing.Fraction);
        feed.Publish(key.Run, RunSignal.Progress);
    }

    /// <summary>
    /// The training waits for room for a checkpoint, or no longer does. To be told as soon as it is heard: what was said before may still wait for
    /// the database.
    /// </summary>
    public void WaitForRoom(AttemptKey key, bool waits)
    {
        if (live.Find(key.Run) is not { } run || run.Attempt != key.Attempt || waits == run.WaitsForRoomSince is not null)
            return;
        run.WaitForRoom(waits ? Now : null);
        feed.Publish(key.Run, RunSignal.Progress);
    }

    /// <summary>Takes the points of a running attempt without waiting for the database.</summary>
    /// <param name="at">When it was heard; now where not given.</param>
    public void Progress(AttemptKey key, TrainingProgress progress, DateTimeOffset? at = null)
    {
        if (live.Find(key.Run) is not { } run || run.Attempt != key.Attempt)
            return;
        run.Progress(progress.Epoch, progress.Step, progress.Loss, progress.SamplesPerSecond);
        ProgressPoints.Append(metrics, key.RunNumber, progress, at ?? time.GetUtcNow());
        feed.Publish(key.Run, RunSignal.Progress);
    }

    /// <summary>
    /// Takes what the driver says of the attempt's GPU, at the step that was reported last; before the first there is none to note it at.
    /// </summary>
    /// <param name="utilisation">0..1; null where the driver does not say.</param>
    /// <param name="memoryUsed">Bytes, of all processes together.</param>
    public void GpuUse(AttemptKey key, double? utilisation, long? memoryUsed)
    {
        if (live.Find(key.Run) is not { Step: > 0 } run || run.Attempt != key.Attempt)
            return;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (utilisation is { } share)
            metrics.Append(key.RunNumber, MetricNames.GpuPercent, [new MetricPoint(run.Step, now, share * 100)],
                TrainingMetrics.MeaningOf(MetricNames.GpuPercent));
        if (memoryUsed is { } bytes)
            metrics.Append(key.RunNumber, MetricNames.GpuMemoryBytes, [new MetricPoint(run.Step, now, bytes)],
                TrainingMetrics.MeaningOf(MetricNames.GpuMemoryBytes));
        feed.Publish(key.Run, RunSignal.Progress);
    }

    /// <param name="key">The attempt that begins to train.</param>
    /// <param name="started">What it trains with.</param>
    /// <param name="resume">Where it goes on; null where it begins anew. Points and results after it are forgotten: they come again.</param>
    /// <param name="environment">The machine.</param>
    public async Task<bool> StartedAsync(AttemptKey key, TrainingStarted started, ResumePoint? resume = null, RunEnvironment? environment = null)
    {
        live.Find(key.Run)?.Train();
        // Before the transaction below: the writer of points has a connection of its own and would wait for it.
        if (key.Attempt > 1 && live.Find(key.Run)?.Attempt == key.Attempt)
            await storage.UntilDoneAsync(() => metrics.RewindAsync(key.RunNumber,
                (long)(resume?.Epoch ?? 0) * started.StepsPerEpoch + (resume?.StepsDone ?? 0)));
        var marked = (long?)null;
        var written = await attempts.WriteAsync(key, RunSignal.Status | RunSignal.Results, async (db, training) =>
        {
            training.DeviceKind = started.Device.Kind;
            training.DeviceIndex = started.Device.Index;
            training.DeviceName = started.Device.Name;
            training.TorchVersion = started.TorchVersion;
            training.Threads = started.Threads;
            training.Parameters = started.Parameters;
            training.StepsPerEpoch = started.StepsPerEpoch;
            training.Run.Environment = environment;
            training.ValidationSamples = started.ValidationSamples;
            training.DatasetSha256 = started.DatasetSha256;
            var attempt = (await db.Attempts.FindAsync(key.RunNumber, key.Attempt))!;
            attempt.AfterEpoch = resume?.Epoch ?? 0;
            attempt.AfterSteps = resume?.StepsDone ?? 0;
            attempt.Device = started.Device.TorchName;
            attempt.DeviceName = started.Device.Name;
            attempt.Threads = started.Threads;
            attempt.TorchVersion = started.TorchVersion;
            if (key.Attempt > 1)
            {
                await RunResults.RewindAsync(db, training, resume?.Epoch ?? 0);
                marked = (long?)training.BestEpoch * started.StepsPerEpoch;
            }
        });
        // Going back may have forgotten the best epoch of all; the best of what is left takes its place.
        if (written && marked is { } step)
            metrics.MarkBest(key.RunNumber, step);
        return written;
    }

    /// <summary>
    /// Records what epochs came to, several in one transaction: <see cref="EpochFinished"/> and <see cref="EpochEvaluated"/>, in the order in which
    /// they were told, each with the time when it was heard.
    /// </summary>
    public async Task<bool> ResultsAsync(AttemptKey key, IReadOnlyList<(TrainerEvent Said, DateTimeOffset At)> told)
    {
        var stepsPerEpoch = 0L;
        var written = await attempts.WriteAsync(key, null, async (db, training) =>
        {
            stepsPerEpoch = training.StepsPerEpoch ?? 0;
            var numbers = told.Select(heard => heard.Said).OfType<EpochFinished>().Select(finished => finished.Epoch).ToList();
            var rows = await db.Epochs.Where(e => e.RunNumber == key.RunNumber && numbers.Contains(e.Number)).ToDictionaryAsync(e => e.Number);
            foreach (var (said, at) in told)
            {
                if (said is EpochFinished finished)
                    Take(db, training, rows, finished, at);
                else if (said is EpochEvaluated evaluated)
                    await KeepAsync(db, training, evaluated, at);
            }
        });
        if (!written)
            return false;
        foreach (var (said, at) in told)
        {
            if (stepsPerEpoch > 0 && said is EpochFinished finished)
                EpochPoints.Append(metrics, key.RunNumber, finished.Epoch * stepsPerEpoch, finished, at);
        }

        _ = TellResultsAsync(key.Run);
        return true;
    }

    /// <summary>
    /// Whoever hears of results finds them all: rows of epochs and, written a moment later, the points that a table shows. Who ends a run waits for
    /// them as well.
    /// </summary>
    private async Task TellResultsAsync(RunId run)
    {
        await metrics.WhenWrittenAsync();
        feed.Publish(run, RunSignal.Results | RunSignal.Files);
    }

    public Task<bool> EpochAsync(AttemptKey key, EpochFinished finished) => ResultsAsync(key, [(finished, time.GetUtcNow())]);

    public Task<bool> EvaluatedAsync(AttemptKey key, EpochEvaluated said) => ResultsAsync(key, [(said, time.GetUtcNow())]);

    private static void Take(TrackingDb db, Training training, Dictionary<int, Epoch> rows, EpochFinished finished, DateTimeOffset at)
    {
        if (!rows.TryGetValue(finished.Epoch, out var epoch))
            rows[finished.Epoch] = epoch = db.Epochs.Add(new Epoch { RunNumber = training.RunNumber, Number = finished.Epoch }).Entity;
        training.TrainSeconds += finished.Seconds - epoch.Seconds;
        epoch.Attempt = training.CurrentAttempt;
        epoch.TrainLoss = finished.TrainLoss;
        epoch.TestLoss = finished.TestLoss;
        epoch.TestAccuracy = finished.TestAccuracy;
        epoch.ValidationLoss = finished.ValidationLoss;
        epoch.ValidationAccuracy = finished.ValidationAccuracy;
        epoch.TrainAccuracy = finished.TrainAccuracy;
        epoch.Seconds = finished.Seconds;
        epoch.EndedAt = at.UtcDateTime;
        RunResults.Take(training, epoch, finished.Best);
    }

    /// <summary>Keeps what the network said of each test image, beside that of the best epoch and of no other.</summary>
    private async Task KeepAsync(TrackingDb db, Training training, EpochEvaluated said, DateTimeOffset at)
    {
        if (!Evaluation.Fits(said))
        {
            logger.LogError("Run {Run}: the evaluation of epoch {Epoch} is not kept, because its numbers do not belong together", training.Run.Id,
                said.Epoch);
            return;
        }

        db.Evaluations.RemoveRange(await db.Evaluations.Where(e => e.RunNumber == training.RunNumber
            && (e.Epoch == said.Epoch || e.Epoch != training.BestEpoch)).ToListAsync());
        await db.SaveChangesAsync();
        db.Evaluations.Add(new Evaluation
        {
            RunNumber = training.RunNumber,
            Epoch = said.Epoch,
            Attempt = training.CurrentAttempt,
            Classes = said.Classes,
            Predictions = said.Predictions,
            Confusion = said.Confusion,
            Worst = said.Worst,
            SavedAt = at.UtcDateTime,
        });
        // A row that is not saved yet would be missed by the next question.
        await db.SaveChangesAsync();
    }

    /// <summary>Ends the attempt and moves its run to where the ending leads, or to where a person wanted it before.</summary>
    /// <param name="reason">Which rule ended a finished training early, for a person.</param>
    /// <param name="at">When it ended, UTC; now where not given.</param>
    public async Task<bool> EndAsync(AttemptKey key, AttemptEnding ending, string? error, int? exitCode, string? reason = null, DateTime? at = null)
    {
        var ended = at ?? Now;
        var written = await attempts.WriteAsync(
            key, null, (db, training) => WriteEndingAsync(db, training, key, ending, error, exitCode, reason, ended));
        await TellEndAsync(key, written);
        return written;
    }

    /// <summary>Whoever supervised the attempt has lost it to another, and knows nothing of its run any more.</summary>
    public void Lose(AttemptKey key)
    {
        if (live.Find(key.Run)?.Attempt != key.Attempt)
            return;
        live.End(key.Run);
        feed.Publish(key.Run, RunSignal.Status);
    }

    /// <summary>What an ending writes within the caller's transaction, which holds the run.</summary>
    internal static async Task WriteEndingAsync(
        TrackingDb db, Training training, AttemptKey key, AttemptEnding ending, string? error, int? exitCode, string? reason, DateTime ended)
    {
        await CloseAsync(db, key, ending, error, exitCode, ended);
        var status = StatusAfter(ending, training);
        training.FinishReason = reason;
        if (!await db.MoveAsync(key.RunNumber, RunStatus.Running, status, ended, status is RunStatus.Failed or RunStatus.Interrupted ? error : null))
            throw new InvalidOperationException($"Run {key.Run} moved while its attempt was being ended.");
    }

    /// <summary>What follows an ending once it is written.</summary>
    internal async Task TellEndAsync(AttemptKey key, bool written)
    {
        if (written)
            await judge.JudgeAsync(key.RunNumber);
        live.End(key.Run);
        feed.Publish(key.Run, RunSignal.Status | RunSignal.Files);
        // Its trainer is gone: whatever lies there without a row, a kill between renaming and telling left behind.
        if (written)
            await storage.UntilDoneAsync(() => keeper.SweepAsync(key.Run));
    }

    /// <summary>
    /// What is done is done, and a reason to fail stays one. Everything else cuts a training short, and then what a person asked for counts.
    /// </summary>
    private static RunStatus StatusAfter(AttemptEnding ending, Training training) => ending switch
    {
        AttemptEnding.Finished => RunStatus.Finished,
        AttemptEnding.Failed => RunStatus.Failed,
        AttemptEnding.Stopped => RunStatus.Stopped,
        _ when training.StopRequestedAt is not null => RunStatus.Stopped,
        _ when training.PauseRequestedAt is not null => RunStatus.Paused,
        AttemptEnding.Paused => RunStatus.Paused,
        AttemptEnding.Interrupted => RunStatus.Interrupted,
        _ => RunStatus.Failed,
    };

    /// <summary>
    /// Ends an attempt whose trainer died or hung by itself and begins the next one, in one transaction, while the run keeps its device. After
    /// <see cref="MaxFailuresInARow"/> such endings without a new checkpoint between them nothing is written: the cause is not chance.
    /// </summary>
    /// <param name="at">When it ended, UTC; now where not given.</param>
    /// <returns>The next attempt; null where there is to be none.</returns>
    public async Task<AttemptKey?> RetryAsync(AttemptKey key, AttemptEnding ending, string? error, int? exitCode, DateTime? at = null)
    {
        var endedAt = at ?? Now;
        AttemptKey? next = null;
        await attempts.WriteAsync(key, RunSignal.Status, async (db, training) =>
        {
            await CloseAsync(db, key, ending, error, exitCode, endedAt);
            var ended = await db.Attempts.Where(a => a.RunNumber == key.RunNumber).OrderByDescending(a => a.Number).ToListAsync();
            var fruitful = (await db.Checkpoints.Where(c => c.RunNumber == key.RunNumber).Select(c => c.Attempt).Distinct()
                .ToListAsync()).ToHashSet();
            // The end of a hub says nothing about the trainer, so it neither counts nor breaks the row.
            var inARow = ended.Where(a => a.Ending != AttemptEnding.Interrupted)
                .TakeWhile(a => IsTrainersOwn(a.Ending) && !fruitful.Contains(a.Number)).Count();
            if (inARow >= MaxFailuresInARow || training.StopRequestedAt is not null || training.PauseRequestedAt is not null)
            {
                db.ChangeTracker.Clear();
                return;
            }

            training.CurrentAttempt++;
            await leases.BeginAsync(db, training.RunNumber, training.CurrentAttempt, Now);
            next = key with { Attempt = training.CurrentAttempt };
        });
        return next;
    }

    /// <summary>A trainer that died, hung or babbled: the next one may fare better.</summary>
    public static bool IsTrainersOwn(AttemptEnding? ending) => ending is AttemptEnding.Crashed or AttemptEnding.Hung or AttemptEnding.Garbled;

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private static async Task CloseAsync(TrackingDb db, AttemptKey key, AttemptEnding ending, string? error, int? exitCode, DateTime at)
    {
        var attempt = await db.Attempts.FindAsync(key.RunNumber, key.Attempt);
        attempt!.EndedAt = at;
        attempt.Ending = ending;
        attempt.Error = error;
        attempt.ExitCode = exitCode;
    }
}
