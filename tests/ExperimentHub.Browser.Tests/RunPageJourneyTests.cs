using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>What a person does on the page of a run that has ended: arranges its panels, looks closer, writes down what came of it.</summary>
public sealed class RunPageJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private const string Loss = "[data-panel=loss] .panel";
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task RunPage_ArrangedZoomedAndAnnotated_RemembersAndShowsMore()
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data);
        var run = (await hub.FinishRunAsync("""{"experiment": "tutorial", "spec": {"epochs": 2}}"""))["id"]!.ToString();
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync($"/runs/{run}");
        await DrawnAsync(page);
        await ArrangeAsync(page);
        await LookCloserAsync(page);
        await AnnotateAsync(page, hub, run);
        await OpenEveryTabAsync(page);
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    /// <summary>With the keyboard: a panel goes, stays away after a reload, and comes back; another one moves.</summary>
    private static async Task ArrangeAsync(IPage page)
    {
        string[] all = ["loss", "accuracy", "learning_rate", "speed", "cpu", "memory"];
        Assert.Equal(all, await PanelsAsync(page));
        await page.Locator("[data-panel=accuracy] summary").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove panel" }).PressAsync("Enter");
        await Expect(page.Locator("[data-panel=learning_rate] .panel")).ToBeFocusedAsync();
        Assert.Equal(all.Except(["accuracy"]), await PanelsAsync(page));

        await page.ReloadAsync();
        await DrawnAsync(page);
        Assert.Equal(all.Except(["accuracy"]), await PanelsAsync(page));
        await page.GetByText("Panels", new() { Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "Accuracy" }).PressAsync("Space");
        await Expect(page.Locator("[data-panel=accuracy]")).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Escape");
        Assert.Equal(all, await PanelsAsync(page));

        await page.Locator("[data-panel=memory] summary").ClickAsync();
        await page.Locator("[data-panel=memory]").GetByText("Move back").ClickAsync();
        Assert.Equal(["loss", "accuracy", "learning_rate", "speed", "memory", "cpu"], await PanelsAsync(page));
    }

    /// <summary>3,750 steps are drawn as buckets; a few hundred of them as they were.</summary>
    private static async Task LookCloserAsync(IPage page)
    {
        Assert.True(await PointsAsync(page, "train_loss:band") > 0, "a whole run is drawn as a band of least and greatest values");
        await page.Locator(Loss).ScrollIntoViewIfNeededAsync();
        var plot = await page.Locator(Loss).BoundingBoxAsync();
        await page.Mouse.MoveAsync(plot!.X + 150, plot.Y + 100);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(plot.X + 180, plot.Y + 100, new() { Steps = 4 });
        await page.Mouse.UpAsync();
        // Every step of the stretch: no buckets, so no band.
        await page.WaitForFunctionAsync($$"""
            () => {
              const series = echarts.getInstanceByDom(document.querySelector('{{Loss}}')).getOption().series;
              const data = series.find(({ id }) => id === 'train_loss').data;
              return !series.some(({ id }) => id === 'train_loss:band') && data.length > 100 && data.length < 1000;
            }
            """);

        await page.Locator(Loss).FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.Locator("[data-said]")).ToContainTextAsync(new Regex("step [0-9,]+: train [0-9.]+"));
        await page.Keyboard.PressAsync("0");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Reset zoom" })).ToBeDisabledAsync();
        await page.Keyboard.PressAsync("+");
        await page.GetByRole(AriaRole.Button, new() { Name = "Reset zoom" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Reset zoom" })).ToBeDisabledAsync();
    }

    private static async Task AnnotateAsync(IPage page, HubProcess hub, string run)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a tag" }).ClickAsync();
        await page.GetByRole(AriaRole.Combobox, new() { NameRegex = new Regex("^New tag") }).FillAsync("owner=anna");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Remove the tag owner" })).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Notes" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Write notes" }).ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Notes in Markdown" }).FillAsync("# Two epochs\n\nare **enough** to see it learn.");
        // What is not saved is not thrown away without a word.
        await page.GetByRole(AriaRole.Link, new() { Name = "Spec" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Keep writing" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Save notes" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Two epochs" })).ToBeVisibleAsync();

        await page.GetByLabel("More actions").ClickAsync();
        await page.GetByText("Rename…").ClickAsync();
        await page.GetByRole(AriaRole.Textbox, new() { Name = "Name" }).FillAsync("learned enough");
        await page.GetByRole(AriaRole.Button, new() { Name = "Rename", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "learned enough" })).ToBeVisibleAsync();
        var read = await hub.ReadRunAsync(run);
        Assert.Equal("anna", read["tags"]!["owner"]!.ToString());
        Assert.StartsWith("# Two epochs", read["notes"]!.ToString());
    }

    private static async Task DrawnAsync(IPage page) => await page.WaitForFunctionAsync(
        $"() => (globalThis.echarts && echarts.getInstanceByDom(document.querySelector('{Loss}'))?.getOption().series?.find(({{ id }}) => id === "
            + "'train_loss')?.data.length) > 100");

    private static async Task<string[]> PanelsAsync(IPage page) =>
        await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('figure[data-panel]')].map(figure => figure.dataset.panel)");

    private static Task<int> PointsAsync(IPage page, string id) =>
        page.EvaluateAsync<int>(
            $"() => echarts.getInstanceByDom(document.querySelector('{Loss}')).getOption().series.find(series => series.id === '{id}').data.length");

    /// <summary>From each tab to the next, back to the first, and the page still answers.</summary>
    private static async Task OpenEveryTabAsync(IPage page)
    {
        var tabs = page.Locator(".tabs a");
        foreach (var tab in Enumerable.Range(0, await tabs.CountAsync()).Reverse())
        {
            await tabs.Nth(tab).ClickAsync();
            await Expect(tabs.Nth(tab)).ToHaveAttributeAsync("aria-current", "page");
            await Expect(page.Locator("#blazor-error-ui")).ToBeHiddenAsync();
        }

        await DrawnAsync(page);
    }
}
