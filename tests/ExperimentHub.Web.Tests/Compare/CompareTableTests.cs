using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Compare;

namespace ExperimentHub.Web.Tests.Compare;

/// <summary>The table of compared runs in both directions, and its order.</summary>
public sealed class CompareTableTests
{
    [Fact]
    public async Task CompareTable_FewRuns_AreColumnsInTheOrderChosenWithTheBestBesideTheBaseline()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = await OpenAsync(pages, [0.90, 0.92, 0.95, 0.91]);
        Assert.Equal(["run-0", "run-2", "run-1", "run-3"], Names(page, "thead th"));
        Assert.Equal("baseline", page.Find("thead th.pin-1 .mark").TextContent);
        Assert.Equal("Best test accuracy", page.Find("thead th.pin-2 .mark").GetAttribute("title"));
    }

    [Fact]
    public async Task CompareTable_ManyRuns_AreRowsTheBestFirst()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = await OpenAsync(pages, [.. Enumerable.Range(0, 9).Select(i => 0.90 + i * 0.01)]);
        // The baseline stays in sight, whatever it has come to.
        Assert.Equal(["run-0", "run-8", "run-7", "run-6"], Names(page, "tbody tr").Take(4));
        Assert.Equal("descending", page.FindAll(".rows thead th")
            .Single(heading => heading.TextContent.StartsWith("test accuracy", StringComparison.Ordinal)).GetAttribute("aria-sort"));
        await page.FindAll("button").Single(button => button.TextContent == "columns").ClickAsync();
        Assert.EndsWith("&runsAs=columns", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Equal(9, page.FindAll(".columns thead th").Count));
        await page.FindAll("button").Single(button => button.TextContent == "rows").ClickAsync();
        Assert.DoesNotContain("runsAs", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CompareTable_AClickOnAHeading_OrdersByItBetterEndFirstAndThenTheOther()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = await OpenAsync(pages, [0.90, 0.92, 0.95, 0.91], "&runsAs=rows");
        await ClickAsync("batch size");
        Assert.Contains("sort=settings.batch-size", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Equal(["run-0", "run-2", "run-1", "run-3"], Names(page, "tbody tr")));
        await ClickAsync("batch size");
        Assert.Contains("sort=-settings.batch-size", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Equal(["run-0", "run-2", "run-3", "run-1"], Names(page, "tbody tr")));
        await ClickAsync("batch size");
        Assert.DoesNotContain("sort=", pages.Address, StringComparison.Ordinal);
        // By a figure whose smaller values are better, they come first, and the best is the best in it.
        await ClickAsync("test loss");
        Assert.Contains("sort=results.test-loss", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Equal("Best test loss", page.Find("tbody .best-run").GetAttribute("title")));

        Task ClickAsync(string word) =>
            page.FindAll(".rows thead .sort").Single(button => button.TextContent.TrimEnd('↑', '↓', ' ') == word).ClickAsync();
    }

    [Fact]
    public async Task CompareTable_VeryManyRuns_DrawsTheFirstAndAllWhenAsked()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = await OpenAsync(pages, [.. Enumerable.Range(0, 41).Select(i => 0.5 + i * 0.01)]);
        Assert.Equal(30, page.FindAll("tr[class^=of-]").Count);
        Assert.Equal("run-40", Names(page, "tbody tr").ElementAt(1));
        await page.FindAll("button").Single(button => button.TextContent == "Show all 41").ClickAsync();
        Assert.Equal(41, page.FindAll("tr[class^=of-]").Count);
    }

    [Theory]
    [InlineData("10,9,–,100", false, new[] { 1, 0, 3, 2 })]
    [InlineData("10,9,–,100", true, new[] { 3, 0, 1, 2 })]
    [InlineData("sgd,adam,–,Lion", false, new[] { 1, 3, 0, 2 })]
    [InlineData("10,9,x,100", false, new[] { 0, 3, 1, 2 })]
    public void ComparedValues_NumbersAndWords_AreOrderedAsSuchAndNothingComesLast(string texts, bool descending, int[] order) =>
        Assert.Equal(order, ComparedValues.Of(texts.Split(',')).Order([0, 1, 2, 3], descending));

    private static IEnumerable<string> Names(IRenderedComponent<ComparePage> page, string what) =>
        page.FindAll(what).Select(one => one.QuerySelector(".head > a")?.TextContent).OfType<string>();

    private static async Task<IRenderedComponent<ComparePage>> OpenAsync(HubPages pages, IReadOnlyList<double> accuracies, string more = "")
    {
        List<RunId> ids = [];
        foreach (var (i, accuracy) in accuracies.Index())
            ids.Add(await pages.Hub.FinishAsync($"run-{i}", new TrainingSpec { BatchSize = 8 * (i + 1), Seed = i }, accuracies: accuracy));
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/compare?runs={string.Join(',', ids)}{more}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll(".compare")));
        return page;
    }
}
