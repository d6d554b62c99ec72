using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Tracking.Tests.Search;

public sealed class RunBulkTests
{
    [Fact]
    public async Task Tag_WholeFilterThenUntagSome_ChangesThoseAndCountsTheRest()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var ids = await ThreeAsync(hub);
        var bulk = hub.Get<RunBulk>();
        Assert.Equal(new BulkOutcome(2, 0), (await bulk.TagAsync(RunTargets.Of(new RunQuery("name like 'good%'")), "Night", "1")).Answer);
        var again = (await bulk.TagAsync(RunTargets.Of(ids), "night", "1")).Answer!;
        Assert.Equal((1, 2), (again.Changed, again.Skipped));
        Assert.Contains("2 runs had this tag already", again.Why);
        Assert.Equal(1, (await bulk.UntagAsync(RunTargets.Of([ids[0]]), "NIGHT")).Answer!.Changed);
        Assert.Equal(["bad", "good 2"], await NamesAsync(hub, "tags.night = '1'"));
    }

    [Fact]
    public async Task Archive_ThenUnarchive_HidesUnlessAskedFor()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var ids = await ThreeAsync(hub);
        var bulk = hub.Get<RunBulk>();
        Assert.Equal(1, (await bulk.ArchiveAsync(RunTargets.Of([ids[1]]), archived: true)).Answer!.Changed);
        Assert.Equal(["bad", "good 1"], await NamesAsync(hub, ""));
        Assert.Equal(["good 2"], await NamesAsync(hub, "archived = true"));
        Assert.Equal(["bad", "good 1", "good 2"], await NamesAsync(hub, "archived = true or archived = false"));
        Assert.Equal(1, (await bulk.ArchiveAsync(RunTargets.Of(new RunQuery("archived = true")), archived: false)).Answer!.Changed);
        Assert.Equal(3, (await NamesAsync(hub, "")).Count);
    }

    [Fact]
    public async Task Delete_SomeActive_SkipsThoseAndIsUndoneAsOne()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var ids = await ThreeAsync(hub);
        var waiting = await hub.EnqueueAsync(name: "waiting");
        await hub.Get<RunDeletion>().DeleteAsync(ids[0]);
        var outcome = (await hub.Get<RunBulk>().DeleteAsync(RunTargets.Of(new RunQuery()))).Answer!;
        Assert.Equal((2, 1), (outcome.Changed, outcome.Skipped));
        Assert.Contains("stop them first", outcome.Why);
        Assert.Equal(["waiting"], await NamesAsync(hub, ""));
        Assert.Equal(2, await hub.Get<RunDeletion>().RestoreAsync(outcome.DeletedAt!.Value));
        Assert.Equal(["bad", "good 2", "waiting"], await NamesAsync(hub, ""));
        Assert.Equal(RunStatus.Queued, (await hub.ReadAsync(waiting)).Status);
    }

    [Fact]
    public async Task Stop_QueuedAndEnded_StopsTheQueued()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await ThreeAsync(hub);
        var waiting = await hub.EnqueueAsync(name: "waiting");
        var outcome = (await hub.Get<RunBulk>().StopAsync(RunTargets.Of(new RunQuery()))).Answer!;
        Assert.Equal((1, 3), (outcome.Changed, outcome.Skipped));
        Assert.Equal(RunStatus.Stopped, (await hub.ReadAsync(waiting)).Status);
    }

    [Fact]
    public async Task Tag_WrongFilter_ChangesNothingAndSaysWhere()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await ThreeAsync(hub);
        var result = await hub.Get<RunBulk>().DeleteAsync(RunTargets.Of(new RunQuery("name ~ 'x'")));
        Assert.Equal(5, Assert.Single(result.Problems).Position);
        Assert.Equal(3, (await NamesAsync(hub, "")).Count);
    }

    private static async Task<IReadOnlyList<RunId>> ThreeAsync(EmptyHub hub) =>
        [await hub.FinishAsync("good 1", accuracies: [0.9]), await hub.FinishAsync("good 2", accuracies: [0.8]),
            await hub.FinishAsync("bad", accuracies: [0.1])];

    private static async Task<IReadOnlyList<string>> NamesAsync(EmptyHub hub, string filter) =>
        [.. (await hub.Get<RunSearch>().ListAsync(new RunQuery(filter, "name"))).Answer!.Items.Select(row => row.Run.Name)];
}
