using System.Globalization;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>Somebody looks at the hub on a phone, and nothing moves away under the finger.</summary>
public sealed class SmallScreenJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task SmallScreen_WithRuns_ShowsResultsTabsAndDialogsWhole()
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data);
        var run =
            (await hub.FinishRunAsync(
                """{"experiment": "a long name of an experiment", "name": "a-rather-long-name-of-a-run", "spec": {"epochs": 1}}"""))["id"];
        foreach (var width in new[] { 360, 390 })
        {
            var page = await browser.OpenAsync(hub, width, 844);
            await page.GotoAsync("/runs");
            var result = page.Locator("table.grid tbody td",
                new() { HasTextRegex = new System.Text.RegularExpressions.Regex(@"^\d\d\.\d\d$") }).First;
            await Expect(result).ToBeVisibleAsync();
            await InSightAsync(result, width);
            Assert.Equal(0, await page.EvaluateAsync<int>("() => document.querySelector('.table-frame').scrollLeft"));

            await page.GotoAsync($"/runs/{run}?tab=attempts");
            var tab = page.Locator(".tabs [aria-current]");
            await Expect(tab).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("Attempts"));
            await page.WaitForFunctionAsync("() => document.querySelector('.tabs').scrollLeft > 0");
            await InSightAsync(tab, width);

            await page.GetByLabel("More actions").ClickAsync();
            await page.GetByText("Rename…").ClickAsync();
            var dialog = page.GetByRole(AriaRole.Dialog);
            await Expect(dialog).ToBeVisibleAsync();
            await InSightAsync(dialog, width);
            await InSightAsync(dialog.GetByRole(AriaRole.Button, new() { Name = "Rename" }), width);
        }
    }

    [Theory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task RunsButtons_WhenItsStateChanges_KeepTheirPlaces(int width)
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data);
        var run = (await hub.StartRunAsync("""{"experiment": "places", "name": "long", "spec": {"epochs": 500}}"""))["id"];
        var page = await browser.OpenAsync(hub, width, 844);
        await page.GotoAsync($"/runs/{run}");
        await Expect(page.Locator(".tabs .count").First).Not.ToHaveTextAsync("0", new() { Timeout = 120_000 });
        var (pause, stop, clone) = (Button("Pause"), Button("Stop"), page.GetByRole(AriaRole.Link, new() { Name = "Clone" }));
        var places = await PlacesAsync();

        await pause.ClickAsync();
        await Expect(Button("Resume")).ToBeEnabledAsync(new() { Timeout = 60_000 });
        await Expect(Button("Train on…")).ToBeVisibleAsync();
        await Expect(pause).ToBeDisabledAsync();
        Assert.Equal(places, await PlacesAsync());

        await stop.ClickAsync();
        await Expect(page.Locator(".title-line").GetByText("stopped")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(stop).ToBeDisabledAsync();
        Assert.Equal(places, await PlacesAsync());

        // Whoever comes later sees only what can be done.
        await page.ReloadAsync();
        await Expect(Button("Resume")).ToBeVisibleAsync();
        await Expect(stop).ToHaveCountAsync(0);

        ILocator Button(string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

        async Task<string[]> PlacesAsync() => await Task.WhenAll(new[] { pause, stop, clone }.Select(async button =>
            await button.BoundingBoxAsync() is { } box ? string.Create(CultureInfo.InvariantCulture, $"{box.X:0} {box.Y:0}") : "gone"));
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private static async Task InSightAsync(ILocator what, int width)
    {
        var box = await what.BoundingBoxAsync();
        Assert.NotNull(box);
        Assert.True(box.X >= 0 && box.X + box.Width <= width, $"{what} lies from {box.X} to {box.X + box.Width} on a screen of {width}");
    }
}
