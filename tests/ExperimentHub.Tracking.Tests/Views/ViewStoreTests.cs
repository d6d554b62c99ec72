using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Views;

namespace ExperimentHub.Tracking.Tests.Views;

public sealed class ViewStoreTests
{
    [Fact]
    public async Task Save_TwiceUnderOneName_KeepsTheNewState()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var views = hub.Get<ViewStore>();
        Assert.Empty((await views.SaveAsync("Nightly", new ViewState("tags.night is not null"))).Problems);
        var state = new ViewState("status = failed", "created desc", [new ViewColumn("metrics.test_accuracy", 120, Pinned: true)],
            ["params.lr"], "compact");
        Assert.Empty((await views.SaveAsync(" nightly ", state)).Problems);
        var kept = Assert.Single(await views.ListAsync());
        Assert.Equal(("Nightly", "status = failed", "compact"), (kept.Name, kept.State.Filter, kept.State.Density));
        Assert.Equal(state.Columns, kept.State.Columns);
        Assert.True(await views.DeleteAsync("NIGHTLY"));
        Assert.Null(await views.FindAsync("nightly"));
        Assert.False(await views.DeleteAsync("nightly"));
    }

    [Fact]
    public async Task Save_AtAndBeyondItsLimits_IsKeptAndRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var views = hub.Get<ViewStore>();
        ViewColumn[] columns = [.. Enumerable.Range(0, OrderParser.MaxColumns).Select(i => new ViewColumn($"params.p{i}"))];
        Assert.Empty((await views.SaveAsync("wide", new ViewState(Columns: columns, GroupBy: ["name", "status", "created", "device"]))).Problems);
        Assert.Equal(["columns", "groupBy"], (await views.SaveAsync("wider", new ViewState(
            Columns: [.. columns, new ViewColumn("name")], GroupBy: ["name", "status", "created", "device", "experiment"]))).Problems.Select(
                problem => problem.Field));
        Assert.Equal(["view"], (await views.SaveAsync("long", new ViewState(Filter: new string(' ', Limits.View)))).Problems.Select(problem =>
            problem.Field));
    }

    [Fact]
    public async Task Save_WrongParts_NamesEach()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var problems = (await hub.Get<ViewStore>()
            .SaveAsync(" ", new ViewState("status =", "nothing", [new ViewColumn("nonsense.x")], ["("], "airy"))).Problems;
        Assert.Equal(["name", "density", "filter", "orderBy", "columns", "groupBy"], problems.Select(problem => problem.Field));
    }
}
