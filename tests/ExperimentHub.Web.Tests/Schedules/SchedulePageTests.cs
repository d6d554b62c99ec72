using Bunit;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Compare;
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
    public async Task SchedulePage_TwoNightsTicked_CanBeComparedAndStandInTheAddress()
    {
        await using var pages = await HubPages.OpenAsync();
        var store = pages.Hub.Get<ScheduleStore>();
        var experiment = (await pages.Hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("nightly", "", new()))).Id!.Value;
        var id = (await store.CreateAsync(experiment, new ScheduleDraft("0 30 2 * * ?", "Etc/UTC"))).Id!.Value;
        var first = await NightAsync(0.9, -2);
        var second = await NightAsync(0.93, -1);
        var page = pages.Render<SchedulePage>(parameters => parameters.Add(p => p.Id, id));
        Assert.Equal(["+3.00"], page.FindAll("tbody .gain").Select(gain => gain.FirstChild!.TextContent));
        await page.FindAll("tbody input")[0].ChangeAsync(true);
        await page.FindAll("tbody input")[1].ChangeAsync(true);
        page.WaitForAssertion(() => Assert.Equal(CompareAddress.To([second, first]), page.Find(".compare").GetAttribute("href")));
        Assert.Contains("selected=", pages.Address, StringComparison.Ordinal);

        async Task<RunId> NightAsync(double accuracy, int hours)
        {
            var night = (await store.FireAsync(id, DateTimeOffset.UtcNow.AddHours(hours), manual: false))!.RunId!.Value;
            var key = (await pages.Hub.Queue.ClaimAsync("cpu", _ => true))!.Key;
            pages.Hub.Recorder.Begin(key);
            await pages.Hub.Recorder.StartedAsync(key, new TrainingStarted(EmptyHub.OneCpu.Devices[0], "2.10.0", 1, 7850, 60_000, 10_000, 1875));
            await pages.Hub.Recorder.EpochAsync(key, new EpochFinished(1, 0.4, 0.3, accuracy, 0.5) { Best = true });
            await pages.Hub.Recorder.EndAsync(key, AttemptEnding.Finished, null, null);
            return night;
        }
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
        Assert.Equal(2, (await pages.Hub.RunsAsync()).Count);
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
