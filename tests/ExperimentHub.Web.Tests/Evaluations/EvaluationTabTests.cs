using Bunit;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Web.Evaluations;
using Microsoft.AspNetCore.WebUtilities;

namespace ExperimentHub.Web.Tests.Evaluations;

public sealed class EvaluationTabTests
{
    // Three classes, label by prediction: one 0 was called 2, two of 2 were called 1.
    private static readonly EpochEvaluated Said = new(1, 3, [0, 0, 2, 1, 1, 1], [2, 0, 1, 0, 1, 0, 0, 2, 0],
        [new WorstImage(2, 0, 2, 3.25f, 0.9f), new WorstImage(4, 2, 1, 2.5f, 0.75f), new WorstImage(5, 2, 1, 1.5f, 0.6f)]);

    [Fact]
    public async Task Tab_NothingKept_SaysWhatWillBeThere()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await PlayedRun.StartAsync(pages.Hub);
        Assert.Contains("after the first epoch", (await OpenAsync(pages, run)).Markup, StringComparison.Ordinal);
        await run.EndAsync();
        Assert.Contains("ended before its first epoch", (await OpenAsync(pages, run)).Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tab_AnEvaluation_HasMatrixClassesAndGallery()
    {
        await using var pages = await HubPages.OpenAsync();
        var tab = await OpenAsync(pages, await EvaluatedAsync(pages.Hub));
        Assert.Equal(["2", "0", "1", "0", "1", "0", "0", "2", "0"], tab.FindAll("tbody td[class=right], tbody td[class=wrong]")
            .Select(cell => cell.QuerySelector("span")!.TextContent));
        var mistake = tab.Find("a[title='Label 2, prediction 1: 2 images, 100 % of label 2']");
        Assert.Equal("100 %", mistake.QuerySelector("small")!.TextContent);
        Assert.Single(tab.FindAll("td a[tabindex='0']")); // the tab key stops once; the arrows go on from there
        Assert.Equal(["0", "100.00", "66.67", "0.8000", "3"], Texts(tab, "Scores of each class", row: 0));
        Assert.Equal(["2", "0.00", "0.00", "0.0000", "2"], Texts(tab, "Scores of each class", row: 2));
        Assert.Equal(3, tab.FindAll("[role=img]").Count);
        Assert.Contains("/api/v1/datasets/mnist/images?split=test&indexes=2,4,5&columns=10", tab.Find("ol").GetAttribute("style"),
            StringComparison.Ordinal);
        Assert.Contains("50.00 %", tab.Find(".facts").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tab_PairInTheAddress_ShowsOnlyThoseImages()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/runs/x?tab=evaluation&pair=2-1");
        var tab = await OpenAsync(pages, await EvaluatedAsync(pages.Hub));
        Assert.Equal(["Test image 4", "Test image 5"], tab.FindAll("[role=img]").Select(image => image.GetAttribute("aria-label")));
        Assert.Equal("Worst images of 2 called 1", tab.Find(".worst h2").TextContent);
        // The chosen cell leads back to all.
        Assert.DoesNotContain("pair", tab.Find("td a[aria-current]").GetAttribute("href"), StringComparison.Ordinal);
        Assert.EndsWith("pair=0-2", tab.Find("a[title^='Label 0, prediction 2']").GetAttribute("href"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pair=banana")]
    [InlineData("pair=3-1")]
    [InlineData("pair=-1-1")]
    [InlineData("of=banana")]
    public async Task Tab_WrongAddress_ShowsAllOfTheBest(string query)
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit($"/runs/x?tab=evaluation&{query}");
        Assert.Equal(3, (await OpenAsync(pages, await EvaluatedAsync(pages.Hub))).FindAll("[role=img]").Count);
    }

    [Theory]
    [InlineData("", "Best · epoch 1")]
    [InlineData("&of=last", "Last · epoch 2")]
    public async Task Tab_BestAndLast_AreChosenByTheAddress(string query, string chosen)
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await EvaluatedAsync(pages.Hub);
        await run.EpochAsync(2, 0.5, best: false);
        await run.EvaluateAsync(2);
        pages.Visit($"/runs/x?tab=evaluation{query}");
        var tab = await OpenAsync(pages, run);
        Assert.Equal(["Best · epoch 1", "Last · epoch 2"], tab.FindAll(".switch a").Select(link => link.TextContent));
        Assert.Equal(chosen, tab.Find(".switch a[aria-current]").TextContent);
    }

    private static async Task<PlayedRun> EvaluatedAsync(EmptyHub hub)
    {
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1, 0.5);
        await hub.Recorder.EvaluatedAsync(run.Key, Said);
        return run;
    }

    private static async Task<IRenderedComponent<EvaluationTab>> OpenAsync(HubPages pages, PlayedRun played)
    {
        var run = await played.ReadAsync();
        var query = QueryHelpers.ParseQuery(new Uri(pages.Address).Query);
        return pages.Render<EvaluationTab>(parameters => parameters.Add(t => t.Run, run)
            .Add(t => t.Of, query.GetValueOrDefault("of").ToString()).Add(t => t.PairText, query.GetValueOrDefault("pair").ToString()));
    }

    private static IEnumerable<string> Texts(IRenderedComponent<EvaluationTab> tab, string table, int row) =>
        tab.Find($"[aria-label='{table}']").QuerySelectorAll("tbody tr")[row].Children.Select(cell => cell.TextContent.Trim());
}
