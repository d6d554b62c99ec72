using System.Security.Cryptography;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Checkpoints;

public sealed class CheckpointFilesTests
{
    private static readonly byte[] Content = [1, 2, 3, 4];

    [Fact]
    public async Task Open_UntouchedFile_GivesItsBytes()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (key, checkpoint, _) = await SaveAsync(hub);
        var opened = await hub.Get<CheckpointFiles>().OpenAsync(checkpoint);
        await using var file = opened.Content!;
        Assert.Equal(Content.Length, file.Length);
        Assert.Equal(0, file.Position);
    }

    [Fact]
    public async Task Open_FlippedByte_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (key, checkpoint, path) = await SaveAsync(hub);
        await File.WriteAllBytesAsync(path, [1, 2, 3, 5]);
        var opened = await hub.Get<CheckpointFiles>().OpenAsync(checkpoint);
        Assert.Null(opened.Content);
        Assert.Contains("SHA-256", opened.Problem);
    }

    [Fact]
    public async Task Open_MissingFile_IsExplained()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (key, checkpoint, path) = await SaveAsync(hub);
        File.Delete(path);
        Assert.Contains("no longer", (await hub.Get<CheckpointFiles>().OpenAsync(checkpoint)).Problem);
    }

    private static async Task<(AttemptKey Key, Checkpoint Checkpoint, string Path)> SaveAsync(EmptyHub hub)
    {
        var key = await hub.StartAsync();
        DataFolder.Create(hub.Folder.ScratchFolder(key.Run, 1));
        await File.WriteAllBytesAsync(Path.Combine(hub.Folder.ScratchFolder(key.Run, 1), CheckpointName.For(1, 1)), Content);
        await hub.Recorder.EpochAsync(key, new EpochFinished(1, 0.4, 0.3, 0.9, 1));
        await hub.Checkpoints.SavedAsync(key, new CheckpointSaved(1, CheckpointName.For(1, 1), Content.Length,
            Convert.ToHexStringLower(SHA256.HashData(Content))));
        return (key, (await hub.History.FindAsync(key.Run))!.Checkpoints.Single().File, Path.Combine(hub.Folder.CheckpointFolder(key.Run),
            CheckpointName.For(1, 1)));
    }
}
