using System.Text.RegularExpressions;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>A person compares many runs: looks at curves over another budget, brushes, keeps what is left, takes the report.</summary>
public sealed class CompareJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task Comparing_ManyRuns_ReadsCurvesOnceAndKeepsWhatIsBrushed()
    {
        var ids = await MakeRunsAsync();
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub, 1280, 1000, ColorScheme.Light);
        List<string> asked = [];
        page.Request += (_, request) =>
        {
            if (request.Url.Contains("/series?", StringComparison.Ordinal))
                asked.Add(request.Url);
        };
        await page.GotoAsync($"/compare?runs={string.Join(',', ids)}");
        var curves = page.Locator("compare-curves");
        await curves.ScrollIntoViewIfNeededAsync();
        await Expect(curves).ToHaveAttributeAsync("data-drawn", "");
        await Expect(page.Locator(".compare thead th")).ToHaveCountAsync(ids.Count);
        Assert.Single(asked);
        Assert.Equal(ids.Count, await SeriesAsync(page, "train_loss"));

        // Another axis and colours need nothing from the hub; another metric is asked for alone.
        await page.GetByRole(AriaRole.Link, new() { Name = "images seen" }).ClickAsync();
        await page.GetByLabel("Colour").SelectOptionAsync("params.batchSize");
        await Expect(page).ToHaveURLAsync(new Regex("colour=params.batchSize"));
        await Expect(page.GetByText("batch size", new() { Exact = true }).First).ToBeVisibleAsync();
        Assert.Single(asked);
        await page.GetByText("Metrics", new() { Exact = true }).ClickAsync();
        await page.Locator("details label").Filter(new() { HasText = "samples per second" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Samples per second" })).ToBeVisibleAsync();
        await page.WaitForFunctionAsync("() => document.querySelector('[data-metric=samples_per_second] canvas')");
        Assert.Equal(2, asked.Count);
        Assert.DoesNotContain("train_loss", asked[1], StringComparison.Ordinal);

        // The batch size is the first axis: its lower half is kept.
        var parallel = page.Locator("[data-parallel]");
        await parallel.ScrollIntoViewIfNeededAsync();
        await Expect(parallel.Locator("canvas").First).ToBeVisibleAsync();
        var box = (await parallel.BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + 60, box.Y + box.Height - 20);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + 60, box.Y + box.Height / 2, new() { Steps = 5 });
        await page.Mouse.UpAsync();
        await Expect(page.Locator("[data-kept]")).ToContainTextAsync("15 of 30 runs kept");
        await Expect(page.Locator(".compare thead th").Nth(1)).ToHaveCSSAsync("opacity", "0.3");
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare only these" }).ClickAsync();
        await Expect(page.Locator(".compare thead th")).ToHaveCountAsync(15);
        await Expect(page.Locator(".compare thead th").Nth(1)).ToHaveCSSAsync("opacity", "1");

        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download report" }).ClickAsync());
        Assert.Contains("Comparison of 15 runs", await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private static Task<int> SeriesAsync(IPage page, string metric) =>
        page.EvaluateAsync<int>($"() => echarts.getInstanceByDom(document.querySelector('[data-metric={metric}]')).getOption().series.length");

    /// <summary>Thirty runs, half of them with the small batch, every other one.</summary>
    private async Task<IReadOnlyList<RunId>> MakeRunsAsync()
    {
        await using var hub = await EmptyHub.CreateAsync(existing: _data);
        var ids = new List<RunId>();
        for (var i = 0; i < 30; i++)
        {
            var run = await PlayedRun.StartAsync(hub, new TrainingSpec { BatchSize = i % 2 == 0 ? 32 : 128, Seed = i, Device = DeviceRequest.Cpu });
            for (var epoch = 1; epoch <= 3; epoch++)
                await run.EpochAsync(epoch, accuracy: 0.9 + 0.001 * i + 0.01 * epoch);
            await run.EndAsync();
            ids.Add(run.Id);
        }

        await hub.Get<MetricWriter>().FlushAsync();
        return ids;
    }
}
