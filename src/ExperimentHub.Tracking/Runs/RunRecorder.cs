using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Runs;

/// <summary>
/// The only writer of progress. Every write names its attempt, and one that is not the run's current attempt, or whose run no longer
/// trains, changes nothing and returns false: its trainer is to be ended.
/// </summary>
public sealed class RunRecorder(
    IDbContextFactory<TrackingDb> databases, RunFeed feed, LiveRuns live, MetricWriter metrics, CheckpointFiles checkpoints, TimeProvider time, ILogger<RunRecorder> logger)
{
    /// <summary>An attempt that died by itself is followed by another, unless this many in a row brought no new checkpoint.</summary>
    public const int MaxFailuresInARow = 3;

    /// <summary>A trainer is being started for the attempt.</summary>
    public void Begin(AttemptKey key)
    {
        live.Begin(key.Run, key.Attempt);
        feed.Publish(key.Run);
    }

    public void Preparing(AttemptKey key, Preparing preparing)
    {
        live.Find(key.Run)?.Prepare(preparing.Activity, preparing.Fraction);
        feed.Publish(key.Run, RunSignal.Progress);
    }

    /// <summary>Takes the points of a running attempt without waiting for the database.</summary>
    public void Progress(AttemptKey key, TrainingProgress progress)
    {
        if (live.Find(key.Run) is not { } run || run.Attempt != key.Attempt)
            return;
        run.Progress(progress.Epoch, progress.Step, progress.Loss, progress.SamplesPerSecond);
        ProgressPoints.Append(metrics, key.RunNumber, progress, time.GetUtcNow());
        feed.Publish(key.Run, RunSignal.Progress);
    }

    /// <summary>Takes what the driver says of the attempt's GPU, at the step that was reported last; before the first there is none to note it at.</summary>
    /// <param name="utilisation">0..1; null where the driver does not say.</param>
    /// <param name="memoryUsed">Bytes, of all processes together.</param>
    public void GpuUse(AttemptKey key, double? utilisation, long? memoryUsed)
    {
        if (live.Find(key.Run) is not { Step: > 0 } run || run.Attempt != key.Attempt)
            return;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (utilisation is { } share)
            metrics.Append(key.RunNumber, MetricNames.GpuPercent, [new MetricPoint(run.Step, now, share * 100)]);
        if (memoryUsed is { } bytes)
            metrics.Append(key.RunNumber, MetricNames.GpuMemoryBytes, [new MetricPoint(run.Step, now, bytes)]);
        feed.Publish(key.Run, RunSignal.Progress);
    }

    /// <param name="key">The attempt that begins to train.</param>
    /// <param name="started">What it trains with.</param>
    /// <param name="afterEpoch">The epoch whose checkpoint it goes on from; 0 where it begins anew. Points after it are forgotten: they come again.</param>
    /// <param name="environment">The machine.</param>
    public async Task<bool> StartedAsync(AttemptKey key, TrainingStarted started, int afterEpoch = 0, RunEnvironment? environment = null)
    {
        live.Find(key.Run)?.Train();
        // Before the transaction below: the writer of points has a connection of its own and would wait for it.
        if (key.Attempt > 1 && live.Find(key.Run)?.Attempt == key.Attempt)
            await metrics.RewindAsync(key.RunNumber, (long)afterEpoch * started.StepsPerEpoch);
        return await WriteAsync(key, (_, run) =>
        {
            run.DeviceKind = started.Device.Kind;
            run.DeviceIndex = started.Device.Index;
            run.DeviceName = started.Device.Name;
            run.TorchVersion = started.TorchVersion;
            run.Threads = started.Threads;
            run.Parameters = started.Parameters;
            run.StepsPerEpoch = started.StepsPerEpoch;
            run.Environment = environment;
            return Task.CompletedTask;
        });
    }

    public async Task<bool> EpochAsync(AttemptKey key, EpochFinished finished)
    {
        var (lastStep, best) = (0L, false);
        var written = await WriteAsync(key, async (db, run) =>
        {
            var epoch = await db.Epochs.FindAsync(key.RunNumber, finished.Epoch)
                ?? db.Epochs.Add(new Epoch { RunNumber = key.RunNumber, Number = finished.Epoch }).Entity;
            run.TrainSeconds += finished.Seconds - epoch.Seconds;
            epoch.Attempt = key.Attempt;
            epoch.TrainLoss = finished.TrainLoss;
            epoch.TestLoss = finished.TestLoss;
            epoch.TestAccuracy = finished.TestAccuracy;
            epoch.Seconds = finished.Seconds;
            epoch.EndedAt = time.GetUtcNow().UtcDateTime;
            run.EpochsDone = finished.Epoch;
            run.LastTrainLoss = finished.TrainLoss;
            run.LastTestLoss = finished.TestLoss;
            run.LastTestAccuracy = finished.TestAccuracy;
            // Best is the highest accuracy, the earliest on a tie.
            if (run.BestTestAccuracy is null || finished.TestAccuracy > run.BestTestAccuracy)
                (run.BestTestAccuracy, run.BestEpoch) = (finished.TestAccuracy, finished.Epoch);
            (lastStep, best) = ((long)finished.Epoch * run.StepsPerEpoch ?? 0, run.BestEpoch == finished.Epoch);
        });
        if (!written || lastStep == 0)
            return written;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        metrics.Append(key.RunNumber, MetricNames.TestLoss, [new MetricPoint(lastStep, now, finished.TestLoss)]);
        metrics.Append(key.RunNumber, MetricNames.TestAccuracy, [new MetricPoint(lastStep, now, finished.TestAccuracy)]);
        metrics.EpochEnded(key.RunNumber, lastStep);
        if (best)
            metrics.MarkBest(key.RunNumber, lastStep);
        feed.Publish(key.Run);
        return true;
    }

    /// <summary>Records a checkpoint whose file really lies there with the size that the trainer says.</summary>
    public async Task<bool> CheckpointAsync(AttemptKey key, CheckpointSaved saved)
    {
        if (!checkpoints.Holds(key.Run, saved))
        {
            logger.LogError("Run {Run}: the trainer reported the checkpoint {File}, but no such file of {Size} bytes exists", key.Run, saved.FileName, saved.Size);
            return true;
        }

        // A run goes on after its checkpoint and never tells the steps before it again: their points must be safe before the checkpoint counts.
        await metrics.FlushAsync();
        return await WriteAsync(key, async (db, _) =>
        {
            var epoch = await db.Epochs.FindAsync(key.RunNumber, saved.Epoch);
            var row = await db.Checkpoints.FindAsync(key.RunNumber, saved.Epoch)
                ?? db.Checkpoints.Add(new Checkpoint { RunNumber = key.RunNumber, Epoch = saved.Epoch, FileName = saved.FileName, Sha256 = saved.Sha256 }).Entity;
            row.Attempt = key.Attempt;
            row.FileName = saved.FileName;
            row.Sha256 = saved.Sha256;
            row.Size = saved.Size;
            row.StateFileName = saved.State?.FileName;
            row.StateSize = saved.State?.Size;
            row.StateSha256 = saved.State?.Sha256;
            row.TestLoss = epoch?.TestLoss;
            row.TestAccuracy = epoch?.TestAccuracy;
            row.SavedAt = time.GetUtcNow().UtcDateTime;
        });
    }

    /// <summary>Ends the attempt and moves its run to where the ending leads.</summary>
    public async Task<bool> EndAsync(AttemptKey key, AttemptEnding ending, string? error, int? exitCode)
    {
        var status = ending switch
        {
            AttemptEnding.Finished => RunStatus.Finished,
            AttemptEnding.Stopped => RunStatus.Stopped,
            AttemptEnding.Interrupted => RunStatus.Interrupted,
            _ => RunStatus.Failed,
        };
        var written = await WriteAsync(key, async (db, run) =>
        {
            await CloseAsync(db, key, ending, error, exitCode);
            if (run.MoveTo(status, Now, error) is { } refused)
                throw new InvalidOperationException(refused.ToString());
        });
        live.End(key.Run);
        feed.Publish(key.Run);
        return written;
    }

    /// <summary>
    /// Ends an attempt whose trainer died or hung by itself and begins the next one, in one transaction, while the run keeps its device. After
    /// <see cref="MaxFailuresInARow"/> such endings without a new checkpoint between them nothing is written: the cause is not chance.
    /// </summary>
    /// <returns>The next attempt; null where there is to be none.</returns>
    public async Task<AttemptKey?> RetryAsync(AttemptKey key, AttemptEnding ending, string? error, int? exitCode)
    {
        AttemptKey? next = null;
        await WriteAsync(key, async (db, run) =>
        {
            await CloseAsync(db, key, ending, error, exitCode);
            var attempts = await db.Attempts.Where(a => a.RunNumber == key.RunNumber).OrderByDescending(a => a.Number).ToListAsync();
            var fruitful = (await db.Checkpoints.Where(c => c.RunNumber == key.RunNumber).Select(c => c.Attempt).Distinct().ToListAsync()).ToHashSet();
            // The end of a hub says nothing about the trainer, so it neither counts nor breaks the row.
            var inARow = attempts.Where(a => a.Ending != AttemptEnding.Interrupted).TakeWhile(a => IsTrainersOwn(a.Ending) && !fruitful.Contains(a.Number)).Count();
            if (inARow >= MaxFailuresInARow || run.StopRequestedAt is not null)
            {
                db.ChangeTracker.Clear();
                return;
            }

            run.CurrentAttempt++;
            db.Attempts.Add(new Attempt { RunNumber = run.Number, Number = run.CurrentAttempt, StartedAt = Now });
            next = key with { Attempt = run.CurrentAttempt };
        });
        return next;
    }

    /// <summary>A trainer that died, hung or babbled: the next one may fare better.</summary>
    public static bool IsTrainersOwn(AttemptEnding? ending) => ending is AttemptEnding.Crashed or AttemptEnding.Hung or AttemptEnding.Garbled;

    /// <summary>
    /// Called once at the start of a hub, when no trainer can be alive: runs that a former hub left as running become interrupted.
    /// </summary>
    public async Task<IReadOnlyList<RunId>> InterruptOrphansAsync(string reason, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var orphans = await db.Runs.Where(r => r.Status == RunStatus.Running)
            .Select(r => new { r.Number, r.Id, r.CurrentAttempt }).ToListAsync(cancellation);
        foreach (var orphan in orphans)
            await EndAsync(new AttemptKey(orphan.Number, orphan.Id, orphan.CurrentAttempt), AttemptEnding.Interrupted, reason, exitCode: null);
        return [.. orphans.Select(orphan => orphan.Id)];
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private async Task CloseAsync(TrackingDb db, AttemptKey key, AttemptEnding ending, string? error, int? exitCode)
    {
        var attempt = await db.Attempts.FindAsync(key.RunNumber, key.Attempt);
        attempt!.EndedAt = Now;
        attempt.Ending = ending;
        attempt.Error = error;
        attempt.ExitCode = exitCode;
    }

    private async Task<bool> WriteAsync(AttemptKey key, Func<TrackingDb, Run, Task> write)
    {
        // No token: what a trainer said is written even while the hub shuts down.
        await using var db = await databases.CreateDbContextAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        var run = await db.Runs.FirstOrDefaultAsync(r => r.Number == key.RunNumber);
        if (run is null || run.CurrentAttempt != key.Attempt || run.Status != RunStatus.Running)
        {
            logger.LogWarning("Refused a write of attempt {Attempt} of run {Run}: the run is {Status} with attempt {Current}",
                key.Attempt, key.Run, run?.Status.Word() ?? "deleted", run?.CurrentAttempt);
            return false;
        }

        await write(db, run);
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        feed.Publish(key.Run);
        return true;
    }
}
