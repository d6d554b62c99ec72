using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;

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
        await page.Find("button[aria-label='Clear selection']").ClickAsync();
        Assert.DoesNotContain("selected", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunsPage_OneRunTicked_LeavesTheOtherRowsAsTheyAre()
    {
        await using var pages = await HubPages.OpenAsync();
        foreach (var name in (string[])["a", "b", "c"])
            await pages.Hub.EnqueueAsync(name: name);
        pages.Visit("/runs");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal(3, page.FindAll("tbody input[type=checkbox]").Count));
        var before = Ticks();
        await page.Find("tbody input[type=checkbox]").ChangeAsync(true);
        page.WaitForAssertion(() => Assert.Contains("1 selected", page.Markup, StringComparison.Ordinal));
        // A handler that is new is one more thing to send to the browser, for each row at each tick.
        Assert.Equal(before, Ticks());

        List<string?> Ticks() =>
            [.. page.FindAll("tbody input[type=checkbox], th button")
                .Select(control => control.GetAttribute("blazor:onchange") ?? control.GetAttribute("blazor:onclick"))];
    }

    [Theory]
    [InlineData("page=99")]
    [InlineData("page=banana&after=banana")]
    [InlineData("columns=%22&widths=a.b&pinned=-1")]
    [InlineData("curve=maybe&density=none&differing=maybe")]
    public async Task RunsPage_AddressThatMeansNothing_ShowsTheUsualTable(string address)
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(name: "the only one");
        pages.Visit($"/runs?{address}");
        var runs = pages.Render<RunsPage>();
        runs.WaitForAssertion(() => Assert.Equal("the only one", Assert.Single(runs.FindAll("td.name a")).TextContent));
    }

    [Fact]
    public async Task RunsPage_FractionComparedWithPercentages_SaysSoBesideTheFieldAndPutsItRight()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.FinishAsync("trained", accuracies: [0.957]);
        await pages.Hub.Get<ExperimentHub.Tracking.Metrics.MetricWriter>().FlushAsync();
        pages.Visit($"/runs?filter={Uri.EscapeDataString("metrics.test_accuracy > 95")}");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Contains("a fraction from 0 to 1", page.Find("#run-filter-problem").TextContent,
            StringComparison.Ordinal));
        // It is understood: no mistake.
        Assert.Null(page.Find("#run-filter").GetAttribute("aria-invalid"));
        await page.Find("#run-filter-problem button").ClickAsync();
        page.WaitForAssertion(() => Assert.Equal("trained", Assert.Single(page.FindAll("td.name a")).TextContent));
        Assert.Contains("95%25", pages.Address, StringComparison.Ordinal);
        Assert.Empty(page.FindAll("#run-filter-problem"));
    }

    [Fact]
    public async Task RunsPage_FiguresOfAnEpoch_AreAllOfItAndStandInTheAddress()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.FinishAsync("up and down", accuracies: [0.5, 0.75, 0.7]);
        await pages.Hub.Get<ExperimentHub.Tracking.Metrics.MetricWriter>().FlushAsync();
        pages.Visit("/runs");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal(["75.00", "0.1500", "2"],
            Cells(page, "at_best(metrics.test_accuracy)", "at_best(metrics.test_loss)", "best_epoch")));
        Assert.Contains("best epoch", page.Find("th[data-column='at_best(metrics.test_loss)']").TextContent, StringComparison.Ordinal);
        await page.FindAll(".switch button").Single(button => button.TextContent == "last epoch").ClickAsync();
        Assert.Contains("at=last", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Equal(["70.00", "0.2000", "3"], Cells(page, "metrics.test_accuracy", "metrics.test_loss", "epochs_done")));
        Assert.Contains("last%28metrics.test_loss%29", page.Find("a[download='runs.csv']").GetAttribute("href"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunsPage_OnlyArchivedRuns_IsNoNewHub()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.FinishAsync("old", accuracies: 0.9);
        await pages.Hub.Get<RunBulk>().ArchiveAsync(RunTargets.Of([run]), archived: true);
        pages.Visit("/runs");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Contains("All runs of this hub are archived.", page.Markup, StringComparison.Ordinal));
        await page.FindAll("button").Single(button => button.TextContent.Trim() == "Show them").ClickAsync();
        page.WaitForAssertion(() => Assert.Equal("old", Assert.Single(page.FindAll("td.name a")).TextContent));
    }

    [Fact]
    public async Task RunsPage_FilterOfTheLastEpochOverFiguresOfTheBest_SaysSo()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.FinishAsync("up and down", accuracies: [0.5, 0.9, 0.7]);
        await pages.Hub.Get<ExperimentHub.Tracking.Metrics.MetricWriter>().FlushAsync();
        pages.Visit($"/runs?filter={Uri.EscapeDataString("metrics.test_accuracy > 80%")}");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Contains("No run matches", page.Markup, StringComparison.Ordinal));
        await page.Find(".hint button").ClickAsync();
        page.WaitForAssertion(() => Assert.Equal("up and down", Assert.Single(page.FindAll("td.name a")).TextContent));
        Assert.Empty(page.FindAll(".hint"));
    }

    private static IEnumerable<string> Cells(IRenderedComponent<RunsPage> page, params string[] columns)
    {
        List<string?> heads = [.. page.FindAll("thead th").Select(head => head.GetAttribute("data-column"))];
        var cells = page.FindAll("tbody tr:first-child td:not(.pick)");
        return columns.Select(column => cells[heads.IndexOf(column)].TextContent.Trim());
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

    [Theory]
    [InlineData("/runs")]
    [InlineData("/runs?sort=metrics.test_accuracy")]
    public async Task RunsPage_EpochsOfARunThatTrains_AppearByThemselvesAndTheCurveIsWholeAtTheEnd(string address)
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await PlayedRun.StartAsync(pages.Hub);
        await run.EpochAsync(1, accuracy: 0.5);
        pages.Visit(address);
        var page = pages.Render<RunsPage>();
        await ShowsAsync(page, () => Accuracy(page) == "50.00" && Curve(page) is not null);
        var first = Curve(page);
        await run.EpochAsync(2, accuracy: 0.75);
        await ShowsAsync(page, () => Accuracy(page) == "75.00");
        await run.EpochAsync(3, accuracy: 0.8);
        await pages.Hub.Recorder.EndAsync(run.Key, AttemptEnding.Finished, null, 0);
        await ShowsAsync(page, () => Accuracy(page) == "80.00" && Curve(page) != first && Cells(page, "status").Single()
            .Contains("finished", StringComparison.Ordinal));

        static string Accuracy(IRenderedComponent<RunsPage> page) =>
            page.FindAll("tbody tr").Count == 0 ? "" : Cells(page, "at_best(metrics.test_accuracy)").Single();
        static string? Curve(IRenderedComponent<RunsPage> page) =>
            page.FindAll("td.curve polyline") is [var line, ..] ? line.GetAttribute("points") : null;
    }

    /// <summary>Waits until the page shows something; it draws itself at each change.</summary>
    private static async Task ShowsAsync(IRenderedComponent<RunsPage> page, Func<bool> shown)
    {
        var seen = new TaskCompletionSource();
        page.OnMarkupUpdated += (_, _) => Look();
        Look();
        await Task.WhenAny(seen.Task, Task.Delay(TimeSpan.FromMinutes(1)));
        Assert.True(shown(), page.Markup);

        void Look()
        {
            if (shown())
                seen.TrySetResult();
        }
    }

    [Fact]
    public async Task RunsPage_WrongFilter_PointsAtTheCharacterAndKeepsWhatWasTyped()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync();
        pages.Visit($"/runs?filter={Uri.EscapeDataString("name = 'a' and and")}");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal("and", page.Find("#run-filter-problem mark").TextContent));
        Assert.Equal("name = 'a' and and", page.Find("#run-filter").GetAttribute("value"));
    }

    [Fact]
    public async Task RunsPage_MistypedName_OffersTheNearest()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync();
        pages.Visit($"/runs?filter={Uri.EscapeDataString("params.batchsiz = 32")}");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Contains("Use params.batchSize", page.Markup, StringComparison.Ordinal));
        await page.FindAll("button").Single(button => button.TextContent == "Use params.batchSize").ClickAsync();
        page.WaitForAssertion(() => Assert.Single(page.FindAll("tbody tr")));
    }

    [Fact]
    public async Task RunsPage_AWordAsFilter_MeansAName()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(name: "brave-falcon");
        await pages.Hub.EnqueueAsync(name: "calm-otter");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("td.name a").Count));
        await page.Find("#run-filter").ChangeAsync("falcon");
        page.WaitForAssertion(() => Assert.Equal(["brave-falcon"], page.FindAll("td.name a").Select(link => link.TextContent)));
        Assert.Equal("name ilike '%falcon%' or experiment ilike '%falcon%'", page.Find("#run-filter").GetAttribute("value"));
    }

    [Fact]
    public async Task RunsPage_ColumnsInTheAddress_AreShownThePinnedFirst()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(new TrainingSpec { Seed = 7 }, name: "a");
        pages.Visit("/runs?columns=params.seed,name,status&widths=70..&pinned=1");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal(["a", "7", "queued"], page.FindAll("tbody tr td").Skip(1).Take(3)
            .Select(cell => cell.TextContent.Trim())));
        Assert.Equal(["name", "params.seed", "status"], page.FindAll("thead th[data-column]").Select(heading => heading.GetAttribute("data-column")));
        Assert.Contains("width: 70px", page.FindAll("col")[2].GetAttribute("style"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunsPage_OnlyDifferingColumns_LeavesTheEqualOnesOut()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(new TrainingSpec { BatchSize = 64 });
        await pages.Hub.EnqueueAsync(new TrainingSpec { BatchSize = 128 });
        pages.Visit("/runs?differing=true&columns=name,status,params.seed");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal(["name", "params.batchSize"], page.FindAll("thead th[data-column]")
            .Select(heading => heading.GetAttribute("data-column"))));
    }

    [Fact]
    public async Task RunsPage_Grouped_CountsAndLinksToTheRunsOfAGroup()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(new TrainingSpec { BatchSize = 64 }, name: "small");
        await pages.Hub.EnqueueAsync(new TrainingSpec { BatchSize = 64 }, name: "small too");
        await pages.Hub.EnqueueAsync(new TrainingSpec { BatchSize = 128 }, name: "large");
        pages.Visit("/runs?group=params.batchSize");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal(["64", "128"], page.FindAll("tbody tr td:nth-child(2)").Select(cell => cell.TextContent.Trim())));
        Assert.Equal("2", page.Find("tbody tr td:nth-child(3)").TextContent.Split(' ')[0]);
        pages.Visit(page.Find("tbody tr a").GetAttribute("href")!);
        var runs = pages.Render<RunsPage>();
        runs.WaitForAssertion(() => Assert.Equal(["small", "small too"], runs.FindAll("td.name a").Select(link => link.TextContent).Order()));
    }

    [Fact]
    public async Task RunsPage_GroupsTicked_ChooseTheirRunsForTheComparison()
    {
        await using var pages = await HubPages.OpenAsync();
        var small = await pages.Hub.EnqueueAsync(new TrainingSpec { BatchSize = 64 });
        var smallToo = await pages.Hub.EnqueueAsync(new TrainingSpec { BatchSize = 64, Seed = 2 });
        var large = await pages.Hub.EnqueueAsync(new TrainingSpec { BatchSize = 128 });
        pages.Visit("/runs?group=params.batchSize&groupOrder=key0");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("tbody input").Count));
        await page.FindAll("tbody input")[0].ChangeAsync(true);
        page.WaitForAssertion(() => Assert.Contains("2 selected", page.Markup, StringComparison.Ordinal));
        await page.FindAll("tbody input")[1].ChangeAsync(true);
        page.WaitForAssertion(() => Assert.Contains("3 selected", page.Markup, StringComparison.Ordinal));
        Assert.Equal(new[] { small, smallToo, large }.ToHashSet(),
            RunSelection.Parse(QueryHelpers.ParseQuery(new Uri(pages.Address).Query)["selected"]).ToHashSet());
        await page.FindAll("tbody input")[0].ChangeAsync(false);
        page.WaitForAssertion(() => Assert.Contains("1 selected", page.Markup, StringComparison.Ordinal));
        Assert.Equal([false, true], page.FindAll("tbody input").Select(box => box.HasAttribute("checked")));
    }

    [Fact]
    public async Task RunsPage_ManyRuns_GoesThereAndBackPageByPage()
    {
        await using var pages = await HubPages.OpenAsync();
        for (var i = 0; i < 52; i++)
            await pages.Hub.EnqueueAsync(name: $"run {i:00}");
        pages.Visit("/runs?sort=name");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal("1–50 of 52", page.Find("nav.pages span").TextContent));
        pages.Visit(page.Find("nav.pages a[rel=next]").GetAttribute("href")!);
        page.WaitForAssertion(() => Assert.Equal(["run 50", "run 51"], page.FindAll("td.name a").Select(link => link.TextContent)));
        pages.Visit(page.Find("nav.pages a[rel=prev]").GetAttribute("href")!);
        page.WaitForAssertion(() => Assert.Equal("run 00", page.Find("td.name a").TextContent));
    }

    [Fact]
    public async Task RunsPage_AllThatMatch_AreTaggedAndTheUndoTakesItBack()
    {
        await using var pages = await HubPages.OpenAsync();
        for (var i = 0; i < 52; i++)
            await pages.Hub.EnqueueAsync(name: $"run {i:00}");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Contains("of 52", page.Markup, StringComparison.Ordinal));
        await page.Find("thead input[type=checkbox]").ChangeAsync(true);
        page.WaitForAssertion(() => Assert.Contains("Select all 52 that match", page.Markup, StringComparison.Ordinal));
        await page.FindAll("button").Single(button => button.TextContent == "Select all 52 that match").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("52 selected", page.Markup, StringComparison.Ordinal));
        await page.Find("input[aria-label='Name of the tag']").ChangeAsync("night");
        await page.Find(".tag-menu form").SubmitAsync();
        await using var db = await pages.Hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.Equal(52, await db.RunTags.CountAsync(tag => tag.Name == "night"));
        var bar = Assert.Single(pages.Services.GetRequiredService<ISnackbar>().ShownSnackbars);
        Assert.Equal("Tagged 52 runs.", bar.Message);
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
