using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Checkpoints;

public sealed class CheckpointKeeperTests
{
    // Of eight epochs the third is the best.
    [Theory]
    [InlineData(1, true, null, new[] { 1, 2, 3, 4, 5, 6, 7, 8 })]
    [InlineData(3, true, null, new[] { 3, 6, 8 })]
    [InlineData(0, true, null, new[] { 3, 8 })]
    [InlineData(0, false, null, new[] { 8 })]
    [InlineData(0, false, 3, new[] { 6, 7, 8 })]
    [InlineData(0, true, 2, new[] { 3, 7, 8 })]
    public async Task Saved_WithAPolicy_KeepsWhatItSaysAndNoOtherFile(int every, bool best, int? last, int[] kept)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub,
            new TrainingSpec { Epochs = 8, Checkpoints = new CheckpointPolicy { Every = every, Best = best, Last = last } });
        for (var epoch = 1; epoch <= 8; epoch++)
        {
            await run.EpochAsync(epoch, best: epoch <= 3);
            Assert.Contains(CheckpointName.StateFor(1, epoch), run.Files); // whatever happens, the run can go on from here
        }

        Assert.Equal(kept, (await run.ReadAsync()).Checkpoints.Select(checkpoint => checkpoint.Epoch));
        Assert.Equal(kept.SelectMany(epoch => new[] { CheckpointName.For(1, epoch), CheckpointName.StateFor(1, epoch) })
            .Order(StringComparer.Ordinal), run.Files);
    }

    [Fact]
    public async Task Saved_NewestCannotBeResumed_KeepsTheOneThatCan()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub, new TrainingSpec { Checkpoints = new CheckpointPolicy { Every = 0, Best = false } });
        await run.EpochAsync(1);
        await run.EpochAsync(2);
        await run.SaveAsync(3, withState: false);
        Assert.Equal([2, 3], (await run.ReadAsync()).Checkpoints.Select(checkpoint => checkpoint.Epoch));
    }

    [Fact]
    public async Task Bytes_OfAPolicyADeletionAndTheDisk_AreTheSameFiles()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        for (var epoch = 1; epoch <= 4; epoch++)
            await run.EpochAsync(epoch, best: epoch == 1);
        var (deleted, disk, keeper, policy) =
            (hub.Get<DeletedThings>(), hub.Get<DiskUse>(), hub.Get<CheckpointKeeper>(), new CheckpointPolicy { Every = 0 });
        var (before, counted) = (await deleted.SizeAsync([run.Id]), (await disk.ReadAsync()).Checkpoints);
        Assert.Equal((await run.ReadAsync()).Checkpoints.Sum(checkpoint => checkpoint.Bytes), counted);
        var removed = (await keeper.ChangeAsync(run.Id, policy)).Removal!.Bytes;
        // Without a moment in between: the count was told.
        Assert.Equal((before - removed, counted - removed), (await deleted.SizeAsync([run.Id]), (await disk.ReadAsync()).Checkpoints));
        await run.EpochAsync(5);
        Assert.Equal((await run.ReadAsync()).Checkpoints.Sum(checkpoint => checkpoint.Bytes), (await disk.ReadAsync()).Checkpoints);
    }

    [Fact]
    public async Task Change_AfterAPreview_RemovesExactlyThat()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        for (var epoch = 1; epoch <= 4; epoch++)
            await run.EpochAsync(epoch, best: epoch == 1);
        var (keeper, policy) = (hub.Get<CheckpointKeeper>(), new CheckpointPolicy { Every = 0 });
        var preview = (await keeper.PreviewAsync(run.Id, policy))!;
        Assert.Equal([2, 3], preview.Epochs);
        Assert.Equal((await run.ReadAsync()).Checkpoints.Where(checkpoint => checkpoint.Epoch is 2 or 3)
            .Sum(checkpoint => checkpoint.Weights.Size + checkpoint.State!.Size), preview.Bytes);
        Assert.Equal(8, run.Files.Count); // it was only a question
        var changed = (await keeper.ChangeAsync(run.Id, policy, preview)).Removal!;
        Assert.Equal((preview.Bytes, 4), (changed.Bytes, run.Files.Count));
        var read = await run.ReadAsync();
        Assert.Equal(policy, read.Training!.Spec.Checkpoints);
        Assert.Equal([1, 4], read.Checkpoints.Select(checkpoint => checkpoint.Epoch));
        Assert.Null(await keeper.PreviewAsync(RunId.New(TimeProvider.System), policy));
        Assert.Equal(PolicyOutcome.NotFound, (await keeper.ChangeAsync(RunId.New(TimeProvider.System), policy)).Outcome);
    }

    [Fact]
    public async Task Change_OtherThanWasAgreedTo_DeletesNothingAndSaysWhatItWouldBe()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        for (var epoch = 1; epoch <= 3; epoch++)
            await run.EpochAsync(epoch, best: epoch == 1);
        var (keeper, policy) = (hub.Get<CheckpointKeeper>(), new CheckpointPolicy { Every = 0 });
        var agreed = (await keeper.PreviewAsync(run.Id, policy))!;
        Assert.Equal([2], agreed.Epochs);
        await run.EpochAsync(4, best: false); // while the question stands
        var refused = await keeper.ChangeAsync(run.Id, policy, agreed);
        Assert.Equal(PolicyOutcome.OtherRemoval, refused.Outcome);
        Assert.Equal([2, 3], refused.Removal!.Epochs);
        Assert.Equal((8, (CheckpointPolicy?)null), (run.Files.Count, (await run.ReadAsync()).Training!.Spec.Checkpoints));
        Assert.Equal(PolicyOutcome.Changed, (await keeper.ChangeAsync(run.Id, policy, refused.Removal)).Outcome);
        Assert.Equal([1, 4], (await run.ReadAsync()).Checkpoints.Select(checkpoint => checkpoint.Epoch));
    }

    [Fact]
    public async Task End_FilesThatNoRowKnows_AreRemoved()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        await run.PausePointAsync(1, 3);
        run.Write(CheckpointName.For(1, 2), "renamed, but never told");
        run.Write(".attempt-1-epoch-2.state.safetensors.tmp", "half");
        await run.EndAsync(AttemptEnding.Stopped);
        Assert.Equal([CheckpointName.For(1, 1), CheckpointName.StateFor(1, 1), CheckpointName.ForPause(1), CheckpointName.StateForPause(1)],
            run.Files);
    }

    [Fact]
    public async Task PausePoint_Second_ReplacesTheFirstWithItsFiles()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.PausePointAsync(0, 4);
        await run.EndAsync(AttemptEnding.Stopped);
        await hub.Control.ResumeAsync(run.Id);
        var again = await PlayedRun.StartAsync(hub, waiting: run.Id,
            resume: new ResumePoint(0, CheckpointName.ForPause(1), CheckpointName.StateForPause(1), 4));
        await again.PausePointAsync(0, 7);
        Assert.Equal((2, 7), ((await run.ReadAsync()).Training!.PausePoint!.Attempt, (await run.ReadAsync()).Training!.PausePoint!.StepsDone));
        Assert.Equal([CheckpointName.ForPause(2), CheckpointName.StateForPause(2)], run.Files);
        await again.EpochAsync(1);
        Assert.Null((await run.ReadAsync()).Training!.PausePoint); // a checkpoint lies after it
        Assert.Equal([CheckpointName.For(2, 1), CheckpointName.StateFor(2, 1)], run.Files);
    }

    [Fact]
    public async Task PausePoint_WithoutItsFiles_IsNotRecorded()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        var state = new StateFile("../../../hub.db", 1, new string('0', 64));
        Assert.True(await hub.Checkpoints.PausedAsync(run.Key, new PausePointSaved(0, 4, CheckpointName.ForPause(1), 5, new string('0', 64), state)));
        Assert.Null((await run.ReadAsync()).Training!.PausePoint);
    }

    [Fact]
    public async Task Furthest_PausePointAndCheckpoints_IsTheFurthestThatIsWhole()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var played = await PlayedRun.StartAsync(hub);
        await played.EpochAsync(1);
        await played.EpochAsync(2);
        await played.PausePointAsync(2, 6);
        Assert.Equal((2, 6), await FurthestAsync());
        played.Write(CheckpointName.ForPause(1), "PAUSE");
        Assert.Equal((2, 0), await FurthestAsync());
        played.Write(CheckpointName.StateFor(1, 2), "other");
        Assert.Equal((1, 0), await FurthestAsync());
        Assert.Equal(["The pause point at step 6 of epoch 3", "The checkpoint of epoch 2"],
            _refused.Select(text => text.Split(" cannot be used")[0]));

        async Task<(int, int)> FurthestAsync()
        {
            _refused.Clear();
            var run = await played.ReadAsync();
            var place = (await hub.Get<CheckpointFiles>().FurthestResumableAsync(run.Checkpoints, run.Training!.PausePoint, _refused.Add))!;
            return (place.Epoch, place.StepsDone);
        }
    }

    private readonly List<string> _refused = [];
}
