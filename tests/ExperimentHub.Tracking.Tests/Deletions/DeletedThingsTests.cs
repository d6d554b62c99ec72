using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Deletions;

public sealed class DeletedThingsTests
{
    [Fact]
    public async Task Deleted_RunsAndExperiments_AreFoundUntilTheyAreGone()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var played = await PlayedRun.StartAsync(hub);
        await played.EpochAsync(1);
        await played.EndAsync();
        var other = await hub.EnqueueAsync(experiment: "other", name: "of the other");
        await hub.Queue.RequestStopAsync(other);
        var (deleted, deletion, store) = (hub.Get<DeletedThings>(), hub.Get<RunDeletion>(), hub.Get<ExperimentStore>());
        Assert.Null(await deleted.FindAsync(played.Id));
        await deletion.DeleteAsync(played.Id);
        var experiment = (await store.FindAsync("other"))!.Id;
        await store.DeleteAsync(experiment);

        var listing = await deleted.ListAsync(10);
        Assert.Equal((played.Id, 1, "tutorial"), (Assert.Single(listing.Runs).Id, listing.RunCount, listing.Runs[0].Experiment));
        Assert.Equal(("other", other), (Assert.Single(listing.Experiments).Name, Assert.Single(listing.Experiments[0].Runs)));
        Assert.Equal(listing.Runs[0].DeletedAt + DeletionOptions.Usual, listing.Runs[0].Until);
        Assert.Equal(2 * TinyCheckpoint.Of("weights 1").Length, await deleted.SizeAsync([played.Id]));
        Assert.True((await deleted.FindAsync(other))!.WithExperiment);
        Assert.Equal("other", (await deleted.FindAsync(experiment))!.Name);

        Assert.Equal(2 * TinyCheckpoint.Of("weights 1").Length, await deletion.PurgeAsync([played.Id]));
        await store.PurgeAsync(experiment);
        Assert.Null(await deleted.FindAsync(played.Id));
        Assert.Null(await deleted.FindAsync(experiment));
        Assert.False(Directory.Exists(hub.Folder.RunFolder(played.Id)));
    }

    [Fact]
    public async Task PurgeNow_OfWhatIsNotDeleted_LeavesItAlone()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await hub.FinishAsync("one", accuracies: [0.5]);
        await hub.Get<RunDeletion>().DeleteAsync(run);
        await hub.Get<RunDeletion>().RestoreAsync([run]); // somebody was quicker
        await hub.Get<RunDeletion>().PurgeAsync([run]);
        await hub.Get<ExperimentStore>().PurgeAsync((await hub.ReadAsync(run)).ExperimentId);
        Assert.Equal("one", (await hub.ReadAsync(run)).Name);
    }

    /// <summary>JavaScript's Date keeps milliseconds and Python's datetime microseconds; other programs leave the zone away.</summary>
    [Theory]
    [InlineData("yyyy-MM-dd'T'HH:mm:ss.fff'Z'")]
    [InlineData("yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'")]
    [InlineData("yyyy-MM-dd'T'HH:mm:ss.ffffff")]
    [InlineData("O")]
    public async Task Restore_MarkThatWentThroughAnotherProgram_BringsBackThatDeletionAlone(string format)
    {
        await using var hub = await EmptyHub.CreateAsync();
        RunId[] runs = [await hub.FinishAsync("a", accuracies: [0.1]), await hub.FinishAsync("b", accuracies: [0.1]),
            await hub.FinishAsync("c", accuracies: [0.1])];
        var (bulk, deletion) = (hub.Get<RunBulk>(), hub.Get<RunDeletion>());
        // In the same millisecond where the machine is quick: the marks differ all the same.
        await deletion.DeleteAsync(runs[0]);
        var mark = (await bulk.DeleteAsync(RunTargets.Of([runs[1]]))).Answer!.DeletedAt!.Value;
        await deletion.DeleteAsync(runs[2]);
        var sent = DateTime.Parse(mark.ToString(format, null), null, System.Globalization.DateTimeStyles.RoundtripKind);
        Assert.Equal(1, await deletion.RestoreAsync(sent));
        Assert.Equal(["b"], (await hub.Get<RunSearch>().ListAsync(new RunQuery())).Answer!.Items.Select(row => row.Run.Name));
    }

    [Fact]
    public async Task Restore_MarkOfAnOlderHub_NeedsNoMoreThanMilliseconds()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await hub.FinishAsync("a", accuracies: [0.1]);
        var precise = new DateTime(2026, 5, 6, 7, 8, 9, 123, DateTimeKind.Utc).AddTicks(4567);
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await db.Runs.ExecuteUpdateAsync(set => set.SetProperty(r => r.DeletedAt, precise));
        Assert.Equal(0, await hub.Get<RunDeletion>().RestoreAsync(precise.AddMilliseconds(1)));
        Assert.Equal(1, await hub.Get<RunDeletion>().RestoreAsync(new DateTime(2026, 5, 6, 7, 8, 9, 123, DateTimeKind.Utc)));
        Assert.Equal("a", (await hub.ReadAsync(run)).Name);
    }
}
