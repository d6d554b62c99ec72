using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Artifacts;

/// <summary>
/// What somebody needs stays, with its bytes, whoever removes: a policy, a later attempt, a deletion of the run or of its experiment.
/// </summary>
public sealed class ArtifactPinsTests
{
    private const string Holder = "model mnist/1";

    [Fact]
    public async Task Pin_OfACheckpoint_KeepsItFromThePolicyUntilItIsReleased()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        for (var epoch = 1; epoch <= 4; epoch++)
            await run.EpochAsync(epoch, best: epoch == 1);
        var (pins, keeper, policy) = (hub.Get<ArtifactPins>(), hub.Get<CheckpointKeeper>(), new CheckpointPolicy { Every = 0 });
        var second = await WeightsAsync(run, 2);
        Assert.True(await pins.PinAsync(second.Id, Holder));
        Assert.Equal([3], (await keeper.PreviewAsync(run.Id, policy))!.Epochs);
        Assert.Equal([3], (await keeper.ChangeAsync(run.Id, policy)).Removal!.Epochs);
        Assert.Contains(CheckpointName.For(1, 2), run.Files);
        await run.EpochAsync(5, best: false);
        Assert.Equal([1, 2, 5], (await run.ReadAsync()).Checkpoints.Select(checkpoint => checkpoint.Epoch));
        Assert.True(await pins.ReleaseAsync(second.Id, Holder));
        await run.EpochAsync(6, best: false);
        Assert.Equal([1, 6], (await run.ReadAsync()).Checkpoints.Select(checkpoint => checkpoint.Epoch));
        Assert.DoesNotContain(CheckpointName.For(1, 2), run.Files);
    }

    [Fact]
    public async Task Pin_OfACheckpointThatALaterAttemptReplaces_KeepsItsFile()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        await run.EpochAsync(2);
        var pinned = await WeightsAsync(run, 2);
        Assert.True(await hub.Get<ArtifactPins>().PinAsync(pinned.Id, Holder));
        await run.EndAsync(AttemptEnding.Stopped);
        await hub.Control.ResumeAsync(run.Id);
        var again = await PlayedRun.StartAsync(hub, waiting: run.Id,
            resume: new ResumePoint(1, CheckpointName.For(1, 1), CheckpointName.StateFor(1, 1)));
        await again.EpochAsync(2);
        Assert.Equal(CheckpointName.For(2, 2), (await WeightsAsync(run, 2)).Name);
        await again.EndAsync(); // and the sweep at its end
        Assert.Contains(CheckpointName.For(1, 2), run.Files);
        Assert.DoesNotContain(CheckpointName.StateFor(1, 2), run.Files); // nobody needs that
        await using var opened = (await hub.Get<ArtifactStore>().OpenVerifiedAsync(pinned.Key, pinned.Size, pinned.Sha256)).Content;
        Assert.NotNull(opened);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pin_OfADeletedThing_KeepsItHiddenUntilItIsReleased(bool withExperiment)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        await run.EndAsync();
        var (pins, weights, read) = (hub.Get<ArtifactPins>(), await WeightsAsync(run, 1), await run.ReadAsync());
        Assert.True(await pins.PinAsync(weights.Id, Holder));
        if (withExperiment)
            Assert.Equal(ExperimentDeletion.Deleted, await hub.Get<ExperimentStore>().DeleteAsync(read.ExperimentId));
        else
            Assert.Equal(DeleteOutcome.Deleted, await hub.Get<RunDeletion>().DeleteAsync(run.Id));
        Assert.Equal(0, await PurgeAsync());
        Assert.Equal([CheckpointName.For(1, 1), CheckpointName.StateFor(1, 1)], run.Files);
        // What is hidden gets no pin any more: whoever asked before it purged need not ask again.
        Assert.False(await pins.PinAsync(weights.Id, "another"));
        Assert.True(await pins.ReleaseAsync(weights.Id, Holder));
        Assert.True(await PurgeAsync() > 0);
        Assert.False(Directory.Exists(hub.Folder.RunFolder(run.Id)));
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.Empty(await db.Artifacts.ToListAsync());

        Task<long> PurgeAsync() =>
            withExperiment ? hub.Get<ExperimentStore>().PurgeAsync(read.ExperimentId) : hub.Get<RunDeletion>().PurgeAsync([run.Id]);
    }

    [Fact]
    public async Task Pin_ByOneHolderTwice_IsOne()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        var (pins, weights) = (hub.Get<ArtifactPins>(), await WeightsAsync(run, 1));
        Assert.True(await pins.PinAsync(weights.Id, Holder));
        Assert.True(await pins.PinAsync(weights.Id, Holder));
        Assert.True(await pins.PinAsync(weights.Id, "another"));
        Assert.True(await pins.ReleaseAsync(weights.Id, Holder));
        Assert.False(await pins.ReleaseAsync(weights.Id, Holder));
        Assert.False(await pins.PinAsync(weights.Id + 1_000, Holder));
    }

    /// <summary>Whoever forgets to ask is refused by the database.</summary>
    [Fact]
    public async Task Pin_BehindTheHubsBack_CannotBePassedBy()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        var weights = await WeightsAsync(run, 1);
        await hub.Get<ArtifactPins>().PinAsync(weights.Id, Holder);
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => db.Artifacts.Where(artifact => artifact.Id == weights.Id)
            .ExecuteDeleteAsync());
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => db.Runs.IgnoreAutoIncludes().Where(r => r.Id == run.Id)
            .ExecuteDeleteAsync());
        Assert.NotNull(await hub.History.FindAsync(run.Id));
    }

    private static async Task<Artifact> WeightsAsync(PlayedRun run, int epoch) =>
        (await run.ReadAsync()).Checkpoints.Single(checkpoint => checkpoint.Epoch == epoch).Weights;
}
