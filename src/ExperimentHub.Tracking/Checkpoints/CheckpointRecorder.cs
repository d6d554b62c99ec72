using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Checkpoints;

/// <summary>
/// Takes in the files that a trainer leaves in the scratch folder of its attempt, and records them: each has the size that the trainer says, and the
/// hash that it counted while it wrote. Every write names its attempt; false means that the attempt is stale and its trainer is to be ended.
/// </summary>
public sealed class CheckpointRecorder(
    AttemptWriter attempts, MetricWriter metrics, StorageWatch storage, DataFolder folder, ArtifactStore store, CheckpointKeeper keeper,
    ArtifactDebts debts, TimeProvider time,
    ILogger<CheckpointRecorder> logger)
{
    public Task<bool> SavedAsync(AttemptKey key, CheckpointSaved saved) => SavedAsync(key, [saved]);

    /// <summary>Records the ends of epochs, oldest first, in one transaction, and removes what the run's policy does not keep beside them.</summary>
    public async Task<bool> SavedAsync(AttemptKey key, IReadOnlyList<CheckpointSaved> all)
    {
        var told = all.Select(saved => (Saved: saved, Files: Told(key, saved.FileName, saved.Size, saved.Sha256, saved.State))).ToList();
        var missing = await TakeInAsync(key, [.. told.SelectMany(one => one.Files)]);
        var there = told.Where(one => one.Files.Count > 0 && !one.Files.Any(missing.Contains)).ToList();
        if (there.Count == 0)
            return true;

        // A run goes on after its checkpoint and never tells the steps before it again: their points must be safe before the checkpoint counts.
        await storage.UntilDoneAsync(() => metrics.FlushAsync());
        List<ArtifactKey> gone = [];
        var written = await attempts.WriteAsync(key, RunSignal.Files, async (db, training) =>
        {
            var numbers = there.Select(one => one.Saved.Epoch).ToList();
            var epochs = await db.Epochs.AsNoTracking().Where(e => e.RunNumber == key.RunNumber && numbers.Contains(e.Number))
                .ToDictionaryAsync(e => e.Number);
            // Of an attempt that passed these epochs before.
            var former = await db.Checkpoints.Where(c => c.RunNumber == key.RunNumber && numbers.Contains(c.Epoch)).ToListAsync();
            gone = [.. await keeper.TakeAsync(db, former, [], there.SelectMany(one => one.Files).Select(file => file.Key))];
            await db.SaveChangesAsync();
            var now = Now;
            foreach (var (saved, files) in there)
            {
                db.Checkpoints.Add(new Checkpoint
                {
                    RunNumber = key.RunNumber,
                    Epoch = saved.Epoch,
                    Attempt = key.Attempt,
                    Weights = ToArtifact(key, files[0], now),
                    State = files.Count > 1 ? ToArtifact(key, files[1], now) : null,
                    WeightsSha256 = saved.WeightsSha256,
                    TestLoss = epochs.GetValueOrDefault(saved.Epoch)?.TestLoss,
                    TestAccuracy = epochs.GetValueOrDefault(saved.Epoch)?.TestAccuracy,
                    SavedAt = now,
                });
            }

            // A row that is not saved yet would be missed by the next question.
            await db.SaveChangesAsync();
            gone.AddRange(await keeper.TakeSuperfluousAsync(db, training));
        });
        await TidyAsync(key, written, gone, there.SelectMany(one => one.Files));
        return written;
    }

    /// <summary>Records where the training was stopped, in place of the point before.</summary>
    public async Task<bool> PausedAsync(AttemptKey key, PausePointSaved saved)
    {
        var files = Told(key, saved.FileName, saved.Size, saved.Sha256, saved.State);
        if ((await TakeInAsync(key, files)).Count > 0 || files.Count == 0)
            return true;
        await storage.UntilDoneAsync(() => metrics.FlushAsync());
        IReadOnlyList<ArtifactKey> gone = [];
        var written = await attempts.WriteAsync(key, RunSignal.Files, async (db, _) =>
        {
            var former = await db.PausePoints.Where(p => p.RunNumber == key.RunNumber).ToListAsync();
            gone = await keeper.TakeAsync(db, [], former, files.Select(file => file.Key));
            await db.SaveChangesAsync();
            var now = Now;
            db.PausePoints.Add(new PausePoint
            {
                RunNumber = key.RunNumber,
                Attempt = key.Attempt,
                Epoch = saved.Epoch,
                StepsDone = saved.StepsDone,
                Weights = ToArtifact(key, files[0], now),
                State = ToArtifact(key, files[1], now),
                SavedAt = now,
            });
        });
        await TidyAsync(key, written, gone, files);
        return written;
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private static Artifact ToArtifact(AttemptKey key, ToldFile file, DateTime now) =>
        Artifact.OfRun(key.RunNumber, file.Key, file.Size, file.Sha256, now);

    /// <summary>
    /// Moves files out of the attempt's scratch folder. What is taken in and never recorded, because the hub is killed before, the next sweep
    /// removes.
    /// </summary>
    /// <returns>Those that are not there as they were told.</returns>
    private async Task<HashSet<ToldFile>> TakeInAsync(AttemptKey key, IReadOnlyCollection<ToldFile> files)
    {
        var scratch = folder.ScratchFolder(key.Run, key.Attempt);
        var missing = await storage.UntilDoneAsync(() =>
            store.TakeAsync([.. files.Select(file => new ArrivingFile(file.Key, Path.Combine(scratch, file.Key.Name), file.Size))]));
        foreach (var file in files.Where(file => missing.Contains(file.Key)))
            logger.LogError("Run {Run}: the trainer reported {File}, but left no such file of {Size} bytes", key.Run, file.Key.Name, file.Size);
        return [.. files.Where(file => missing.Contains(file.Key))];
    }

    /// <summary>The weights, and the state where there is one, as a trainer told them; nothing where a name is not one of ours.</summary>
    private List<ToldFile> Told(AttemptKey key, string fileName, long size, string sha256, StateFile? state)
    {
        if (!CheckpointName.IsValid(fileName) || !CheckpointName.IsValid(state?.FileName ?? fileName))
        {
            logger.LogError("Run {Run}: the trainer reported {File} and {State}, which are not names of checkpoints", key.Run, fileName,
                state?.FileName);
            return [];
        }

        List<ToldFile> told = [new(ArtifactKey.OfCheckpoint(key.Run, fileName), size, sha256)];
        if (state is not null)
            told.Add(new ToldFile(ArtifactKey.OfCheckpoint(key.Run, state.FileName), state.Size, state.Sha256));
        return told;
    }

    private async Task TidyAsync(AttemptKey key, bool written, IReadOnlyCollection<ArtifactKey> gone, IEnumerable<ToldFile> taken)
    {
        if (written)
            await debts.PayAsync(gone);
        else
            await keeper.ForgetAsync(key, taken.Select(file => file.Key));
    }

    private sealed record ToldFile(ArtifactKey Key, long Size, string Sha256);
}
