using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Checkpoints;

/// <summary>
/// Records the files that a trainer leaves, each of which really lies there with the size that the trainer says. Every write names its attempt; false
/// means that the attempt is stale and its trainer is to be ended.
/// </summary>
public sealed class CheckpointRecorder(
    AttemptWriter attempts, MetricWriter metrics, StorageWatch storage, CheckpointFiles files, CheckpointKeeper keeper, TimeProvider time, ILogger<CheckpointRecorder> logger)
{
    public Task<bool> SavedAsync(AttemptKey key, CheckpointSaved saved) => SavedAsync(key, [saved]);

    /// <summary>Records the ends of epochs, oldest first, in one transaction, and removes what the run's policy does not keep beside them.</summary>
    public async Task<bool> SavedAsync(AttemptKey key, IReadOnlyList<CheckpointSaved> all)
    {
        var there = all.Where(saved => Holds(key.Run, saved.FileName, saved.Size, saved.State)).ToList();
        if (there.Count == 0)
            return true;

        // A run goes on after its checkpoint and never tells the steps before it again: their points must be safe before the checkpoint counts.
        await storage.UntilDoneAsync(() => metrics.FlushAsync());
        IReadOnlyList<string> superfluous = [];
        var written = await attempts.WriteAsync(key, RunSignal.Files, async (db, training) =>
        {
            var numbers = there.Select(saved => saved.Epoch).ToList();
            var epochs = await db.Epochs.AsNoTracking().Where(e => e.RunNumber == key.RunNumber && numbers.Contains(e.Number)).ToDictionaryAsync(e => e.Number);
            var rows = await db.Checkpoints.Where(c => c.RunNumber == key.RunNumber && numbers.Contains(c.Epoch)).ToDictionaryAsync(c => c.Epoch);
            foreach (var saved in there)
            {
                if (!rows.TryGetValue(saved.Epoch, out var row))
                    rows[saved.Epoch] = row = db.Checkpoints.Add(new Checkpoint { RunNumber = key.RunNumber, Epoch = saved.Epoch, FileName = saved.FileName, Sha256 = saved.Sha256 }).Entity;
                row.Attempt = key.Attempt;
                row.FileName = saved.FileName;
                row.Sha256 = saved.Sha256;
                row.Size = saved.Size;
                row.WeightsSha256 = saved.WeightsSha256;
                row.StateFileName = saved.State?.FileName;
                row.StateSize = saved.State?.Size;
                row.StateSha256 = saved.State?.Sha256;
                row.TestLoss = epochs.GetValueOrDefault(saved.Epoch)?.TestLoss;
                row.TestAccuracy = epochs.GetValueOrDefault(saved.Epoch)?.TestAccuracy;
                row.SavedAt = time.GetUtcNow().UtcDateTime;
            }

            // A row that is not saved yet would be missed by the next question.
            await db.SaveChangesAsync();
            superfluous = await CheckpointKeeper.TakeSuperfluousAsync(db, training);
        });
        keeper.Delete(key.Run, superfluous);
        files.SayArrived();
        return written;
    }

    /// <summary>Records where the training was stopped, in place of the point before.</summary>
    public async Task<bool> PausedAsync(AttemptKey key, PausePointSaved saved)
    {
        if (!Holds(key.Run, saved.FileName, saved.Size, saved.State))
            return true;
        await storage.UntilDoneAsync(() => metrics.FlushAsync());
        IReadOnlyList<string> before = [];
        var written = await attempts.WriteAsync(key, RunSignal.Files, async (db, _) =>
        {
            if (await db.PausePoints.FindAsync(key.RunNumber) is { } old)
            {
                before = [.. new[] { old.FileName, old.StateFileName }.Except([saved.FileName, saved.State.FileName])];
                db.PausePoints.Remove(old);
                await db.SaveChangesAsync();
            }

            db.PausePoints.Add(new PausePoint
            {
                RunNumber = key.RunNumber,
                Attempt = key.Attempt,
                Epoch = saved.Epoch,
                StepsDone = saved.StepsDone,
                FileName = saved.FileName,
                Size = saved.Size,
                Sha256 = saved.Sha256,
                StateFileName = saved.State.FileName,
                StateSize = saved.State.Size,
                StateSha256 = saved.State.Sha256,
                SavedAt = time.GetUtcNow().UtcDateTime,
            });
        });
        keeper.Delete(key.Run, before);
        files.SayArrived();
        return written;
    }

    private bool Holds(RunId run, string fileName, long size, StateFile? state)
    {
        if (files.Holds(run, fileName, size) && (state is null || files.Holds(run, state.FileName, state.Size)))
            return true;
        logger.LogError("Run {Run}: the trainer reported {File}, but no such file of {Size} bytes exists, or not the one beside it", run, fileName, size);
        return false;
    }
}
