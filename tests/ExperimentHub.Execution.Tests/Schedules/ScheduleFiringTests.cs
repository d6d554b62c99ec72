using ExperimentHub.Execution.Schedules;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Schedules;
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
        Assert.Equal(2, fires[1].Run!.Spec.Seed); // the spec's seed and the number of the firing
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
                while (fire?.Run is not { EpochsDone: 1 })
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

    private static async Task<(ScheduleStore Store, int Id)> CreateAsync(RunningHub hub, ScheduleDraft draft)
    {
        var experiment = await hub.Hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("nightly", "", new TrainingSpec()));
        var store = hub.Hub.Get<ScheduleStore>();
        return (store, (await store.CreateAsync(experiment.Id!.Value, draft)).Id!.Value);
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
