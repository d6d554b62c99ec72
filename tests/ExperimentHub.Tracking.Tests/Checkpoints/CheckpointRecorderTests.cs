using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Checkpoints;

/// <summary>
/// Files on their way from a trainer's scratch folder to a row: at every moment a kill leaves something that the hub knows to tidy up.
/// </summary>
public sealed class CheckpointRecorderTests
{
    [Fact]
    public async Task Saved_AsATrainerLeavesIt_IsMovedAndRecordedWithItsHash()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        Assert.Empty(Directory.EnumerateFiles(hub.Folder.ScratchFolder(run.Id, 1)));
        var (store, saved) = (hub.Get<ArtifactStore>(), Assert.Single((await run.ReadAsync()).Checkpoints));
        foreach (var file in new[] { saved.Weights, saved.State! })
        {
            await using var content = (await store.OpenVerifiedAsync(file.Key, file.Size, file.Sha256)).Content;
            Assert.NotNull(content);
            Assert.Equal((ArtifactKey.OfCheckpoint(run.Id, file.Name), run.Key.RunNumber, saved.SavedAt), (file.Key, file.RunNumber, file.CreatedAt));
        }
    }

    [Fact]
    public async Task Saved_ManyAtOnceUnderAPolicy_LeavesThoseItKeepsAndNoFileMore()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub, new TrainingSpec { Checkpoints = new CheckpointPolicy { Every = 0, Best = false } });
        List<CheckpointSaved> told = [.. Enumerable.Range(1, 5).Select(epoch => Leave(run, epoch))];
        Assert.True(await hub.Checkpoints.SavedAsync(run.Key, told));
        Assert.Equal([5], (await run.ReadAsync()).Checkpoints.Select(checkpoint => checkpoint.Epoch));
        Assert.Equal([CheckpointName.For(1, 5)], (await run.ReadAsync()).Checkpoints.Select(checkpoint => checkpoint.Weights.Name));
        Assert.Equal(await KeysAsync(hub), run.Files.Select(name => ArtifactKey.OfCheckpoint(run.Id, name).Text));
    }

    /// <summary>Killed between taking in and recording: the bytes are there and no row speaks of them.</summary>
    [Fact]
    public async Task Saved_KilledBeforeTheRow_IsTidiedUpWithTheAttempt()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        var second = Leave(run, 2);
        await hub.Get<ArtifactStore>()
            .TakeAsync([new ArrivingFile(ArtifactKey.OfCheckpoint(run.Id, second.FileName),
                Path.Combine(hub.Folder.ScratchFolder(run.Id, 1), second.FileName), second.Size)]);
        Assert.Contains(second.FileName, run.Files);
        await hub.InterruptAsync();
        Assert.Equal([CheckpointName.For(1, 1), CheckpointName.StateFor(1, 1)], run.Files);
        Assert.Equal([1], (await run.ReadAsync()).Checkpoints.Select(checkpoint => checkpoint.Epoch));
    }

    /// <summary>The first try moved the file and failed to record it: the second finds it in its place.</summary>
    [Fact]
    public async Task Saved_TakenInByAnEarlierTry_IsRecorded()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        var told = Leave(run, 1);
        await hub.Get<ArtifactStore>()
            .TakeAsync([new ArrivingFile(ArtifactKey.OfCheckpoint(run.Id, told.FileName),
                Path.Combine(hub.Folder.ScratchFolder(run.Id, 1), told.FileName), told.Size)]);
        Assert.True(await hub.Checkpoints.SavedAsync(run.Key, told));
        Assert.Equal(told.FileName, Assert.Single((await run.ReadAsync()).Checkpoints).Weights.Name);
    }

    [Fact]
    public async Task Saved_ByAStaleAttempt_LeavesNothingBehind()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        Assert.NotNull(await hub.Recorder.RetryAsync(run.Key, AttemptEnding.Crashed, "It broke.", 1));
        Assert.False(await run.SaveAsync(2));
        Assert.False(await run.PausePointAsync(1, 3));
        Assert.Equal([CheckpointName.For(1, 1), CheckpointName.StateFor(1, 1)], run.Files);
    }

    [Fact]
    public async Task Saved_AnEpochThatALaterAttemptPassesAgain_ReplacesRowsAndFiles()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        await run.EpochAsync(2);
        await run.EndAsync(AttemptEnding.Stopped);
        await hub.Control.ResumeAsync(run.Id);
        var again = await PlayedRun.StartAsync(hub, waiting: run.Id,
            resume: new ResumePoint(1, CheckpointName.For(1, 1), CheckpointName.StateFor(1, 1)));
        await again.EpochAsync(2);
        Assert.Equal([(1, CheckpointName.For(1, 1)), (2, CheckpointName.For(2, 2))],
            (await run.ReadAsync()).Checkpoints.Select(checkpoint => (checkpoint.Epoch, checkpoint.Weights.Name)));
        Assert.Equal(await KeysAsync(hub), run.Files.Select(name => ArtifactKey.OfCheckpoint(run.Id, name).Text));
        Assert.DoesNotContain(CheckpointName.For(1, 2), run.Files);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Saved_NotAllItsFiles_IsNotRecorded(bool weights, bool state)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        var told = Leave(run, 1);
        var scratch = hub.Folder.ScratchFolder(run.Id, 1);
        if (!weights)
            File.Delete(Path.Combine(scratch, told.FileName));
        if (!state)
            await File.WriteAllTextAsync(Path.Combine(scratch, told.State!.FileName), "of another size");
        Assert.True(await hub.Checkpoints.SavedAsync(run.Key, told));
        Assert.Empty((await run.ReadAsync()).Checkpoints);
        await run.EndAsync();
        Assert.Empty(await KeysAsync(hub));
        Assert.False(Directory.Exists(hub.Folder.CheckpointFolder(run.Id)) && run.Files.Count > 0);
    }

    private static CheckpointSaved Leave(PlayedRun run, int epoch)
    {
        var (file, state, text) = (CheckpointName.For(run.Key.Attempt, epoch), CheckpointName.StateFor(run.Key.Attempt, epoch), $"weights {epoch}");
        run.Leave(file, text);
        run.Leave(state, text);
        var bytes = TinyCheckpoint.Of(text);
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        return new CheckpointSaved(epoch, file, bytes.Length, hash, new StateFile(state, bytes.Length, hash));
    }

    private static async Task<List<string>> KeysAsync(EmptyHub hub)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        return [.. (await db.Artifacts.Select(artifact => artifact.Key).ToListAsync()).Select(key => key.Text).Order(StringComparer.Ordinal)];
    }
}
