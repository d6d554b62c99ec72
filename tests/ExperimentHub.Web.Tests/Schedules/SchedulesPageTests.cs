using Bunit;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Web.Schedules;

namespace ExperimentHub.Web.Tests.Schedules;

public sealed class SchedulesPageTests
{
    [Fact]
    public async Task SchedulesPage_None_SaysWhatItIsForAndOffersOne()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<SchedulesPage>();
        Assert.Contains("trains an experiment again by itself", page.Markup, StringComparison.Ordinal);
        Assert.Equal("schedules/new", page.FindAll("a").Single(link => link.TextContent.Trim() == "New schedule").GetAttribute("href"));
    }

    [Fact]
    public async Task SchedulesPage_ASchedule_ShowsWordsZoneNextTimeAndLastResult()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.ScheduleAsync();
        var page = pages.Render<SchedulesPage>();
        Assert.Contains("not fired yet", page.Find("tbody tr").TextContent, StringComparison.Ordinal);

        await pages.Hub.Get<ScheduleStore>().FireAsync(id, DateTimeOffset.UtcNow, manual: true);
        page.WaitForAssertion(() => Assert.Contains("queued", page.Find("tbody tr").TextContent, StringComparison.Ordinal));
        var row = page.Find("tbody tr");
        Assert.Equal($"schedules/{id}", row.QuerySelector("td.name a")!.GetAttribute("href"));
        Assert.Contains("Every day at 02:30", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("Asia/Tokyo", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("02:30 UTC+09:00 (Asia/Tokyo)", row.QuerySelector("hub-time")!.GetAttribute("exact"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SchedulesPage_SwitchedOff_TurnsTheScheduleOff()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.ScheduleAsync();
        var page = pages.Render<SchedulesPage>();
        await page.Find("tbody input[type=checkbox]").ChangeAsync(false);
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("tbody hub-time")));
        Assert.False((await pages.Hub.Get<ScheduleStore>().FindAsync(id))!.Schedule.Enabled);
    }

    [Fact]
    public async Task SchedulesPage_RunNowTwice_SkipsTheSecond()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.ScheduleAsync();
        var page = pages.Render<SchedulesPage>();
        for (var click = 0; click < 2; click++)
            await page.FindAll("button").Single(button => button.TextContent.Trim() == "Run now").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("Skipped", page.Find("tbody tr").TextContent, StringComparison.Ordinal));
        Assert.Equal([FireOutcome.SkippedOverlap, FireOutcome.Started],
            (await pages.Hub.Get<ScheduleStore>().FindAsync(id))!.Fires.Select(fire => fire.Fire.Outcome));
    }
}
