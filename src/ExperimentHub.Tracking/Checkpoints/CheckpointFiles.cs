using System.Security.Cryptography;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Checkpoints;

/// <summary>Opens checkpoints by what the database knows of them: nothing in a request becomes a path.</summary>
public sealed class CheckpointFiles(DataFolder folder)
{
    /// <summary>Opens a checkpoint after comparing its size and SHA-256 with the database's.</summary>
    /// <returns>The file at its start, or why it cannot be used.</returns>
    public async Task<VerifiedCheckpoint> OpenAsync(RunId run, Checkpoint checkpoint, CancellationToken cancellation = default)
    {
        FileStream file;
        try
        {
            file = new FileStream(PathOf(run, checkpoint.FileName), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, useAsync: true);
        }
        catch (IOException e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new VerifiedCheckpoint(null, "Its file is no longer in the data folder.");
        }

        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
        if (file.Length == checkpoint.Size && hash == checkpoint.Sha256)
        {
            file.Position = 0;
            return new VerifiedCheckpoint(file, null);
        }

        await file.DisposeAsync();
        return new VerifiedCheckpoint(null, "Its file changed on the disk: the SHA-256 is not the one recorded when it was saved.");
    }

    /// <summary>Whether a trainer's word about a new file is true: a name of ours, and a file of that size.</summary>
    internal bool Holds(RunId run, CheckpointSaved saved) =>
        CheckpointName.IsValid(saved.FileName) && new FileInfo(PathOf(run, saved.FileName)) is { Exists: true } file && file.Length == saved.Size;

    private string PathOf(RunId run, string fileName) => CheckpointName.IsValid(fileName)
        ? Path.Combine(folder.CheckpointFolder(run), fileName)
        : throw new ArgumentException($"'{fileName}' is not a checkpoint's name.", nameof(fileName));
}

/// <summary>Either an open file whose hash is right, or the reason why there is none.</summary>
public sealed record VerifiedCheckpoint(FileStream? File, string? Problem);
