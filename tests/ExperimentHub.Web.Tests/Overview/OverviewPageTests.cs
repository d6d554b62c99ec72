using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Overview;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Web.Tests.Overview;

public sealed class OverviewPageTests
{
    [Fact]
    public async Task OverviewPage_NoRuns_StartsTheTutorialOnce()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<OverviewPage>();
        Assert.Equal("Run the tutorial", page.Find("button").TextContent.Trim());
        var start = page.FindComponent<FirstRun>().Instance.Start;
        await page.InvokeAsync(() => Task.WhenAll(start.InvokeAsync(), start.InvokeAsync()));

        var run = Assert.Single((await pages.Hub.RunsAsync()));
        Assert.Equal("tutorial", run.Experiment.Name);
        Assert.EndsWith($"/runs/{run.Id}", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverviewPage_QueuedRun_SaysWhatItWaitsFor()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync();
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Contains("Next in line for the CPU.", page.Find(".queue").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task OverviewPage_RunThatWaits_IsCancelledThere()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.Hub.EnqueueAsync();
        var page = pages.Render<OverviewPage>();
        page.WaitForElement(".queue button");
        await page.Find(".queue button").ClickAsync();
        Assert.Equal(RunStatus.Stopped, (await pages.Hub.ReadAsync(id)).Status);
        page.WaitForAssertion(() => Assert.Contains("Nothing runs or waits.", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task OverviewPage_RunsLikeItWereTrained_SaysWhenAWaitingOneBegins()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.FinishAsync("before", accuracies: 0.9);
        await pages.Hub.EnqueueAsync();
        await pages.Hub.EnqueueAsync();
        pages.Hub.Devices.SlotBooks = () => [new DeviceUse(EmptyHub.OneCpu.Devices[0], 1, [])];
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll(".queue hub-time[format=clock]").Count));
    }

    [Fact]
    public async Task OverviewPage_RunsEndedSinceTheLastLook_AreCountedWithTheNewBest()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.FinishAsync("old", accuracies: 0.9);
        await using (var db = await pages.Hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            await db.Runs.ExecuteUpdateAsync(set => set.SetProperty(run => run.EndedAt, DateTime.UtcNow.AddHours(-5)));
        await pages.Hub.FinishAsync("better", new TrainingSpec { Seed = 2 }, accuracies: 0.92);
        await pages.Hub.FinishAsync("worse", new TrainingSpec { Seed = 3 }, accuracies: 0.8);
        var page = pages.Render<OverviewPage>();
        page.WaitForElement("#since-title");
        await page.FindComponent<SinceLook>().Instance.LookedSince(DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeMilliseconds());
        page.WaitForAssertion(() => Assert.Contains("2 finished", page.Find(".since").TextContent, StringComparison.Ordinal));
        Assert.Contains("better", page.Find(".since .best").TextContent, StringComparison.Ordinal);
        Assert.Equal("+2.00 points", page.Find(".since .best .gain").TextContent);
    }

    [Fact]
    public async Task OverviewPage_ArchivedRuns_AreOutOfItsListAndItsCount()
    {
        await using var pages = await HubPages.OpenAsync();
        var old = await pages.Hub.FinishAsync("old", accuracies: 0.9);
        var kept = await pages.Hub.FinishAsync("kept", accuracies: [0.9, 0.8]);
        await pages.Hub.Get<RunBulk>().ArchiveAsync(RunTargets.Of([old]), archived: true);
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Equal(["kept"], page.FindAll("td.name a").Select(link => link.TextContent)));
        Assert.Contains("All 1", page.Find("a[href='runs']").ParentElement!.TextContent, StringComparison.Ordinal);
        await pages.Hub.Get<RunBulk>().ArchiveAsync(RunTargets.Of([kept]), archived: true);
        // It is no new hub.
        page.WaitForAssertion(() => Assert.Contains("All runs of this hub are archived.", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("Run the tutorial", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverviewPage_FiguresOfARow_AreOfOneEpochAndSayWhich()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.FinishAsync("up and down", accuracies: [0.5, 0.75, 0.7]);
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Equal(["75.00", "0.1500", "2"], Figures(page)));
        Assert.Equal(["Accuracy % best epoch", "Test loss best epoch", "Epoch best"], Heads(page));
        await page.FindAll(".switch button").Single(button => button.TextContent == "last epoch").ClickAsync();
        Assert.EndsWith("?at=last", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Equal(["70.00", "0.2000", "3"], Figures(page)));
        Assert.Equal(["Accuracy % last epoch", "Test loss last epoch", "Epoch last"], Heads(page));
    }

    [Fact]
    public async Task OverviewPage_FilesThatGo_LeaveTheTotalAtOnce()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.FinishAsync("one", accuracies: 0.9);
        var folder = pages.Hub.Get<DataFolder>();
        DataFolder.Create(folder.CheckpointFolder(run));
        await File.WriteAllBytesAsync(Path.Combine(folder.CheckpointFolder(run), "epoch-0001.safetensors"), new byte[7 << 20]);
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Equal("7.0 MiB", page.Find("#disk-title").Closest("section")!.QuerySelector("dd")!.TextContent));
        await pages.Hub.Get<ArtifactStore>().DeleteAllAsync(ArtifactKey.OfRun(run), Xunit.TestContext.Current.CancellationToken);
        page.WaitForAssertion(() => Assert.DoesNotContain("checkpoints", page.Find("#disk-title").Closest("section")!.TextContent,
            StringComparison.Ordinal));
    }

    private static IEnumerable<string> Figures(IRenderedComponent<OverviewPage> page) =>
        page.FindAll("tbody tr:first-child td.num").Take(3).Select(cell => cell.TextContent.Trim());

    private static IEnumerable<string> Heads(IRenderedComponent<OverviewPage> page) =>
        page.FindAll("thead th.num").Take(3).Select(head => head.TextContent.Trim());

    [Fact]
    public async Task OverviewPage_NoSchedules_HidesLastNight()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync();
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("#devices-title")));
        Assert.Empty(page.FindAll("#night-title"));
    }

    [Fact]
    public async Task OverviewPage_TwoNights_ShowsTheNewerWithItsGain()
    {
        await using var pages = await HubPages.OpenAsync();
        var schedule = await ScheduleAsync(pages.Hub);
        var now = DateTimeOffset.UtcNow;
        await NightAsync(pages.Hub, schedule, now.AddHours(-1), 0.91);
        await NightAsync(pages.Hub, schedule, now, 0.925);
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Contains("92.50 %", page.Find("section[aria-labelledby=night-title] .accuracy").TextContent,
            StringComparison.Ordinal));
        Assert.StartsWith("+1.50", page.Find(".gain.better").TextContent, StringComparison.Ordinal);
        Assert.Equal("Best test accuracy of the last 2 nights: 91.00 %, 92.50 %", page.Find(".dots").GetAttribute("aria-label"));
    }

    [Fact]
    public async Task OverviewPage_StartedByHand_IsNoNight()
    {
        await using var pages = await HubPages.OpenAsync();
        var schedule = await ScheduleAsync(pages.Hub);
        await NightAsync(pages.Hub, schedule, DateTimeOffset.UtcNow, 0.91, manual: true);
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Contains("No schedule has fired yet.", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task OverviewPage_SettingsChangedBetweenTheNights_DoesNotPraiseTheDifference()
    {
        await using var pages = await HubPages.OpenAsync();
        var schedule = await ScheduleAsync(pages.Hub);
        var now = DateTimeOffset.UtcNow;
        await NightAsync(pages.Hub, schedule, now.AddHours(-1), 0.91);
        var experiment = (await pages.Hub.Get<ScheduleStore>().FindAsync(schedule))!.Schedule.Experiment;
        await pages.Hub.Get<ExperimentStore>().UpdateAsync(experiment.Id,
            new ExperimentChange(DefaultSpec: experiment.DefaultSpec with { Epochs = 30 }));
        await NightAsync(pages.Hub, schedule, now, 0.9357);
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Contains("Settings changed since the night before (91.00 %): epochs 5 → 30", page.Markup,
            StringComparison.Ordinal));
        Assert.Empty(page.FindAll(".gain"));
    }

    [Fact]
    public async Task OverviewPage_NightThatWasSkipped_SaysWhyAndHowLate()
    {
        await using var pages = await HubPages.OpenAsync();
        var schedule = await ScheduleAsync(pages.Hub);
        var schedules = pages.Hub.Get<ScheduleStore>();
        await schedules.FireAsync(schedule, DateTimeOffset.UtcNow.AddHours(-2), manual: false);
        await schedules.FireAsync(schedule, DateTimeOffset.UtcNow.AddHours(-1), manual: false);
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Contains("of an earlier firing was still training.", page.Markup, StringComparison.Ordinal));
        Assert.Equal("1 h 00 m late", page.Find(".late").TextContent);
    }

    [Fact]
    public async Task OverviewPage_WithRuns_ShowsSlotsAndDisk()
    {
        await using var pages = await HubPages.OpenAsync();
        var key = await pages.Hub.StartAsync();
        DataFolder.Create(pages.Hub.Folder.CheckpointFolder(key.Run));
        await File.WriteAllBytesAsync(Path.Combine(pages.Hub.Folder.CheckpointFolder(key.Run), "epoch-0001.safetensors"), new byte[3 << 20]);
        pages.Hub.Devices.SlotBooks = () => [new DeviceUse(EmptyHub.OneCpu.Devices[0], 2, [new SlotHolder(key.Run, DateTime.UtcNow)])];
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Contains("1 of 2 in use", page.Markup, StringComparison.Ordinal));
        page.WaitForAssertion(() => Assert.Equal("3.0 MiB", page.FindAll("section[aria-labelledby=disk-title] dd")[0].TextContent));
        await pages.DisposeComponentsAsync();
        Assert.Equal(0, pages.Hub.Feed.SubscriptionCount);
    }

    private static async Task<int> ScheduleAsync(EmptyHub hub)
    {
        var experiment = (await hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("nightly", "", new()))).Id!.Value;
        return (await hub.Get<ScheduleStore>().CreateAsync(experiment, new ScheduleDraft("0 30 2 * * ?", "Etc/UTC"))).Id!.Value;
    }

    private static async Task NightAsync(EmptyHub hub, int schedule, DateTimeOffset due, double accuracy, bool manual = false)
    {
        await hub.Get<ScheduleStore>().FireAsync(schedule, due, manual);
        var key = (await hub.Queue.ClaimAsync("cpu", _ => true))!.Key;
        hub.Recorder.Begin(key);
        await hub.Recorder.StartedAsync(key, new TrainingStarted(EmptyHub.OneCpu.Devices[0], "2.10.0", 1, 7850, 60_000, 10_000, 1875));
        await hub.Recorder.EpochAsync(key, new EpochFinished(1, 0.4, 0.3, accuracy, 0.5) { Best = true });
        await hub.Recorder.EndAsync(key, AttemptEnding.Finished, null, null);
    }
}
