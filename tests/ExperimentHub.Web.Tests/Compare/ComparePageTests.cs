using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Compare;

namespace ExperimentHub.Web.Tests.Compare;

public sealed class ComparePageTests
{
    [Fact]
    public async Task ComparePage_NoRuns_SaysWhereToChooseThem()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/compare");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("Choose runs", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ComparePage_OneRun_IsMeasuredAgainstNothing()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit($"/compare?runs={await pages.Hub.FinishAsync("alone", accuracies: 0.9)}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("alone", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("baseline", page.Find(".page-header").TextContent, StringComparison.Ordinal);
        Assert.Empty(page.FindAll(".mark"));
    }

    [Fact]
    public async Task ComparePage_HideEqual_LeavesTheRowsThatDiffer()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        var b = await pages.Hub.FinishAsync("b", new TrainingSpec { Seed = 2 }, accuracies: 0.8);
        pages.Visit($"/compare?runs={a},{b}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("batch size", page.Markup, StringComparison.Ordinal));
        await page.Find("input[type=checkbox]").ChangeAsync(true);
        Assert.Contains("hideEqual=true", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.DoesNotContain("batch size", page.Markup, StringComparison.Ordinal));
        Assert.Contains("seed", page.Markup, StringComparison.Ordinal);
        Assert.Contains("final test loss", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ComparePage_DeletedRun_SaysSoAndShowsTheRest()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        pages.Visit($"/compare?runs={a},{RunId.New(TimeProvider.System)}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("was deleted", page.Markup, StringComparison.Ordinal));
        Assert.Single(page.FindAll("thead th"));
    }

    [Fact]
    public async Task ComparePage_RunThatStillTrains_FollowsItAndLetsGo()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        var b = await pages.Hub.EnqueueAsync(name: "b");
        pages.Visit($"/compare?runs={a},{b}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("queued", page.Markup, StringComparison.Ordinal));
        await pages.Hub.Queue.RequestStopAsync(b);
        page.WaitForAssertion(() => Assert.Contains("stopped", page.Markup, StringComparison.Ordinal), TimeSpan.FromSeconds(5));
        await pages.DisposeComponentsAsync();
        Assert.Equal(0, pages.Hub.Feed.SubscriptionCount);
    }
}
