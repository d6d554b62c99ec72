using System.Net.Http.Json;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>
/// Every page with real data in it, wide and narrow, light and dark: nothing serious for axe, no sideways scrolling, no error in the console, nothing
/// that jumps while it loads.
/// </summary>
public sealed class EveryPageTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private const int Wide = 1280;
    private const int Narrow = 390;
    private const int Height = 800;

    /// <summary>Cumulative layout shift, https://web.dev/articles/cls; what a person sees as still.</summary>
    private const double MostShift = 0.02;

    private readonly string _data = HubProcess.NewFolder();
    private int _width = Wide;
    private int _checked;

    [Fact]
    public async Task Pages_WithData_AreAccessibleAndFitTheScreen()
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub, Wide, Height);
        await page.AddInitScriptAsync(
            "globalThis.shifted = 0; new PerformanceObserver(list => list.getEntries().forEach(one => { if (!one.hadRecentInput) globalThis.shifted "
                + "+= one.value; })).observe({ type: 'layout-shift', buffered: true });");
        List<string> errors = [];
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                errors.Add($"{page.Url}: {message.Text}");
        };
        foreach (var path in new[] { "/", "/runs", "/experiments", "/compare", "/schedules", "/schedules/new", "/datasets",
            "/devices" }) // with nothing in them
            await CheckAsync(page, path);

        var run = (await hub.FinishRunAsync("""{"experiment": "tutorial", "name": "finished"}"""))["id"];
        var twin = (await hub.FinishRunAsync("""{"experiment": "tutorial", "name": "twin", "spec": {"seed": 2}}"""))["id"];
        var failed =
            (await hub.FinishRunAsync(
                """{"experiment": "hot", "name": "failed", "spec": {"optimizer": {"learningRate": 100, "momentum": 0.99}, "model": {"kind": "small-cnn"}}}"""))["id"];
        var waiting = (await hub.StartRunAsync("""{"experiment": "gpu", "name": "waiting", "spec": {"device": "cuda:63"}}"""))["id"];
        await AnnotateAsync(hub, run!.ToString());
        await ScheduleAsync(page);
        string[] paths =
        [
            "/", "/runs", "/runs?status=stopped", "/runs?group=params.seed,status", "/runs?filter=name = 'a' and and",
            "/runs?differing=true&density=compact&sort=name desc,created", "/runs/new", "/runs/new?model=small-cnn&epochs=0", $"/runs/{run}",
            $"/runs/{run}?tab=checkpoints", $"/runs/{run}?tab=evaluation",
            $"/runs/{run}?tab=evaluation&of=last&pair=4-9", $"/runs/new?fork={run}:5", "/runs/new?fork=banana",
            $"/runs/{run}?tab=notes", $"/runs/{run}?tab=log", $"/runs/{run}?tab=spec", $"/runs/{run}?tab=attempts", $"/runs/{failed}",
            $"/runs/{waiting}", $"/runs/{new string('0', 32)}",
            "/experiments", "/experiments?archived=true", "/experiments?archived=banana", "/experiments/1", "/experiments/1?metric=train_loss",
            "/experiments/1?metric=banana", "/experiments/1?tab=study", "/experiments/1?tab=nights", "/experiments/1?tab=settings",
            "/experiments/1?tab=banana", "/storage", "/storage?experiment=1", "/storage?experiment=banana",
            "/runs?group=params.batchSize&groupOrder=-mean", "/runs?group=params.batchSize&groupOrder=banana", "/experiments/99999",
            "/experiments/1/export", "/experiments/99999/export", "/experiments/import", "/experiments/new?from=1", "/experiments/new?from=banana",
            "/experiments/new", "/experiments/1/edit", "/experiments/99999/edit", $"/runs?selected={run},{failed}", "/devices",
            $"/compare?runs={run},{failed},{waiting}", $"/compare?runs={run},{failed}&hideEqual=true&axis=time",
            $"/compare?runs={run},{new string('0', 32)}&baseline=banana&axis=banana",
            $"/compare?runs={run},{twin},{failed},{waiting}&axis=samples&metrics=test_accuracy,train_loss&log=train_loss&bands=true&seeds=true&colour=params.model.kind&target=0.9",
            $"/compare?runs={run},{failed}&colour=metrics.test_accuracy&axis=training&left={run}&right={failed}",
            $"/compare?runs={string.Join(',', Enumerable.Range(0, 201).Select(i => $"{i:x32}"))}",
            "/schedules", "/schedules/new", "/schedules/new?experiment=2&cron=99 2 * * *&zone=Mars",
            "/schedules/new?experiment=1&cron=30 2 27-29 3 *&zone=Europe/Berlin", "/schedules/1", "/schedules/1/edit", "/schedules/99999",
            "/datasets", "/datasets/new", "/datasets/mnist", "/datasets/kmnist", "/datasets/nothing",
        ];
        foreach (var path in paths)
            await CheckAsync(page, path);
        Assert.Empty(errors);
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private static async Task AnnotateAsync(HubProcess hub, string run)
    {
        using var notes =
            JsonContent.Create(new { notes = "# Why\n\nA [link](https://example.com), `code` and a table:\n\n|a|b|\n|-|-|\n|1|2|\n\n> quoted" });
        (await hub.Http.PutAsync(new Uri($"/api/v1/runs/{run}/notes", UriKind.Relative), notes)).EnsureSuccessStatusCode();
        (await hub.Http.PutAsync(new Uri($"/api/v1/runs/{run}/tags/night", UriKind.Relative), null)).EnsureSuccessStatusCode();
    }

    /// <summary>A schedule of the first experiment that has fired twice; the second time it skips, unless the run was very quick.</summary>
    private static async Task ScheduleAsync(IPage page)
    {
        await page.GotoAsync("/schedules/new?experiment=1");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save schedule" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Every day at 02:30" })).ToBeVisibleAsync();
        var firings = page.GetByRole(AriaRole.Region, new() { Name = "Firings" }).Locator("tbody tr");
        for (var firing = 1; firing <= 2; firing++)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Run now" }).ClickAsync();
            await Expect(firings).ToHaveCountAsync(firing);
        }

        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Firings" }).GetByText("finished").First)
            .ToBeVisibleAsync(new() { Timeout = 60_000 });
    }

    /// <summary>
    /// Loaded wide and then made narrow, or the other way round, page by page; light and dark take turns with both, since every look of every page
    /// would take too long.
    /// </summary>
    private async Task CheckAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        await Expect(page.Locator("h1, h2").First).ToBeVisibleAsync();
        await Expect(page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
        // Only what a person sees: Blazor's own bar with these words is in every page, hidden.
        await Expect(page.GetByText("This page stopped because of an error").Filter(new() { Visible = true })).ToHaveCountAsync(0);
        var shifted = await page.EvaluateAsync<double>("() => globalThis.shifted");
        Assert.True(shifted <= MostShift, $"{path} jumps while it loads, by {shifted:0.000} at {_width} pixels");
        var (first, second) = _checked++ % 4 < 2 ? (ColorScheme.Light, ColorScheme.Dark) : (ColorScheme.Dark, ColorScheme.Light);
        await CheckLookAsync(page, path, first);
        _width = _width == Wide ? Narrow : Wide;
        await page.SetViewportSizeAsync(_width, Height);
        await CheckLookAsync(page, path, second);
    }

    private async Task CheckLookAsync(IPage page, string path, ColorScheme scheme)
    {
        // A colour on its way to another one is not what anybody reads.
        await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
        await page.EvaluateAsync("() => new Promise(painted => requestAnimationFrame(() => requestAnimationFrame(painted)))");
        var found = (await page.RunAxe()).Violations.Where(violation => violation.Impact is "serious" or "critical").ToList();
        Assert.True(found.Count == 0,
            $"{path}, {_width} {scheme}: {string.Join("; ", found.Select(violation => $"{violation.Id} at {string.Join(", ", violation.Nodes.Select(node => node.Html))}"))}");
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"),
            $"{path} scrolls sideways at {_width}");
    }
}
