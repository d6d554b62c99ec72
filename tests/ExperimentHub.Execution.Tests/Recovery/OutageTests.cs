using System.Data.Common;
using System.Globalization;
using ExperimentHub.Execution.Schedules;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Quartz;
using static ExperimentHub.TestHub.FakeTrainer;

namespace ExperimentHub.Execution.Tests.Recovery;

/// <summary>
/// The database or its disk takes nothing for a while: whatever happens in that time is written afterwards, and no run is the worse for it.
/// </summary>
public sealed class OutageTests
{
    [Fact]
    public async Task Run_DatabaseLockedWhileItTrainsAndEnds_IsRecordedOnceTheLockIsGone()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            {Await("locked")}
            {SaveCheckpoint(1, 1)}
            {SaveCheckpoint(1, 2)}
            {Say(new TrainingFinished())}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(id, run => run.Training!.StepsPerEpoch is not null);

        DateTime freeAt;
        await using (await WriteLock.TakeAsync(hub.Hub.Folder.HubDatabase))
        {
            trainer.Go("locked");
            Assert.Equal(StorageTrouble.Locked, (await OutageAsync(hub)).Trouble);
            await GoneAsync(trainer);
            Assert.Equal(RunStatus.Running, (await hub.Hub.ReadAsync(id)).Status);
            freeAt = DateTime.UtcNow;
        }

        var run = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Finished, null), (run.Status, run.Error));
        Assert.Equal([1, 2], run.Training!.EpochResults.Select(epoch => epoch.Number));
        Assert.Equal([1, 2], run.Checkpoints.Select(checkpoint => checkpoint.Epoch));
        // It tells when it was, not when it could be written.
        Assert.Equal(AttemptEnding.Finished, Assert.Single(run.Training!.Attempts).Ending);
        Assert.True(run.EndedAt < freeAt);
        Assert.All(run.Training!.EpochResults, epoch => Assert.True(epoch.EndedAt < freeAt));
        await hub.Hub.Get<StorageWatch>().CheckAsync();
        Assert.Null(hub.Hub.Get<StorageWatch>().Outage);
    }

    [Theory]
    [InlineData(RunStatus.Stopped)]
    [InlineData(RunStatus.Paused)]
    public async Task Wish_DatabaseLocked_IsHeardAtOnceAndWrittenAfterwards(RunStatus wanted)
    {
        using var trainer = new FakeTrainer($"{SayStarted}; read -r stop; {SavePausePoint(1, 0, 7)}; {Say(new TrainingStopped())}");
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(id, run => run.Training!.StepsPerEpoch is not null);

        await using (await WriteLock.TakeAsync(hub.Hub.Folder.HubDatabase))
        {
            if (wanted == RunStatus.Stopped)
                Assert.Equal(StopOutcome.Stopping, await hub.Hub.Queue.RequestStopAsync(id));
            else
                Assert.Equal(PauseOutcome.Pausing, await hub.Hub.Control.PauseAsync(id));
            await GoneAsync(trainer);
        }

        var run = await hub.WaitForEndAsync(id);
        Assert.Equal((wanted, 7), (run.Status, run.Training!.PausePoint?.StepsDone));
    }

    [Fact]
    public async Task Wish_OfARunThatWaits_IsRefusedBecauseNobodyWouldHearIt()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; read -r stop; {Say(new TrainingStopped())}");
        await using var hub = await RunningHub.StartAsync(trainer);
        var first = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(first, run => run.Training!.StepsPerEpoch is not null);
        var waits = await hub.Hub.EnqueueAsync();

        await using (await WriteLock.TakeAsync(hub.Hub.Folder.HubDatabase))
        {
            var refused = await Assert.ThrowsAnyAsync<DbException>(() => hub.Hub.Queue.RequestStopAsync(waits));
            Assert.Equal(StorageTrouble.Locked, hub.Hub.Get<StorageWatch>().TroubleOf(refused));
        }

        Assert.Equal(RunStatus.Queued, (await hub.Hub.ReadAsync(waits)).Status);
    }

    [Fact]
    public async Task Crash_DatabaseLocked_IsFollowedByAnAttemptOnceTheLockIsGone()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            case "$start" in *'"attempt":2'*) {Say(new TrainingFinished())}; exit 0;; esac
            {Await("locked")}
            kill -KILL $$
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(id, run => run.Training!.StepsPerEpoch is not null);

        await using (await WriteLock.TakeAsync(hub.Hub.Folder.HubDatabase))
        {
            trainer.Go("locked");
            await OutageAsync(hub);
        }

        var run = await hub.WaitForEndAsync(id);
        Assert.Equal(RunStatus.Finished, run.Status);
        Assert.Equal([AttemptEnding.Crashed, AttemptEnding.Finished], run.Training!.Attempts.Select(attempt => attempt.Ending!.Value));
    }

    [Fact]
    public async Task Claim_NotWrittenWhenATicketFires_IsTriedUntilItIs()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; {Say(new TrainingFinished())}");
        var refusing = new RefusedWrites("INSERT INTO \"Attempts\"", times: 2);
        await using var hub = await RunningHub.StartAsync(trainer,
            services: all => all.ConfigureDbContext<TrackingDb>(db => db.AddInterceptors(refusing)));

        var run = await hub.RunToEndAsync();

        Assert.Equal((RunStatus.Finished, 1), (run.Status, run.Training!.Attempts.Count));
        Assert.Equal(0, refusing.Left);
    }

    [Fact]
    public async Task Firing_NotWrittenWhenItIsDue_IsTriedUntilItIs()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; {Say(new TrainingFinished())}");
        var refusing = new RefusedWrites("INSERT INTO \"ScheduleFires\"", times: 2);
        await using var hub = await RunningHub.StartAsync(trainer,
            services: all => all.ConfigureDbContext<TrackingDb>(db => db.AddInterceptors(refusing)));
        var experiment = await hub.Hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("nightly", "", new TrainingSpec()));
        var store = hub.Hub.Get<ScheduleStore>();
        var id = (await store.CreateAsync(experiment.Id!.Value, new ScheduleDraft("30 2 * * *", "Europe/Berlin"))).Id!.Value;
        var fired = new TaskCompletionSource();
        store.Fired += _ => fired.TrySetResult();

        var scheduler = await hub.Hub.Get<ISchedulerFactory>().GetScheduler();
        await scheduler.TriggerJob(RetrainJob.Key, new JobDataMap { { RetrainJob.ScheduleKey, id.ToString(CultureInfo.InvariantCulture) } });
        await fired.Task.WaitAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(FireOutcome.Started, Assert.Single((await store.FindAsync(id))!.Fires).Fire.Outcome);
        Assert.Equal(0, refusing.Left);
    }

    [Fact]
    public async Task Enqueue_SchedulesDatabaseLocked_DoesNotWaitAndTheRunStartsOnceTheLockIsGone()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; {Say(new TrainingFinished())}");
        await using var hub = await RunningHub.StartAsync(trainer);
        await hub.RunToEndAsync();

        RunId id;
        await using (await WriteLock.TakeAsync(hub.Hub.Folder.QuartzDatabase))
        {
            id = await hub.Hub.EnqueueAsync();
            Assert.Equal(StorageTrouble.Locked, (await hub.Hub.Get<StorageWatch>().CheckAsync())?.Trouble);
        }

        Assert.Equal(RunStatus.Finished, (await hub.WaitForEndAsync(id)).Status);
    }

    [Fact]
    public async Task Run_DatabaseCannotGrow_IsRecordedOnceThereIsRoom()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            {Await("full")}
            {string.Join('\n', Enumerable.Range(1, 200).Select(epoch => Say(new EpochFinished(epoch, 0.5, 0.4, 0.9, 0.5))))}
            {Say(new TrainingFinished())}
            """);
        var size = new SizeLimit();
        await using var hub = await RunningHub.StartAsync(trainer,
            services: all => all.ConfigureDbContext<TrackingDb>(db => db.AddInterceptors(size)));
        var id = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(id, run => run.Training!.StepsPerEpoch is not null);

        size.IsFull = true;
        trainer.Go("full");
        Assert.Equal(StorageTrouble.Full, (await OutageAsync(hub)).Trouble);
        size.IsFull = false;

        var run = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Finished, 200), (run.Status, run.Training!.EpochResults.Count));
    }

    private static async Task<StorageOutage> OutageAsync(RunningHub hub)
    {
        var storage = hub.Hub.Get<StorageWatch>();
        using var changed = new SemaphoreSlim(0);
        storage.Changed += () => changed.Release();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        StorageOutage? outage;
        while ((outage = storage.Outage) is null)
            await changed.WaitAsync(limit.Token);
        return outage;
    }

    /// <summary>Waits until no trainer of this kind lives.</summary>
    private static async Task GoneAsync(FakeTrainer trainer)
    {
        foreach (var pid in trainer.Pids)
            await Processes.WaitForEndAsync(pid, TimeSpan.FromSeconds(30));
    }

    /// <summary>Lets hub.db grow no further while it is full: SQLite refuses as it does on a full disk.</summary>
    private sealed class SizeLimit : DbConnectionInterceptor
    {
        public volatile bool IsFull;

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Set(connection);

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData,
            CancellationToken cancellationToken = default)
        {
            Set(connection);
            return Task.CompletedTask;
        }

        private void Set(DbConnection connection)
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"PRAGMA max_page_count = {(IsFull ? 1 : 1 << 30)}";
            command.ExecuteNonQuery();
        }
    }

    /// <summary>The database refuses a statement as it does while somebody else holds its write lock.</summary>
    private sealed class RefusedWrites(string statement, int times) : DbCommandInterceptor
    {
        private const int Busy = 5;
        private int _left = times;

        public int Left => Math.Max(0, _left);

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Refuse(command);
            return ValueTask.FromResult(result);
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            Refuse(command);
            return ValueTask.FromResult(result);
        }

        private void Refuse(DbCommand command)
        {
            if (command.CommandText.Contains(statement, StringComparison.Ordinal) && Interlocked.Decrement(ref _left) >= 0)
                throw new SqliteException("database is locked", Busy);
        }
    }
}
