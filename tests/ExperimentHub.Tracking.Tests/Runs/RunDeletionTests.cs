using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ExperimentHub.Tracking.Tests.Runs;

public sealed class RunDeletionTests
{
    [Fact]
    public async Task Delete_RunningRun_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        Assert.Equal(DeleteOutcome.StillActive, await hub.Get<RunDeletion>().DeleteAsync(key.Run));
        Assert.Equal(DeleteOutcome.NotFound, await hub.Get<RunDeletion>().DeleteAsync(RunId.New(TimeProvider.System)));
        Assert.NotNull(await hub.History.FindAsync(key.Run));
    }

    [Fact]
    public async Task Delete_ThenRestore_HidesItAtOnceAndBringsItBack()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await hub.FinishAsync("one", accuracies: [0.5]);
        var deletion = hub.Get<RunDeletion>();
        Assert.Equal(DeleteOutcome.Deleted, await deletion.DeleteAsync(run));
        Assert.Null(await hub.History.FindAsync(run));
        Assert.Empty((await hub.Get<RunSearch>().ListAsync(new RunQuery())).Answer!.Items);
        Assert.Equal(DeleteOutcome.NotFound, await deletion.DeleteAsync(run));
        Assert.Equal(1, await deletion.RestoreAsync([run]));
        Assert.NotNull(await hub.History.FindAsync(run));
        Assert.Equal(0, await deletion.RestoreAsync([run]));
    }

    [Fact]
    public async Task Purge_OnlyAfterTheUndoTime_RemovesRowsAndFiles()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var hub = await EmptyHub.CreateAsync((services, _) => services.AddSingleton<TimeProvider>(time));
        var key = await hub.StartAsync();
        using (var log = hub.Get<RunLogs>().Append(key.Run, key.Attempt))
            log.Write("info", "hello");
        await hub.Recorder.EndAsync(key, AttemptEnding.Finished, null, 0);
        await hub.Get<RunLogs>().KeepAsync(key.Run, key.Attempt);
        var other = await hub.FinishAsync("other", accuracies: [0.5]);
        var deletion = hub.Get<RunDeletion>();
        await deletion.DeleteAsync(key.Run);
        Assert.Equal(0, await deletion.PurgeAsync());
        Assert.True(Directory.Exists(hub.Folder.RunFolder(key.Run)));

        time.Advance(DeletionOptions.Usual + TimeSpan.FromSeconds(1));
        Assert.True(await deletion.PurgeAsync() > 0);
        Assert.False(Directory.Exists(hub.Folder.RunFolder(key.Run)));
        Assert.Equal(0, await deletion.RestoreAsync([key.Run]));
        Assert.NotNull(await hub.History.FindAsync(other));
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.All(await db.RunParams.Select(param => param.RunNumber).Distinct().ToListAsync(), number => Assert.NotEqual(key.RunNumber, number));
    }

    [Fact]
    public async Task Enqueue_KeyOfADeletedRun_IsAProblemOfTheKey()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var request = new RunRequest("tutorial", null, new TrainingSpec(), "key-1");
        var run = (await hub.Queue.EnqueueAsync(request)).Run!.Value;
        await hub.Queue.RequestStopAsync(run);
        await hub.Get<RunDeletion>().DeleteAsync(run);
        Assert.Equal("Idempotency-Key", Assert.Single((await hub.Queue.EnqueueAsync(request)).Problems).Field);
    }
}
