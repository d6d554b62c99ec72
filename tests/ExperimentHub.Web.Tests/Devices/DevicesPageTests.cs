using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Web.Devices;

namespace ExperimentHub.Web.Tests.Devices;

public sealed class DevicesPageTests
{
    private static readonly DeviceInfo Cpu = EmptyHub.OneCpu.Devices[0];

    [Fact]
    public async Task DevicesPage_BeforeTheFirstReport_SaysWhatIsOnItsWay()
    {
        await using var pages = await HubPages.OpenAsync(report: null);
        var page = pages.Render<DevicesPage>();
        page.WaitForAssertion(() => Assert.Contains("Looking for the devices of this machine", page.Find("[role=status]").TextContent,
            StringComparison.Ordinal));
        Assert.True(page.Find("button").HasAttribute("disabled"));
        pages.Hub.Devices.Report = EmptyHub.OneCpu;
        page.WaitForAssertion(() => Assert.Contains("Test CPU", page.Find("article h3").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task DevicesPage_CpuAlone_ShowsFactsAndWhyThereIsNoGpu()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<DevicesPage>();
        page.WaitForAssertion(() => Assert.Equal(
            ["cores 4", "processors 8", "threads of a run 1", "memory 16.0 GiB", "of it free 10.0 GiB"],
            page.FindAll("article .facts > div").Select(fact => $"{fact.Children[0].TextContent} {fact.Children[1].TextContent}")));
        Assert.Contains("No NVIDIA driver was found on this machine.", page.Find(".none").TextContent, StringComparison.Ordinal);
        Assert.Contains("Install one.", page.Find(".none").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DevicesPage_RunningAndWaitingRuns_AreAtTheirDevice()
    {
        await using var pages = await HubPages.OpenAsync();
        var started = DateTime.UtcNow;
        var key = await pages.Hub.StartAsync();
        await pages.Hub.EnqueueAsync(name: "next");
        await pages.Hub.EnqueueAsync(name: "last");
        await pages.Hub.EnqueueAsync(new TrainingSpec { Device = "cuda" }, name: "wants a GPU");
        pages.Hub.Devices.SlotBooks = () => [new DeviceUse(Cpu, 1, [new SlotHolder(key.Run, started)])];
        var page = pages.Render<DevicesPage>();
        page.WaitForAssertion(() => Assert.Equal($"runs/{key.Run}", page.Find(".holders a").GetAttribute("href")));
        Assert.Contains("1 of 1 in use", page.Find("article").TextContent, StringComparison.Ordinal);
        Assert.Equal(
            ["1 next Next in line for the CPU.", "2 last Waiting for the CPU; 1 run ahead."],
            page.FindAll("section[aria-label='Runs that wait for the CPU'] li")
                .Select(item =>
                    $"{item.QuerySelector(".position")!.TextContent} {item.QuerySelector("a")!.TextContent} {item.QuerySelector(".why")!.TextContent}"));
        Assert.Contains("never moved to another device", page.Find("section[aria-label='Runs that wait for a GPU'] .why").TextContent,
            StringComparison.Ordinal);

        // The slot's return reaches the page by itself.
        pages.Hub.Devices.SlotBooks = () => [new DeviceUse(Cpu, 1, [])];
        pages.Hub.Devices.SlotsChanged();
        page.WaitForAssertion(() => Assert.Contains("One slot is free", page.Find(".holders").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task DevicesPage_Gpu_ShowsWhatTheDriverSaysOfIt()
    {
        var gpu = new DeviceInfo("cuda", 0, "NVIDIA Test");
        var hardware = EmptyHub.OneCpuHardware with
        {
            Nvidia =
            new NvidiaFacts("580.65.06", [new GpuFacts("0000:65:00.0", "NVIDIA Test", 80L << 30, 8L << 30, 0.42)])
        };
        await using var pages = await HubPages.OpenAsync(
            EmptyHub.OneCpu with { Devices = [Cpu, gpu], PciAddresses = new Dictionary<string, string> { ["cuda:0"] = "0000:65:00.0" } }, hardware);
        pages.Hub.Devices.SlotBooks = () => [new DeviceUse(Cpu, 1, []), new DeviceUse(gpu, 2, [])];
        var page = pages.Render<DevicesPage>();
        page.WaitForAssertion(() => Assert.Equal(["Test CPU", "NVIDIA Test"], page.FindAll("article h3").Select(title => title.TextContent)));
        var facts = page.FindAll("article")[1].TextContent;
        foreach (var fact in new[] { "cuda:0", "0 of 2 in use", "80.0 GiB", "8.0 GiB", "42 %", "580.65.06", "0000:65:00.0" })
            Assert.Contains(fact, facts, StringComparison.Ordinal);
        Assert.Empty(page.FindAll(".none"));
    }

    [Fact]
    public async Task DevicesPage_GpuThatTorchCannotUse_IsNamedWithTheRemedy()
    {
        var hardware = EmptyHub.OneCpuHardware with { Nvidia = new NvidiaFacts("580.65.06", [new GpuFacts("0000:65:00.0", "NVIDIA Test", 1, 0, 0)]) };
        await using var pages = await HubPages.OpenAsync(EmptyHub.OneCpu, hardware);
        var page = pages.Render<DevicesPage>();
        page.WaitForAssertion(() => Assert.Contains("knows NVIDIA Test, but the trainer cannot use it", page.Find(".none").TextContent,
            StringComparison.Ordinal));
        Assert.Contains("-p:TorchBackend=cuda", page.Find(".none").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DevicesPage_TestAgain_AsksAndShowsTheResult()
    {
        await using var pages = await HubPages.OpenAsync();
        var asked = 0;
        pages.Hub.Devices.TestRequested += () => asked++;
        var page = pages.Render<DevicesPage>();
        page.WaitForAssertion(() => Assert.Equal("passed", page.Find(".verdict").TextContent.Trim()));
        await page.Find("button").ClickAsync();
        page.WaitForAssertion(() => Assert.Equal("Testing…", page.Find("button").TextContent.Trim()));
        Assert.Equal(1, asked);

        pages.Hub.Devices.Report = new SelfTestReport(false, null, "none", [], 0, null, "The library libtorch.so is missing.",
            "Build the trainer again.");
        page.WaitForAssertion(() => Assert.Contains("The library libtorch.so is missing.", page.Find("[role=alert]").TextContent,
            StringComparison.Ordinal));
        Assert.Contains("Build the trainer again.", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Equal("failed", page.Find(".verdict").TextContent.Trim());
        Assert.Equal("Test again", page.Find("button").TextContent.Trim());
    }

    [Fact]
    public async Task DevicesPage_Left_ListensNoLonger()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Render<DevicesPage>();
        Assert.NotEqual(0, pages.Hub.Feed.SubscriptionCount);
        await pages.DisposeComponentsAsync();
        Assert.Equal(0, pages.Hub.Feed.SubscriptionCount);
    }
}
