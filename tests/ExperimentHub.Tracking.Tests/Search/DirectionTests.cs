using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using static ExperimentHub.TestHub.LoggedMetric;

namespace ExperimentHub.Tracking.Tests.Search;

/// <summary>What is best of a metric whose name says nothing, by what the runs say of it.</summary>
public sealed class DirectionTests
{
    [Theory]
    [InlineData("best(metrics.reward) desc", "b a")]
    [InlineData("best(metrics.perplexity)", "a b")]
    public async Task Order_ByTheBest_IsByWhatTheRunsSay(string order, string names)
    {
        await using var hub = await TwoRunsAsync();
        Assert.Equal(names, await NamesAsync(hub, new RunQuery("", order)));
    }

    [Theory]
    [InlineData("best(metrics.reward) >= 5", "a b")]
    [InlineData("best(metrics.reward) > 7", "b")]
    [InlineData("best(metrics.perplexity) < 20", "a")]
    [InlineData("not (best(metrics.perplexity) < 20)", "b")]
    [InlineData("best(metrics.perplexity) in (10, 20) or best(metrics.reward) is null", "a b")]
    public async Task Filter_ByTheBest_IsByWhatTheRunsSay(string filter, string names)
    {
        await using var hub = await TwoRunsAsync();
        Assert.Equal(names, await NamesAsync(hub, new RunQuery(filter, "name")));
    }

    [Fact]
    public async Task ColumnsGroupsAndExport_HaveTheBestByWhatTheRunsSay()
    {
        await using var hub = await TwoRunsAsync();
        var page = (await hub.Get<RunSearch>().ListAsync(new RunQuery("", "name"),
            "best(metrics.reward), best(metrics.perplexity), metrics.cpu_percent")).Answer!;
        Assert.Equal([[7.0, 10.0, null], [9.0, 20.0, null]], page.Items.Select(row => row.Cells));
        Assert.Equal((MetricDirection.HigherIsBetter, MetricDirection.LowerIsBetter), (page.DirectionOf("reward"), page.DirectionOf("perplexity")));
        var groups = (await hub.Get<RunGrouping>().GroupAsync(new RunQuery(), "experiment", "best(metrics.perplexity)")).Answer!;
        Assert.Equal((MetricDirection.LowerIsBetter, 10.0, 15.0), (groups.Direction, groups.Items[0].Best!.Value, groups.Items[0].Mean!.Value));
        var export = (await hub.Get<RunExport>().ReadAsync(new RunQuery("", "name"), "best(metrics.reward)")).Answer!;
        Assert.Equal([[7.0], [9.0]], await export.Rows.ToListAsync());
        Assert.Equal(MetricDirection.HigherIsBetter,
            (await hub.Get<RunColumns>().ListAsync()).Single(column => column.Column.Name == "reward").Direction);
    }

    /// <summary>At every place of a search, and in words that name a way out.</summary>
    [Theory]
    [InlineData("best(metrics.score) > 1", "", "")]
    [InlineData("", "best(metrics.score)", "")]
    [InlineData("", "", "best(metrics.score)")]
    public async Task Best_RunsContradictEachOther_IsRefused(string filter, string order, string columns)
    {
        await using var hub = await ContradictingAsync();
        var refused = Assert.Single((await hub.Get<RunSearch>().ListAsync(new RunQuery(filter, order), columns)).Problems);
        Assert.Contains("Some runs say that 'score' should be high and others that it should be low", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["min", "max"], refused.Allowed);
    }

    /// <summary>What another experiment calls by the same name is none of its business.</summary>
    [Theory]
    [InlineData("Golf", "", 3.0)]
    [InlineData("Darts", "", 180.0)]
    [InlineData(null, "experiment = 'golf' and best(metrics.score) > 0", 3.0)]
    [InlineData(null, "experiment = 'Darts'", 180.0)]
    public async Task Best_OfOneExperiment_IsByItsOwnRuns(string? experiment, string filter, double best)
    {
        await using var hub = await ContradictingAsync();
        var page = await hub.Get<RunSearch>().ListAsync(new RunQuery(filter, Experiment: experiment), "best(metrics.score)");
        Assert.Empty(page.Problems);
        Assert.Equal([best], page.Answer!.Items.Select(row => (double)row.Cells[0]!));
        Assert.Equal(best,
            Assert.Single((await hub.Get<RunGrouping>()
                .GroupAsync(new RunQuery(filter, Experiment: experiment), "status", "best(metrics.score)")).Answer!.Items).Best);
    }

    [Fact]
    public async Task Best_TheRunThatContradictedIsDeleted_IsThereAgain()
    {
        await using var hub = await ContradictingAsync();
        var golf = (await hub.Get<RunSearch>().ListAsync(new RunQuery("experiment = 'Golf'"))).Answer!.Items[0].Run;
        Assert.Equal(DeleteOutcome.Deleted, await hub.Get<RunDeletion>().DeleteAsync(golf.Id));
        Assert.Equal(180.0, (await hub.Get<RunSearch>().ListAsync(new RunQuery(), "best(metrics.score)")).Answer!.Items[0].Cells[0]);
    }

    [Fact]
    public async Task Best_NobodySaysAnything_IsRefusedAndNotRecommended()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await LoggedRun.MakeAsync(hub, metrics: [new("score", null, 1, 2)]);
        var refused = Assert.Single((await hub.Get<RunSearch>().ListAsync(new RunQuery("name = 'x' and best(metrics.score) > 1"))).Problems);
        Assert.Equal((20, 13), (refused.Position, refused.Length));
        Assert.Contains("is not known, so it has no best value. Use min() or max().", refused.Message, StringComparison.Ordinal);
        Assert.Null(Assert.Single((await hub.Get<RunSearch>().ListAsync(new RunQuery("best(scor) > 1"))).Problems).DidYouMean);
        // One that nobody has yet may get a direction when somebody has it.
        var unknown = await hub.Get<RunSearch>().ListAsync(new RunQuery("best(metrics.unheard_of) > 1"));
        Assert.Contains("No run has", Assert.Single(unknown.Answer!.Warnings).Message, StringComparison.Ordinal);
        // So a page with it is asked for anew where others only read their cells again.
        Assert.True((await hub.Get<RunSearch>().ListAsync(new RunQuery(), "best(metrics.unheard_of)")).Answer!.FollowsResults);
        Assert.False((await hub.Get<RunSearch>().ListAsync(new RunQuery(), "max(metrics.score)")).Answer!.FollowsResults);
    }

    /// <summary>A run that says nothing has part in what the others say.</summary>
    [Fact]
    public async Task Best_SomeRunsSayNothing_CountsThemToo()
    {
        await using var hub = await TwoRunsAsync();
        await LoggedRun.MakeAsync(hub, "c", metrics: [new("reward", null, 11, 1)]);
        Assert.Equal("c b a", await NamesAsync(hub, new RunQuery("", "best(metrics.reward) desc")));
    }

    private static async Task<EmptyHub> TwoRunsAsync()
    {
        var hub = await EmptyHub.CreateAsync();
        await LoggedRun.MakeAsync(hub, "a", metrics: [Reward(5, 7, 6), Perplexity(1000, 10, 15)]);
        await LoggedRun.MakeAsync(hub, "b", metrics: [Reward(8, 9, -100), Perplexity(20, 900, 25)]);
        return hub;
    }

    private static async Task<EmptyHub> ContradictingAsync()
    {
        var hub = await EmptyHub.CreateAsync();
        await LoggedRun.MakeAsync(hub, "a", experiment: "Golf", metrics: [new("score", new MetricMeaning(MetricDirection.LowerIsBetter), 3, 5)]);
        await LoggedRun.MakeAsync(hub, "b", experiment: "Darts", metrics: [new("score", new MetricMeaning(MetricDirection.HigherIsBetter), 60, 180)]);
        return hub;
    }

    private static async Task<string> NamesAsync(EmptyHub hub, RunQuery query) =>
        string.Join(' ', (await hub.Get<RunSearch>().ListAsync(query)).Answer!.Items.Select(row => row.Run.Name));
}
