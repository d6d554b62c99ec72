using ExperimentHub.Execution.Schedules;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Schedules;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Quartz;
using static ExperimentHub.TestHub.FakeTrainer;

namespace ExperimentHub.Execution.Tests.Schedules;

public sealed class ScheduleFiringTests
{
    private static readonly string Finishes = $"{SayStarted}; {SayEpoch(1)}; {Say(new TrainingFinished())}";
    private static readonly string UntilStopped = $"{SayStarted}; read -r stop; {Say(new TrainingStopped())}";

    [Fact]
    public async Task Fire_EachOutcome_LeavesARow()
    {
        using var trainer = new FakeTrainer(UntilStopped);
        await using var hub = await RunningHub.StartAsync(trainer);
        var (store, id) = await CreateAsync(hub, new ScheduleDraft("30 2 * * *", "Europe/Berlin"));
        var due = DateTimeOffset.UtcNow;
        Assert.Equal(FireOutcome.Started, (await store.FireAsync(id, due, manual: false))!.Outcome);
        Assert.Null(await store.FireAsync(id, due, manual: false)); // the same night again
        Assert.Equal(FireOutcome.SkippedOverlap, (await store.FireAsync(id, due.AddDays(1), manual: false))!.Outcome);

        var fires = (await store.FindAsync(id))!.Fires;
        Assert.Equal([2, 1], fires.Select(fire => fire.Fire.Number));
        Assert.Equal(2, fires[1].Run!.Training!.Spec.Seed); // the spec's seed and the number of the firing
    }

    [Fact]
    public async Task Fire_DisabledOrArchived_DoesNothing()
    {
        using var trainer = new FakeTrainer(Finishes);
        await using var hub = await RunningHub.StartAsync(trainer);
        var (store, id) = await CreateAsync(hub, new ScheduleDraft("30 2 * * *", "Europe/Berlin", Enabled: false));
        Assert.Null(await store.FireAsync(id, DateTimeOffset.UtcNow, manual: false));
        await store.UpdateAsync(id, new ScheduleDraft("30 2 * * *", "Europe/Berlin"));
        await hub.Hub.Get<ExperimentStore>().ArchiveAsync((await store.ListAsync()).Single().Schedule.ExperimentId, archived: true);
        Assert.Null(await store.FireAsync(id, DateTimeOffset.UtcNow, manual: false));
    }

    [Fact]
    public async Task Fire_TwiceAtOnce_StartsOneRun()
    {
        using var trainer = new FakeTrainer(UntilStopped);
        await using var hub = await RunningHub.StartAsync(trainer);
        var (store, id) = await CreateAsync(hub, new ScheduleDraft("30 2 * * *", "Europe/Berlin"));
        var now = DateTimeOffset.UtcNow;
        var fires = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => store.FireAsync(id, now.AddMilliseconds(i), manual: true))));
        Assert.Single(fires, fire => fire!.Outcome == FireOutcome.Started);
        Assert.Equal(Enumerable.Range(1, 8), fires.Select(fire => fire!.Number).Order());
    }

    [Fact]
    public async Task Trigger_OverArchiveAndDeletion_IsThereExactlyWhileTheScheduleCounts()
    {
        using var trainer = new FakeTrainer(Finishes);
        await using var hub = await RunningHub.StartAsync(trainer);
        var (store, _) = await CreateAsync(hub, new ScheduleDraft("30 2 * * *", "Europe/Berlin"));
        var experiment = (await store.ListAsync()).Single().Schedule.ExperimentId;
        var experiments = hub.Hub.Get<ExperimentStore>();
        await TriggersAsync(hub, 1);
        await experiments.ArchiveAsync(experiment, archived: true);
        await TriggersAsync(hub, 0);
        await experiments.ArchiveAsync(experiment, archived: false);
        await TriggersAsync(hub, 1);
        await experiments.DeleteAsync(experiment);
        await TriggersAsync(hub, 0);
        await experiments.RestoreAsync(experiment);
        await TriggersAsync(hub, 1);
    }

    /// <summary>Waits until Quartz has this many triggers of schedules; they follow the store in the background.</summary>
    private static async Task TriggersAsync(RunningHub hub, int expected)
    {
        var scheduler = await hub.Hub.Get<ISchedulerFactory>().GetScheduler();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await scheduler.GetTriggerKeys(GroupMatcher<TriggerKey>.GroupEquals("schedules"))).Count != expected)
            await Task.Delay(20, limit.Token);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Start_AfterMissedNights_RunsOnceAndLate(int nights)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"experimenthub-nights-{Guid.NewGuid():N}");
        try
        {
            using var trainer = new FakeTrainer(Finishes);
            // Noon in Berlin of some day; the hub goes off and comes back at nine in the morning.
            var time = new ShiftedTime(new DateTimeOffset(2027, 5, 10, 10, 0, 0, TimeSpan.Zero));
            await using (var hub = await RunningHub.StartAsync(trainer, time: time, existing: folder))
            {
                var (store, _) = await CreateAsync(hub, new ScheduleDraft("30 2 * * *", "Europe/Berlin"));
                await hub.Hub.Get<ScheduleTriggers>().SynchroniseAsync(CancellationToken.None);
                Assert.Empty((await store.ListAsync()).Single().Fires);
            }

            time.Now = new DateTimeOffset(2027, 5, 10 + nights, 7, 0, 0, TimeSpan.Zero);
            await using var next = await RunningHub.StartAsync(trainer, time: time, existing: folder);
            var schedules = next.Hub.Get<ScheduleStore>();
            FireDetails? fire = null;
            using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60)))
            {
                while (fire?.Run is not { Training.EpochsDone: 1 })
                {
                    await Task.Delay(100, limit.Token); // the scheduler looks for misfires when it likes
                    fire = (await schedules.ListAsync()).Single().Fires is [var newest, ..] ? newest : null;
                }
            }

            Assert.True(fire.Fire.Late);
            Assert.Equal(new TimeSpan(0, 30, 0), fire.Fire.DueAt.TimeOfDay); // 02:30 in Berlin in summer
            Assert.Single((await schedules.FindAsync((await schedules.ListAsync()).Single().Schedule.Id))!.Fires);
            Assert.Equal(10 + nights + 1, (await schedules.ListAsync()).Single().NextFires[0].Day);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The clocks of Dublin leap from one to two; Quartz's own trigger fired an hour early there and again without end.</summary>
    [Fact]
    public async Task Fire_WhereTheClocksLeapOverTheTime_IsOnceWhenTheGapEnds()
    {
        using var trainer = new FakeTrainer(Finishes);
        var gapEnds = new DateTimeOffset(2027, 3, 28, 1, 0, 0, TimeSpan.Zero);
        await using var hub = await RunningHub.StartAsync(trainer, time: new ShiftedTime(gapEnds - TimeSpan.FromSeconds(3)));
        var (store, id) = await CreateAsync(hub, new ScheduleDraft("30 1 * * *", "Europe/Dublin"));
        await NextAsync(hub, new DateTimeOffset(2027, 3, 29, 0, 30, 0, TimeSpan.Zero));
        Assert.Equal(gapEnds.UtcDateTime, Assert.Single((await store.FindAsync(id))!.Fires).Fire.DueAt);
    }

    /// <summary>A firing that the end of the hub cut off is repeated; a trigger of an older hub knows what it missed.</summary>
    [Fact]
    public async Task Start_WithTheCronTriggerOfAnOlderHub_RunsWhatItMissedOnce()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"experimenthub-nights-{Guid.NewGuid():N}");
        try
        {
            using var trainer = new FakeTrainer(Finishes);
            var time = new ShiftedTime(new DateTimeOffset(2027, 5, 10, 10, 0, 0, TimeSpan.Zero));
            await using (var hub = await RunningHub.StartAsync(trainer, time: time, existing: folder))
            {
                var (_, id) = await CreateAsync(hub, new ScheduleDraft("30 2 * * *", "Europe/Berlin"));
                await hub.Hub.Get<ScheduleTriggers>().SynchroniseAsync(CancellationToken.None);
                var old = TriggerBuilder.Create(time).WithIdentity($"schedule-{id}", "schedules").ForJob(RetrainJob.Key)
                    .UsingJobData(RetrainJob.ScheduleKey, $"{id}")
                    .WithCronSchedule("0 30 2 * * ?", cron => cron.InTimeZone(TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"))
                        .WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed)).Build();
                await (await hub.Hub.Get<ISchedulerFactory>().GetScheduler()).ScheduleTrigger(old, TriggerConflict.Replace);
            }

            time.Now = new DateTimeOffset(2027, 5, 12, 7, 0, 0, TimeSpan.Zero);
            await using var next = await RunningHub.StartAsync(trainer, time: time, existing: folder);
            await NextAsync(next, new DateTimeOffset(2027, 5, 13, 0, 30, 0, TimeSpan.Zero));
            var schedules = next.Hub.Get<ScheduleStore>();
            var fire = Assert.Single((await schedules.FindAsync((await schedules.ListAsync()).Single().Schedule.Id))!.Fires).Fire;
            Assert.Equal(new DateTime(2027, 5, 11, 0, 30, 0, DateTimeKind.Utc), fire.DueAt);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Fire_NextTimeIsNoLaterOne_StopsTheScheduleAndSaysSo()
    {
        using var trainer = new FakeTrainer(Finishes);
        var now = new DateTimeOffset(2027, 5, 10, 10, 0, 0, TimeSpan.Zero);
        await using var hub = await RunningHub.StartAsync(trainer, time: new ShiftedTime(now),
            services: all => all.AddSingleton<IFireTimes>(new StandingClock(now.AddSeconds(-1))));
        var (store, id) = await CreateAsync(hub, new ScheduleDraft("30 1 * * *", "Europe/Dublin"));
        await hub.Hub.Get<ScheduleTriggers>().SynchroniseAsync(CancellationToken.None);
        await TriggersAsync(hub, 0);
        var halted = (await store.FindAsync(id))!;
        Assert.False(halted.Schedule.Enabled);
        var row = Assert.Single(halted.Fires).Fire;
        Assert.Equal(FireOutcome.Halted, row.Outcome);
        Assert.Contains("would not be later than", row.Note, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ZoneThatIsGone_StopsThatScheduleAndSaysSo()
    {
        using var trainer = new FakeTrainer(Finishes);
        await using var hub = await RunningHub.StartAsync(trainer);
        var (store, id) = await CreateAsync(hub, new ScheduleDraft("30 1 * * *", "Europe/Dublin"));
        await TriggersAsync(hub, 1);
        await using (var db = await hub.Hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            await db.Schedules.ExecuteUpdateAsync(set => set.SetProperty(s => s.TimeZone, "Mars/Olympus"));
        await hub.Hub.Get<ScheduleTriggers>().SynchroniseAsync(CancellationToken.None);
        await TriggersAsync(hub, 0);
        Assert.Contains("Mars/Olympus", Assert.Single((await store.FindAsync(id))!.Fires).Fire.Note, StringComparison.Ordinal);
    }

    /// <summary>Waits until the one trigger of a schedule is set on this time.</summary>
    private static async Task NextAsync(RunningHub hub, DateTimeOffset expected)
    {
        var scheduler = await hub.Hub.Get<ISchedulerFactory>().GetScheduler();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            foreach (var key in await scheduler.GetTriggerKeys(GroupMatcher<TriggerKey>.GroupEquals("schedules")))
            {
                if ((await scheduler.GetTrigger(key))?.NextFireTimeUtc == expected)
                    return;
            }

            await Task.Delay(50, limit.Token);
        }
    }

    private static async Task<(ScheduleStore Store, int Id)> CreateAsync(RunningHub hub, ScheduleDraft draft)
    {
        var experiment = await hub.Hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("nightly", "", new TrainingSpec()));
        var store = hub.Hub.Get<ScheduleStore>();
        return (store, (await store.CreateAsync(experiment.Id!.Value, draft)).Id!.Value);
    }

    /// <summary>A clockwork whose next time is always the same.</summary>
    private sealed class StandingClock(DateTimeOffset at) : IFireTimes
    {
        public (string? Cron, string? Problem) Read(string typed) => (typed, null);

        public IReadOnlyList<DateTimeOffset> Next(string cron, string timeZone, DateTimeOffset after, int count) => [at];
    }

    /// <summary>The machine's clock, set to another day; timers run as ever.</summary>
    private sealed class ShiftedTime(DateTimeOffset start) : TimeProvider
    {
        private TimeSpan _shift = start - DateTimeOffset.UtcNow;

        public DateTimeOffset Now
        {
            set => _shift = value - DateTimeOffset.UtcNow;
        }

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + _shift;
    }
}
