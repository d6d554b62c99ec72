using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>What a newcomer does in the first five minutes, with the real trainer on real MNIST.</summary>
public sealed partial class TrainingJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task Tutorial_FromTheEmptyOverview_TrainsAndItsCheckpointIsWhatThePageSays()
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Button, new() { Name = "Run the tutorial" }).ClickAsync();
        await page.WaitForURLAsync(RunAddress());
        await Expect(page.Locator(".title-line").GetByText("finished")).ToBeVisibleAsync(new() { Timeout = 180_000 });
        await Expect(page).ToHaveTitleAsync(new Regex("finished"));

        var id = RunAddress().Match(page.Url).Groups[1].Value;
        var run = await hub.ReadRunAsync(id);
        double[] losses = [.. run["epochs"]!.AsArray().Select(epoch => epoch!["trainLoss"]!.GetValue<double>())];
        double[] expected = [0.42, 0.36, 0.35, 0.34, 0.335];
        Assert.Equal(5, losses.Length);
        Assert.All(losses.Zip(expected), pair => Assert.InRange(pair.First, pair.Second - 0.015, pair.Second + 0.015));
        Assert.InRange(run["epochs"]![4]!["testAccuracy"]!.GetValue<double>(), 0.885, 0.925);

        await page.GotoAsync($"/runs/{id}?tab=checkpoints");
        var download = await page.RunAndWaitForDownloadAsync(() =>
            page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("Download") }).Last.ClickAsync());
        await using var file = await download.CreateReadStreamAsync();
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
        var checkpoint = run["checkpoints"]!.AsArray()
            .Single(c => download.SuggestedFilename.EndsWith($"-epoch-{c!["epoch"]}.safetensors", StringComparison.Ordinal));
        Assert.Equal(checkpoint!["sha256"]!.GetValue<string>(), hash);
    }

    [Fact]
    public async Task SmallCnn_WithinTheFirstEpoch_MovesOnThePageAndStops()
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/runs/new?model=small-cnn&epochs=3");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start run" }).ClickAsync();
        await page.WaitForURLAsync(RunAddress());
        var id = RunAddress().Match(page.Url).Groups[1].Value;

        // The points that are on the screen, not those that were sent.
        await page.WaitForFunctionAsync(
            "() => globalThis.echarts && [...document.querySelectorAll('.panel')].some(panel => "
                + "(echarts.getInstanceByDom(panel)?.getOption().series?.[0]?.data?.length ?? 0) >= 3)",
            null, new() { Timeout = 120_000 });
        Assert.Empty((await hub.ReadRunAsync(id))["epochs"]!.AsArray());

        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Expect(page).ToHaveTitleAsync(new Regex("stopped"), new() { Timeout = 30_000 });
        Assert.Equal("stopped", (await hub.ReadRunAsync(id))["status"]!.GetValue<string>());
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    [GeneratedRegex(@"/runs/([0-9a-f]{32})")]
    private static partial Regex RunAddress();
}
