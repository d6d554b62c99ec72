using System.Security.Cryptography;
using ExperimentHub.Protocol.Checkpoints;
using ExperimentHub.Protocol.Files;
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

    /// <summary>The same for somebody who takes it away: whatever its name says, it is a safetensors file.</summary>
    public async Task<VerifiedCheckpoint> OpenToGiveAsync(RunId run, Checkpoint checkpoint, CancellationToken cancellation = default)
    {
        var opened = await OpenAsync(run, checkpoint, cancellation);
        if (opened.File is not { } file)
            return opened;
        if (SafetensorsHeader.Problem(file) is { } problem)
        {
            await file.DisposeAsync();
            return new VerifiedCheckpoint(null, $"It is not a safetensors file, so it is not handed out: {problem}");
        }

        file.Position = 0;
        return opened;
    }

    /// <summary>Opens a checkpoint after comparing its size alone: for its length, not for its bytes, of which nothing is known.</summary>
    public VerifiedCheckpoint OpenUnread(RunId run, Checkpoint checkpoint)
    {
        var opened = Open(run, checkpoint.FileName);
        if (opened.File is not { } file || file.Length == checkpoint.Size)
            return opened;
        file.Dispose();
        return new VerifiedCheckpoint(null, "Its file changed on the disk: the size is not the one recorded when it was saved.");
    }

    /// <summary>The furthest place that a run can go on from, both of whose files are what the database says; null where there is none.</summary>
    /// <param name="checkpoints">Of one run, in any order.</param>
    /// <param name="pausePoint">The run's, where it has one.</param>
    /// <param name="onRefused">Hears of each place further on that cannot be used, and why: "The checkpoint of epoch 3 cannot be used: ...".</param>
    public async Task<ResumePoint?> FurthestResumableAsync(
        RunId run, IEnumerable<Checkpoint> checkpoints, PausePoint? pausePoint, Action<string> onRefused, CancellationToken cancellation = default)
    {
        var places = checkpoints.Select(Place.Of).OfType<Place>().ToList();
        if (pausePoint is not null)
            places.Add(Place.Of(pausePoint));
        foreach (var place in places.OrderByDescending(p => (p.Epoch, p.StepsDone)))
        {
            var weights = await OpenAsync(run, place.FileName, place.Size, place.Sha256, cancellation);
            var beside = await OpenAsync(run, place.State.FileName, place.State.Size, place.State.Sha256, cancellation);
            await using (weights.File)
            await using (beside.File)
            {
                if ((weights.Problem ?? beside.Problem) is not { } problem)
                    return new ResumePoint(place.Epoch, place.FileName, place.State.FileName, place.StepsDone);
                onRefused($"{place} cannot be used: {problem}");
            }
        }

        return null;
    }

    /// <summary>A checkpoint of another run for a fork to start from, by absolute paths, both files compared with the database a moment ago; or why it cannot be.</summary>
    public async Task<(ForkPoint? Point, string? Problem)> ForkPointAsync(RunId parent, Checkpoint checkpoint, CancellationToken cancellation = default)
    {
        var weights = await OpenAsync(parent, checkpoint, cancellation);
        await using var opened = weights.File;
        if (weights.Problem is not null)
            return (null, weights.Problem);
        if (checkpoint is not { StateFileName: { } state, StateSize: { } size, StateSha256: { } hash })
            return (new ForkPoint(PathOf(parent, checkpoint.FileName), null), null);
        var beside = await OpenAsync(parent, state, size, hash, cancellation);
        await using var openedBeside = beside.File;
        return beside.Problem is null ? (new ForkPoint(PathOf(parent, checkpoint.FileName), PathOf(parent, state)), null) : (null, beside.Problem);
    }

    /// <summary>A trainer left files that are recorded now.</summary>
    internal void SayArrived() => folder.SayFilesChanged();

    /// <summary>Whether a file with a name of ours and this size really lies there.</summary>
    internal bool Holds(RunId run, string fileName, long size) =>
        CheckpointName.IsValid(fileName) && new FileInfo(PathOf(run, fileName)) is { Exists: true, LinkTarget: null } file && OwnFile.Exists(file.FullName) && file.Length == size;

    /// <summary>The names of all files in a run's checkpoint folder.</summary>
    internal IReadOnlyList<string> In(RunId run) => new DirectoryInfo(folder.CheckpointFolder(run)) is { Exists: true } found ? [.. found.EnumerateFiles().Select(file => file.Name)] : [];

    /// <summary>Deletes a file of the checkpoint folder, whatever its name; one that is gone already is fine.</summary>
    /// <param name="fileName">As <see cref="In"/> or the database gives it.</param>
    internal void Delete(RunId run, string fileName)
    {
        if (Path.GetFileName(fileName) != fileName)
            throw new ArgumentException($"'{fileName}' is not a name inside a folder.", nameof(fileName));
        // A folder in its place is not the hub's to delete.
        if (!Directory.Exists(folder.CheckpointFolder(run)) || OwnFile.KindOf(Path.Combine(folder.CheckpointFolder(run), fileName)) is FileKind.Folder)
            return;
        File.Delete(Path.Combine(folder.CheckpointFolder(run), fileName));
        folder.SayFilesChanged();
    }

    /// <summary>The same for any file of the checkpoint folder.</summary>
    internal async Task<VerifiedCheckpoint> OpenAsync(RunId run, string fileName, long size, string sha256, CancellationToken cancellation)
    {
        var opened = Open(run, fileName);
        if (opened.File is not { } file)
            return opened;
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
        if (file.Length == size && hash == sha256)
        {
            file.Position = 0;
            return opened;
        }

        await file.DisposeAsync();
        return new VerifiedCheckpoint(null, "Its file changed on the disk: the SHA-256 is not the one recorded when it was saved.");
    }

    private VerifiedCheckpoint Open(RunId run, string fileName)
    {
        try
        {
            return new VerifiedCheckpoint(OwnFile.OpenRead(PathOf(run, fileName)), null);
        }
        catch (FileNotFoundException)
        {
            return new VerifiedCheckpoint(null, "Its file is no longer in the data folder.");
        }
        catch (NotAFileException)
        {
            return new VerifiedCheckpoint(null, "Something that is not a file lies in its place in the data folder. It was not put there by the hub.");
        }
        catch (IOException)
        {
            return new VerifiedCheckpoint(null, "Its file cannot be opened. Does it belong to the user who runs the hub?");
        }
    }

    private string PathOf(RunId run, string fileName) => CheckpointName.IsValid(fileName)
        ? Path.Combine(folder.CheckpointFolder(run), fileName)
        : throw new ArgumentException($"'{fileName}' is not a checkpoint's name.", nameof(fileName));

    /// <summary>Where a run can go on, as the database knows it.</summary>
    private sealed record Place(int Epoch, int StepsDone, string FileName, long Size, string Sha256, StateFile State)
    {
        /// <returns>null for a checkpoint of a hub that could not resume yet.</returns>
        public static Place? Of(Checkpoint checkpoint) => checkpoint is { StateFileName: { } state, StateSize: { } size, StateSha256: { } hash }
            ? new Place(checkpoint.Epoch, 0, checkpoint.FileName, checkpoint.Size, checkpoint.Sha256, new StateFile(state, size, hash))
            : null;

        public static Place Of(PausePoint point) =>
            new(point.Epoch, point.StepsDone, point.FileName, point.Size, point.Sha256, new StateFile(point.StateFileName, point.StateSize, point.StateSha256));

        public override string ToString() => StepsDone == 0 ? $"The checkpoint of epoch {Epoch}" : $"The pause point at step {StepsDone} of epoch {Epoch + 1}";
    }
}

/// <summary>Either an open file that is what the database says, or the reason why there is none.</summary>
public sealed record VerifiedCheckpoint(FileStream? File, string? Problem);
