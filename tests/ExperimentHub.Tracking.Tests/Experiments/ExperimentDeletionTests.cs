using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ExperimentHub.Tracking.Tests.Experiments;

public sealed class ExperimentDeletionTests
{
    [Fact]
    public async Task Delete_WithAnActiveRun_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await hub.ReadAsync(await hub.EnqueueAsync());
        Assert.Equal(ExperimentDeletion.StillActive, await hub.Get<ExperimentStore>().DeleteAsync(run.ExperimentId));
    }

    [Fact]
    public async Task Delete_ThenRestore_HidesAndBringsBackEverything()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (experiment, run) = await EndedAsync(hub);
        var store = hub.Get<ExperimentStore>();
        Assert.Equal(ExperimentDeletion.Deleted, await store.DeleteAsync(experiment));
        Assert.Null(await hub.History.FindAsync(run));
        Assert.Empty(await store.ListAsync());
        Assert.Null(await store.RestoreAsync(experiment));
        Assert.NotNull(await hub.History.FindAsync(run));
    }

    [Fact]
    public async Task Restore_NameTakenMeanwhile_SaysSo()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (experiment, _) = await EndedAsync(hub);
        var store = hub.Get<ExperimentStore>();
        await store.DeleteAsync(experiment);
        await hub.EnqueueAsync();
        Assert.Contains("tutorial", await store.RestoreAsync(experiment));
    }

    [Fact]
    public async Task Enqueue_KeyOfARunInADeletedExperiment_IsAProblemOfTheKey()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var request = new RunRequest("tutorial", null, new TrainingSpec(), "key-1");
        var run = await hub.ReadAsync((await hub.Queue.EnqueueAsync(request)).Run!.Value);
        await hub.Queue.RequestStopAsync(run.Id);
        await hub.Get<ExperimentStore>().DeleteAsync(run.ExperimentId);
        Assert.Equal("Idempotency-Key", Assert.Single((await hub.Queue.EnqueueAsync(request)).Problems).Field);
    }

    [Fact]
    public async Task Purge_OnlyAfterTheUndoTime_RemovesRowsAndFiles()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var hub = await EmptyHub.CreateAsync((services, _) => services.AddSingleton<TimeProvider>(time));
        var (experiment, run) = await EndedAsync(hub);
        var store = hub.Get<ExperimentStore>();
        await store.DeleteAsync(experiment);
        Assert.Equal(0, await store.PurgeAsync());
        Assert.True(Directory.Exists(hub.Folder.RunFolder(run)));

        time.Advance(DeletionOptions.Usual + TimeSpan.FromSeconds(1));
        Assert.True(await store.PurgeAsync() > 0);
        Assert.False(Directory.Exists(hub.Folder.RunFolder(run)));
        Assert.Contains("for good", await store.RestoreAsync(experiment));
    }

    [Fact]
    public async Task Purge_EndedBetweenPortions_ShowsNothingAndIsFinishedByTheNext()
    {
        const int Runs = 50;
        await using var hub = await EmptyHub.CreateAsync();
        var made = await hub.Queue.EnqueueAllAsync(
            [.. Enumerable.Range(1, Runs).Select(seed => new RunRequest("tutorial", $"run {seed}", new TrainingSpec { Seed = seed }))]);
        foreach (var run in made.Runs)
        {
            await hub.Queue.RequestStopAsync(run);
            using (var log = hub.Get<RunLogs>().Append(run, 1))
                log.Write("info", "hello");
            await hub.Get<RunLogs>().KeepAsync(run, 1);
        }

        var experiment = (await hub.ReadAsync(made.Runs[0])).ExperimentId;
        var store = hub.Get<ExperimentStore>();
        await store.DeleteAsync(experiment);
        using var killed = new CancellationTokenSource();
        var files = hub.Get<ArtifactStore>();
        files.Changed += killed.Cancel;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PurgeAsync(experiment, killed.Token));
        files.Changed -= killed.Cancel;

        Assert.InRange(await LeftAsync(hub), 1, Runs - 1);
        Assert.True(await store.IsGoneAsync(experiment));
        Assert.Contains("for good", await store.RestoreAsync(experiment));
        var deleted = hub.Get<DeletedThings>();
        Assert.Empty((await deleted.ListAsync(10)).Experiments);
        Assert.Null(await deleted.FindAsync(experiment));
        Assert.All(await Task.WhenAll(made.Runs.Select(run => deleted.FindAsync(run))), Assert.Null);
        Assert.Empty(await hub.RunsAsync());

        // The time that a deletion can be undone has not passed.
        Assert.True(await store.PurgeAsync() > 0);
        Assert.Equal(0, await LeftAsync(hub));
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.False(await db.Experiments.IgnoreQueryFilters().AnyAsync());
        Assert.All(made.Runs, run => Assert.False(Directory.Exists(hub.Folder.RunFolder(run))));
    }

    private static async Task<int> LeftAsync(EmptyHub hub)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        return await db.Runs.IgnoreQueryFilters().CountAsync();
    }

    private static async Task<(int Experiment, RunId Run)> EndedAsync(EmptyHub hub)
    {
        var key = await hub.StartAsync();
        using (var log = hub.Get<RunLogs>().Append(key.Run, key.Attempt))
            log.Write("info", "hello");
        await hub.Recorder.EndAsync(key, AttemptEnding.Finished, null, 0);
        await hub.Get<RunLogs>().KeepAsync(key.Run, key.Attempt);
        return ((await hub.ReadAsync(key.Run)).ExperimentId, key.Run);
    }
}
