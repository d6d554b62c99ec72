using ExperimentHub.Tracking.Schedules;

namespace ExperimentHub.Tracking.Tests.Schedules;

public sealed class ScheduleStoreTests
{
    private static readonly ScheduleDraft Draft = new("0 30 2 * * ?", "Europe/Berlin");

    [Fact]
    public async Task Switch_OffAndOn_ChangesNothingElseAndTells()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (store, id) = await CreateAsync(hub);
        List<int> told = [];
        store.Changed += told.Add;
        Assert.True(await store.SwitchAsync(id, enabled: false));
        var off = (await store.FindAsync(id))!.Schedule;
        Assert.Equal((false, Draft.Cron, Draft.TimeZone, true), (off.Enabled, off.CronTyped, off.TimeZone, off.NewSeedEachTime));
        Assert.True(await store.SwitchAsync(id, enabled: true));
        Assert.True((await store.FindAsync(id))!.Schedule.Enabled);
        Assert.Equal([id, id], told);
    }

    [Fact]
    public async Task SwitchAndFind_NoSuchSchedule_SaySo()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var store = hub.Get<ScheduleStore>();
        Assert.False(await store.SwitchAsync(7, enabled: true));
        Assert.Null(await store.FindAsync(7));
    }

    [Fact]
    public async Task Fire_Skipped_TellsToo()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (store, id) = await CreateAsync(hub);
        List<int> told = [];
        store.Fired += told.Add;
        await store.FireAsync(id, DateTimeOffset.UtcNow, manual: true);
        Assert.Equal(FireOutcome.SkippedOverlap, (await store.FireAsync(id, DateTimeOffset.UtcNow.AddDays(1), manual: true))!.Outcome);
        Assert.Equal([id, id], told);
    }

    [Fact]
    public async Task List_ManyFirings_BringsTheNewestOnlyAndFindBringsAll()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (store, id) = await CreateAsync(hub);
        for (var night = 0; night < 3; night++)
            await store.FireAsync(id, DateTimeOffset.UtcNow.AddDays(night), manual: false);
        Assert.Equal(3, Assert.Single(Assert.Single(await store.ListAsync()).Fires).Fire.Number);
        Assert.Equal([3, 2, 1], (await store.FindAsync(id))!.Fires.Select(fire => fire.Fire.Number));
    }

    [Fact]
    public async Task Delete_WithFirings_KeepsTheirRuns()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (store, id) = await CreateAsync(hub);
        var run = (await store.FireAsync(id, DateTimeOffset.UtcNow, manual: true))!.RunId!.Value;
        Assert.True(await store.DeleteAsync(id));
        Assert.Null(await store.FindAsync(id));
        Assert.NotNull(await hub.History.FindAsync(run));
    }

    private static async Task<(ScheduleStore Store, int Id)> CreateAsync(EmptyHub hub)
    {
        var run = await hub.ReadAsync(await hub.EnqueueAsync());
        var store = hub.Get<ScheduleStore>();
        return (store, (await store.CreateAsync(run.ExperimentId, Draft)).Id!.Value);
    }
}
