using Bunit;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Web.Overview;

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

        var run = Assert.Single((await pages.Hub.History.ListAsync(new RunFilter(), RunOrder.Created, descending: true, 0, 10)).Items);
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
        page.WaitForAssertion(() => Assert.Contains("92.50 %", page.Find(".side .accuracy").TextContent, StringComparison.Ordinal));
        Assert.StartsWith("+1.50", page.Find(".gain.better").TextContent, StringComparison.Ordinal);
        Assert.Contains("by hand", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverviewPage_SettingsChangedBetweenTheNights_DoesNotPraiseTheDifference()
    {
        await using var pages = await HubPages.OpenAsync();
        var schedule = await ScheduleAsync(pages.Hub);
        var now = DateTimeOffset.UtcNow;
        await NightAsync(pages.Hub, schedule, now.AddHours(-1), 0.91);
        var experiment = (await pages.Hub.Get<ScheduleStore>().FindAsync(schedule))!.Schedule.Experiment;
        await pages.Hub.Get<ExperimentStore>().UpdateAsync(experiment.Id, new ExperimentChange(DefaultSpec: experiment.DefaultSpec with { Epochs = 30 }));
        await NightAsync(pages.Hub, schedule, now, 0.9357);
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Contains("Settings changed since the firing before (91.00 %): epochs 5 → 30", page.Markup, StringComparison.Ordinal));
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

    private static async Task NightAsync(EmptyHub hub, int schedule, DateTimeOffset due, double accuracy)
    {
        await hub.Get<ScheduleStore>().FireAsync(schedule, due, manual: true);
        var key = (await hub.Queue.ClaimAsync("cpu", _ => true))!.Key;
        hub.Recorder.Begin(key);
        await hub.Recorder.StartedAsync(key, new TrainingStarted(EmptyHub.OneCpu.Devices[0], "2.10.0", 1, 7850, 60_000, 10_000, 1875));
        await hub.Recorder.EpochAsync(key, new EpochFinished(1, 0.4, 0.3, accuracy, 0.5) { Best = true });
        await hub.Recorder.EndAsync(key, AttemptEnding.Finished, null, null);
    }
}
