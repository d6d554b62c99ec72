using System.Security.Cryptography;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Checkpoints;

/// <summary>Opens checkpoints by what the database knows of them: nothing in a request becomes a path.</summary>
public sealed class CheckpointFiles(DataFolder folder)
{
    /// <summary>Opens a checkpoint after comparing its size and SHA-256 with the database's.</summary>
    /// <returns>The file at its start, or why it cannot be used.</returns>
    public Task<VerifiedCheckpoint> OpenAsync(RunId run, Checkpoint checkpoint, CancellationToken cancellation = default) =>
        OpenAsync(run, checkpoint.FileName, checkpoint.Size, checkpoint.Sha256, cancellation);

    /// <summary>The newest checkpoint whose files are both what the database says; null where there is none to go on from.</summary>
    /// <param name="checkpoints">Of one run, in any order.</param>
    /// <param name="onRefused">Hears of each newer checkpoint that cannot be used, and why.</param>
    public async Task<ResumePoint?> NewestResumableAsync(
        RunId run, IEnumerable<Checkpoint> checkpoints, Action<Checkpoint, string> onRefused, CancellationToken cancellation = default)
    {
        foreach (var checkpoint in checkpoints.OrderByDescending(c => c.Epoch))
        {
            if (checkpoint is not { StateFileName: { } state, StateSize: { } stateSize, StateSha256: { } stateHash })
                continue;
            var weights = await OpenAsync(run, checkpoint, cancellation);
            var beside = await OpenAsync(run, state, stateSize, stateHash, cancellation);
            await using (weights.File)
            await using (beside.File)
            {
                if ((weights.Problem ?? beside.Problem) is not { } problem)
                    return new ResumePoint(checkpoint.Epoch, checkpoint.FileName, state);
                onRefused(checkpoint, problem);
            }
        }

        return null;
    }

    /// <summary>Whether a trainer's word about new files is true: names of ours, and files of those sizes.</summary>
    internal bool Holds(RunId run, CheckpointSaved saved) =>
        Holds(run, saved.FileName, saved.Size) && (saved.State is not { } state || Holds(run, state.FileName, state.Size));

    private bool Holds(RunId run, string fileName, long size) =>
        CheckpointName.IsValid(fileName) && new FileInfo(PathOf(run, fileName)) is { Exists: true } file && file.Length == size;

    private async Task<VerifiedCheckpoint> OpenAsync(RunId run, string fileName, long size, string sha256, CancellationToken cancellation)
    {
        FileStream file;
        try
        {
            file = new FileStream(PathOf(run, fileName), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, useAsync: true);
        }
        catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new VerifiedCheckpoint(null, "Its file is no longer in the data folder.");
        }

        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
        if (file.Length == size && hash == sha256)
        {
            file.Position = 0;
            return new VerifiedCheckpoint(file, null);
        }

        await file.DisposeAsync();
        return new VerifiedCheckpoint(null, "Its file changed on the disk: the SHA-256 is not the one recorded when it was saved.");
    }

    private string PathOf(RunId run, string fileName) => CheckpointName.IsValid(fileName)
        ? Path.Combine(folder.CheckpointFolder(run), fileName)
        : throw new ArgumentException($"'{fileName}' is not a checkpoint's name.", nameof(fileName));
}

/// <summary>Either an open file whose hash is right, or the reason why there is none.</summary>
public sealed record VerifiedCheckpoint(FileStream? File, string? Problem);
