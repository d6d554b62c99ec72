using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking;
using ExperimentHub.Web.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class RunsPageTests
{
    [Fact]
    public async Task RunsPage_NoRuns_OffersTheFirst()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Contains("Start the first run", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunsPage_NothingMatches_OffersToClearTheFilters()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync();
        pages.Visit("/runs?status=failed");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Contains("No run matches these filters.", page.Markup, StringComparison.Ordinal));
        await page.FindAll("button").Single(button => button.TextContent.Trim() == "Clear filters").ClickAsync();
        Assert.DoesNotContain("status", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Single(page.FindAll("tbody tr")));
    }

    [Fact]
    public async Task RunsPage_FilterAndOrderInTheAddress_AreApplied()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(new TrainingSpec { BatchSize = 64 }, name: "b");
        await pages.Hub.EnqueueAsync(name: "a");
        await pages.Hub.EnqueueAsync(new TrainingSpec { Model = new() { Kind = "small-cnn" } }, name: "c");
        pages.Visit("/runs?model=simple-nn&sort=name");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal(["a", "b"], page.FindAll("td.name a").Select(link => link.TextContent)));
        Assert.Equal("ascending", page.Find("th.name").GetAttribute("aria-sort"));
    }

    [Fact]
    public async Task RunsPage_TickedRuns_StandInTheAddressAndCanBeCompared()
    {
        await using var pages = await HubPages.OpenAsync();
        var elsewhere = await pages.Hub.EnqueueAsync(name: "elsewhere");
        var here = await pages.Hub.EnqueueAsync(new TrainingSpec { Model = new() { Kind = "small-cnn" } }, name: "here");
        // A run that the filter hides stays chosen.
        pages.Visit($"/runs?model=small-cnn&selected={elsewhere}");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Contains("1 selected", page.Markup, StringComparison.Ordinal));
        Assert.Empty(page.FindAll("[data-compare-selection]"));
        await page.Find("tbody input[type=checkbox]").ChangeAsync(true);
        Assert.Contains($"selected={elsewhere}%2C{here}", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Equal($"compare?runs={elsewhere},{here}", page.Find("[data-compare-selection]").GetAttribute("href")));
        await page.FindAll("button").Single(button => button.TextContent == "Clear selection").ClickAsync();
        Assert.DoesNotContain("selected", pages.Address, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("99")]
    [InlineData("banana")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    public async Task RunsPage_PageThatIsNone_ShowsOneThatIs(string page)
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(name: "the only one");
        pages.Visit($"/runs?page={page}");
        var runs = pages.Render<RunsPage>();
        runs.WaitForAssertion(() => Assert.Equal("the only one", Assert.Single(runs.FindAll("td.name a")).TextContent));
    }

    [Fact]
    public async Task RunsPage_NewRun_AppearsByItself()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<RunsPage>();
        await pages.Hub.EnqueueAsync(name: "newcomer");
        page.WaitForAssertion(() => Assert.Contains("newcomer", page.Markup, StringComparison.Ordinal), TimeSpan.FromSeconds(5));
        await pages.DisposeComponentsAsync();
        Assert.Equal(0, pages.Hub.Feed.SubscriptionCount);
    }

    [Fact]
    public async Task RunsPage_DatabaseFails_SaysSoAndTriesAgain()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(name: "still here");
        await SqlAsync(pages, "ALTER TABLE \"Runs\" RENAME TO \"Hidden\"");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Contains("The runs could not be read.", page.Find("[role=alert]").TextContent, StringComparison.Ordinal));

        await SqlAsync(pages, "ALTER TABLE \"Hidden\" RENAME TO \"Runs\"");
        await page.FindAll("button").Single(button => button.TextContent.Trim() == "Try again").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("still here", page.Markup, StringComparison.Ordinal));
    }

    private static async Task SqlAsync(HubPages pages, string sql)
    {
        await using var db = await pages.Hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await db.Database.ExecuteSqlRawAsync(sql);
    }
}
