using Bunit;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Web.Schedules;
using MudBlazor;

namespace ExperimentHub.Web.Tests.Schedules;

public sealed class SchedulePageTests
{
    [Fact]
    public async Task SchedulePage_NotThere_SaysSo()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<SchedulePage>(parameters => parameters.Add(p => p.Id, 99));
        Assert.Equal("There is no such schedule", page.Find("h1").TextContent);
    }

    [Fact]
    public async Task SchedulePage_EachOutcome_IsInTheHistory()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.ScheduleAsync();
        var store = pages.Hub.Get<ScheduleStore>();
        // Three hours before now, so late; then by hand while its run still waits.
        var due = DateTimeOffset.UtcNow.AddHours(-3.5);
        var run = (await store.FireAsync(id, due, manual: false))!.RunId!.Value;
        await store.FireAsync(id, DateTimeOffset.UtcNow, manual: true);
        var page = pages.Render<SchedulePage>(parameters => parameters.Add(p => p.Id, id));

        var rows = page.FindAll("tbody tr");
        Assert.Equal(2, rows.Count);
        Assert.Contains("of an earlier firing was still training", rows[0].TextContent, StringComparison.Ordinal);
        Assert.Contains("by hand", rows[0].TextContent, StringComparison.Ordinal);
        Assert.Equal(ZonedTimes.Date(ZonedTimes.In(due.UtcDateTime, "Asia/Tokyo")), rows[1].QuerySelector(".due")!.TextContent);
        Assert.Contains("late by 3 h", rows[1].TextContent, StringComparison.Ordinal);
        Assert.Equal($"runs/{run}", rows[1].QuerySelector("a")!.GetAttribute("href"));
        Assert.Contains("no run of this schedule is finished yet", page.Find("[role=img]").GetAttribute("aria-label"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SchedulePage_RemoveClickedTwice_AsksOnceAndKeepsTheScheduleUntilYes()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.ScheduleAsync();
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<SchedulePage>(parameters => parameters.Add(p => p.Id, id));
        var asked = Remove().ClickAsync();
        var askedAgain = Remove().ClickAsync();
        dialogs.WaitForAssertion(() => Assert.NotEmpty(dialogs.FindAll(".mud-dialog")));
        Assert.Single(dialogs.FindAll(".mud-dialog"));
        Assert.Single(await pages.Hub.Get<ScheduleStore>().ListAsync());
        await dialogs.FindAll("button").Single(button => button.TextContent.Trim() == "Remove schedule").ClickAsync();
        await Task.WhenAll(asked, askedAgain);
        Assert.Empty(await pages.Hub.Get<ScheduleStore>().ListAsync());

        AngleSharp.Dom.IElement Remove() => page.FindAll("button").Single(button => button.TextContent.Trim() == "Remove…");
    }

    [Fact]
    public async Task SchedulePage_TurnedOff_HasNoNextTimesAndSaysWhy()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.ScheduleAsync();
        var page = pages.Render<SchedulePage>(parameters => parameters.Add(p => p.Id, id));
        Assert.Equal(5, page.FindAll("ol li").Count);
        await page.FindAll("button").Single(button => button.TextContent.Trim() == "Turn off").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("None while the schedule is off.", page.Markup, StringComparison.Ordinal));
        Assert.Empty(page.FindAll("ol li"));
        Assert.False((await pages.Hub.Get<ScheduleStore>().FindAsync(id))!.Schedule.Enabled);
    }

    [Fact]
    public async Task SchedulePage_ExperimentArchivedElsewhere_SaysThatItDoesNotFire()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.ScheduleAsync();
        var page = pages.Render<SchedulePage>(parameters => parameters.Add(p => p.Id, id));
        var experiments = pages.Hub.Get<ExperimentStore>();
        await experiments.ArchiveAsync((await experiments.ListAsync()).Single().Experiment.Id, archived: true);
        page.WaitForAssertion(() => Assert.Contains("this schedule does not fire", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task SchedulePage_RunNow_QueuesARunAndShowsIt()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.ScheduleAsync();
        var page = pages.Render<SchedulePage>(parameters => parameters.Add(p => p.Id, id));
        await page.FindAll("button").Single(button => button.TextContent.Trim() == "Run now").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("queued", Assert.Single(page.FindAll("tbody tr")).TextContent, StringComparison.Ordinal));
        Assert.Equal(2, (await pages.Hub.History.ListAsync(new RunFilter(), RunOrder.Created, descending: true, 0, 10)).Total);
    }

    [Fact]
    public async Task SchedulePage_Disposed_WatchesNothing()
    {
        var pages = await HubPages.OpenAsync();
        await using (pages)
        {
            var id = await pages.ScheduleAsync();
            pages.Render<SchedulePage>(parameters => parameters.Add(p => p.Id, id));
            Assert.Equal(1, pages.Hub.Feed.SubscriptionCount);
            await pages.DisposeComponentsAsync();
            Assert.Equal(0, pages.Hub.Feed.SubscriptionCount);
        }
    }
}
