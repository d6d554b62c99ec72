using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
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
        var asked = SeriesAskedFor(page);
        await page.GotoAsync($"/compare?runs={string.Join(',', ids)}");
        var curves = page.Locator("compare-curves");
        await curves.ScrollIntoViewIfNeededAsync();
        await Expect(curves).ToHaveAttributeAsync("data-drawn", "");
        await Expect(page.Locator(".compare tbody tr")).ToHaveCountAsync(ids.Count);
        Assert.Single(asked);
        Assert.Equal(ids.Count, await SeriesAsync(page, "train_loss"));

        // The legend has the best first; it hides curves and shows one alone, by keyboard too.
        var legend = page.Locator("[data-legend]");
        await Expect(legend.Locator("li")).ToHaveCountAsync(ids.Count);
        await Expect(legend.Locator(".value").First).ToHaveTextAsync("95.90 %");
        await legend.Locator("input").First.FocusAsync();
        await page.Keyboard.PressAsync("Space");
        Assert.Equal(ids.Count - 1, await SeriesAsync(page, "train_loss"));
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Enter");
        await Expect(legend.Locator("input:checked")).ToHaveCountAsync(1);
        await Expect(legend.Locator("input").Nth(1)).ToBeFocusedAsync();
        Assert.Equal(1, await SeriesAsync(page, "train_loss"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Show all" }).ClickAsync();
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
        await page.Locator("[data-metric=samples_per_second]").ScrollIntoViewIfNeededAsync();
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
        // The second run has the greater batch, whichever row it is in.
        var second = page.Locator(".compare .of-1 .head");
        await Expect(second).ToHaveCSSAsync("opacity", "0.3");
        // It stands in the address, and another person sees the same.
        await Expect(page).ToHaveURLAsync(new Regex("keep=params.batchSize:"));
        await page.ReloadAsync();
        await Expect(second).ToHaveCSSAsync("opacity", "0.3");
        await Expect(page.Locator("[data-kept]")).ToContainTextAsync("15 of 30 runs kept");
        await page.GetByRole(AriaRole.Link, new() { Name = "Compare only these" }).ClickAsync();
        await Expect(page.Locator(".compare tbody tr")).ToHaveCountAsync(15);
        await Expect(second).ToHaveCSSAsync("opacity", "1");

        // What was compared is offered again where nothing is chosen.
        await page.GotoAsync("/compare");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Recent comparisons" }).Locator("li")).ToHaveCountAsync(2);
        await page.GoBackAsync();

        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download report" }).ClickAsync());
        Assert.Contains("Comparison of 15 runs", await File.ReadAllTextAsync(await download.PathAsync(), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task LookingCloser_ByDragAndKeys_ReadsTheStretchAndStandsInTheAddress()
    {
        var ids = await MakeLongRunsAsync();
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub, 1280, 1000, ColorScheme.Light);
        var asked = SeriesAskedFor(page);
        await page.GotoAsync($"/compare?runs={string.Join(',', ids)}&metrics=train_loss");
        var panel = page.Locator("[data-metric=train_loss]");
        await panel.ScrollIntoViewIfNeededAsync();
        await Expect(panel.Locator("canvas")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Reset zoom" })).ToBeDisabledAsync();

        // 52 to the left of the plot and 16 to its right: a fifth of what is between them, from its middle on.
        var box = (await panel.BoundingBoxAsync())!;
        var plot = box.Width - 68;
        await page.Mouse.MoveAsync(box.X + 52 + plot / 2, box.Y + 100);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + 52 + plot * 0.7f, box.Y + 100, new() { Steps = 5 });
        await page.Mouse.UpAsync();
        await Expect(page).ToHaveURLAsync(new Regex(@"zoom=1\.(49|5)\d*\.\.2\.(09|1)"));
        var closer = await page.WaitForFunctionAsync(
            "() => { const { data } = echarts.getInstanceByDom(document.querySelector('[data-metric=train_loss]')).getOption().series[0]; return "
                + "data.length > 200 && data.length; }");
        Assert.InRange(await closer.JsonValueAsync<int>(), 290, 620); // 600 buckets at most of 6,000 steps are 120 at most of these 1,200
        Assert.Equal(2, asked.Count);
        Assert.Contains("from=", asked[1], StringComparison.Ordinal);

        // The cursor says what both curves have at a place.
        await panel.FocusAsync();
        await page.Keyboard.PressAsync("End");
        await Expect(page.Locator("[data-said]")).ToHaveTextAsync(new Regex(@"^epoch 2\.\d+: .* 0\.\d+, .* 0\.\d+$"));

        await page.ReloadAsync();
        await panel.ScrollIntoViewIfNeededAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Reset zoom" })).ToBeEnabledAsync();
        await panel.FocusAsync();
        await page.Keyboard.PressAsync("0");
        await Expect(page).Not.ToHaveURLAsync(new Regex("zoom="));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Reset zoom" })).ToBeDisabledAsync();

        // Another axis has other places, so that a stretch of this one means nothing there.
        await page.Keyboard.PressAsync("+");
        await Expect(page).ToHaveURLAsync(new Regex("zoom="));
        await page.GetByRole(AriaRole.Link, new() { Name = "steps" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("^(?!.*zoom=).*axis=step"));
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Reset zoom" })).ToBeDisabledAsync();
    }

    [Fact]
    public async Task RunsThatTrain_TheirCurvesGrow_WithoutBeingReadAgain()
    {
        // Four epochs of ten steps, two at a time, as the test says.
        using var trainer = new FakeTrainer($"""
            {FakeTrainer.Say(PlayedRun.Started())}
            {Epoch(1)}
            {Epoch(2)}
            {FakeTrainer.Await("more")}
            {Epoch(3)}
            {Epoch(4)}
            {FakeTrainer.Await("end")}
            {FakeTrainer.Say(new TrainingFinished())}
            """);
        await using var hub = await HubProcess.StartAsync(_data, $"--Hub:TrainerPath={trainer.Program}", "--Hub:CpuSlots=2");
        string[] ids = [await StartAsync(), await StartAsync()];
        foreach (var id in ids)
            await EpochsDoneAsync(hub, id, 2);

        var page = await browser.OpenAsync(hub, 1280, 1000, ColorScheme.Light);
        var asked = SeriesAskedFor(page);
        await page.GotoAsync($"/compare?runs={string.Join(',', ids)}");
        await page.Locator("compare-curves").ScrollIntoViewIfNeededAsync();
        await ShownAsync(page, ids, 20);
        Assert.Single(asked);

        trainer.Go("more");
        await ShownAsync(page, ids, 40);
        await Expect(page.Locator(".compare")).ToContainTextAsync("94.00 %");
        Assert.Single(asked);
        await LooksAsStoredAsync();

        // What has ended is read once more, whole.
        trainer.Go("end");
        await Expect(page.Locator(".compare").GetByText("finished")).ToHaveCountAsync(2);
        await page.WaitForFunctionAsync("count => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/series?')).length > count", 1);
        await ShownAsync(page, ids, 40);
        await LooksAsStoredAsync();

        async Task<string> StartAsync() =>
            (await hub.StartRunAsync("""{"experiment": "live", "spec": {"epochs": 4, "device": "cpu"}}"""))["id"]!.ToString();

        async Task LooksAsStoredAsync()
        {
            var stored = JsonNode.Parse(await hub.Http.GetStringAsync($"/api/v1/series?runs={string.Join(',', ids)}&metrics=train_loss"))!;
            foreach (var run in stored["runs"]!.AsArray())
            {
                var values = run!["series"]![0]!["values"]!.AsArray().Select(value => value!.GetValue<double>());
                Assert.Equal(values, await DrawnAsync(page, run["run"]!.ToString()));
            }
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    /// <summary>Addresses of curves that the page asks for, from now on.</summary>
    private static List<string> SeriesAskedFor(IPage page)
    {
        List<string> asked = [];
        page.Request += (_, request) =>
        {
            if (request.Url.Contains("/series?", StringComparison.Ordinal))
                asked.Add(request.Url);
        };
        return asked;
    }

    private static Task<int> SeriesAsync(IPage page, string metric) =>
        page.EvaluateAsync<int>($"() => echarts.getInstanceByDom(document.querySelector('[data-metric={metric}]')).getOption().series.length");

    /// <summary>What a trainer says of an epoch of ten steps, each with a loss of its own.</summary>
    private static string Epoch(int number) => FakeTrainer.Say(
        new TrainingProgress(number, number * PlayedRun.StepsPerEpoch, 1.0 / number, 1000)
        {
            Losses = [.. Enumerable.Range(1, PlayedRun.StepsPerEpoch).Select(step => 1f / (number * PlayedRun.StepsPerEpoch + step))],
        }) + "\n" + FakeTrainer.SayEpoch(number);

    private static async Task EpochsDoneAsync(HubProcess hub, string id, int epochs)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while ((await hub.ReadRunAsync(id))["epochs"]!.AsArray().Count < epochs)
            await Task.Delay(50, limit.Token);
    }

    private static async Task ShownAsync(IPage page, IReadOnlyList<string> ids, int points) => await page.WaitForFunctionAsync("""
        ([ids, points]) => {
          const place = document.querySelector('[data-metric=train_loss]');
          const series = globalThis.echarts && place && echarts.getInstanceByDom(place)?.getOption().series;
          return series && ids.every((run) => series.find(({ id }) => id === run)?.data.length === points);
        }
        """, new object[] { ids, points });

    /// <summary>The measured losses of a run that its curve has.</summary>
    private static Task<double[]> DrawnAsync(IPage page, string run) => page.EvaluateAsync<double[]>(
        "run => echarts.getInstanceByDom(document.querySelector('[data-metric=train_loss]')).getOption().series.find(({ id }) => id === run)"
            + ".data.map((entry) => entry.at(-1))", run);

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

    /// <summary>Two runs with three epochs of 2,000 steps each.</summary>
    private async Task<IReadOnlyList<RunId>> MakeLongRunsAsync()
    {
        await using var hub = await EmptyHub.CreateAsync(existing: _data);
        var ids = new List<RunId>();
        for (var i = 0; i < 2; i++)
        {
            var run = await PlayedRun.StartAsync(hub, new TrainingSpec { Seed = i, Device = DeviceRequest.Cpu },
                started: PlayedRun.Started() with { StepsPerEpoch = 2_000 });
            hub.Get<MetricWriter>().Append((await run.ReadAsync()).Number, MetricNames.TrainLoss,
                [.. Enumerable.Range(1, 6_000).Select(step => new MetricPoint(step, step, 0.1 + 300.0 / (300 + step)))]);
            await run.EndAsync();
            ids.Add(run.Id);
        }

        await hub.Get<MetricWriter>().FlushAsync();
        return ids;
    }
}
