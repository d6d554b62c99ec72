using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>Somebody without a mouse: everything here is pressed, nothing is clicked.</summary>
public sealed partial class KeyboardJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    /// <summary>Whoever has to press Tab more often would not find it.</summary>
    private const int MostStops = 60;

    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task Runs_ByKeyboardAlone_AreStartedFilteredTickedComparedStoppedAndDownloaded()
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data);
        await hub.FinishRunAsync("""{"experiment": "keys", "name": "alpha", "spec": {"epochs": 1}}""");
        await hub.FinishRunAsync("""{"experiment": "keys", "name": "beta", "spec": {"epochs": 1, "seed": 2}}""");
        var page = await browser.OpenAsync(hub);
        var filter = page.GetByRole(AriaRole.Combobox, new() { Name = "Filter runs" });
        var rows = page.Locator("table.grid tbody tr");

        // From a page without a filter; what is typed before the field is there is meant for it as well.
        foreach (var path in new[] { "/", "/devices" })
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("h1")).ToBeFocusedAsync();
            await page.Keyboard.PressAsync("/");
            await page.Keyboard.TypeAsync("name");
            await Expect(page).ToHaveURLAsync(new Regex("/runs$"));
            await Expect(filter).ToBeFocusedAsync();
            await Expect(filter).ToHaveValueAsync("name");
        }

        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("alpha");
        await page.Keyboard.PressAsync("Enter");
        await Expect(rows).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.PressAsync("Delete");
        await page.Keyboard.PressAsync("Enter");
        await Expect(rows).ToHaveCountAsync(2);

        // On from the filter to the rows. They are one stop of the Tab key, and so are the headings.
        await page.Keyboard.PressAsync("Escape");
        await page.Keyboard.PressAsync("Escape");
        await Expect(rows.Nth(0)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Shift+Tab");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Name" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Tab");
        await Expect(rows.Nth(0)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Space");
        await Expect(rows.Nth(0).GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();
        await page.Keyboard.PressAsync("ArrowDown");
        await page.Keyboard.PressAsync("Space");
        await Expect(page.GetByText("2 selected")).ToBeVisibleAsync();
        await Expect(rows.Nth(1)).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Tab");
        await Expect(rows.Locator(":focus")).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Shift+Tab");
        await Expect(rows.Nth(1)).ToBeFocusedAsync();

        await page.Keyboard.PressAsync("c");
        await Expect(page).ToHaveURLAsync(new Regex("/compare\\?runs="));
        await TabToAsync(page, page.GetByRole(AriaRole.Link, new() { Name = "Download report" }));
        var report = await page.RunAndWaitForDownloadAsync(() => page.Keyboard.PressAsync("Enter"));
        Assert.EndsWith(".html", report.SuggestedFilename, StringComparison.Ordinal);

        // One that trains long enough to be stopped.
        await page.Keyboard.PressAsync("n");
        var epochs = page.GetByLabel("Epochs", new() { Exact = true });
        await Expect(epochs).ToBeVisibleAsync();
        await TabToAsync(page, epochs);
        await page.Keyboard.PressAsync("Control+a");
        await page.Keyboard.TypeAsync("500");
        // Enter in a field sends the form.
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync(RunAddress());
        var id = RunAddress().Match(page.Url).Groups[1].Value;
        // Stopped when there is something to download.
        await Expect(page.Locator(".tabs .count").First).Not.ToHaveTextAsync("0", new() { Timeout = 120_000 });
        await TabToAsync(page, page.GetByRole(AriaRole.Button, new() { Name = "Stop" }));
        await page.Keyboard.PressAsync("Enter");
        await Expect(page).ToHaveTitleAsync(new Regex("stopped"), new() { Timeout = 60_000 });
        Assert.Equal("stopped", (await hub.ReadRunAsync(id))["status"]!.GetValue<string>());

        await TabToAsync(page, page.GetByRole(AriaRole.Link, new() { Name = "Checkpoints" }));
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Checkpoints", Exact = true })).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("t");
        var first = page.Locator("table tbody tr").First;
        await Expect(first).ToBeFocusedAsync();
        var last = first.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Download") });
        for (var i = 0; i < 5 && !await last.EvaluateAsync<bool>("link => link === document.activeElement"); i++)
            await page.Keyboard.PressAsync("ArrowRight");
        var checkpoint = await page.RunAndWaitForDownloadAsync(() => page.Keyboard.PressAsync("Enter"));
        Assert.EndsWith(".safetensors", checkpoint.SuggestedFilename, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Menus_OpenedByKeyboard_TakeTheFocusAndGiveItBack()
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data);
        var run = (await hub.FinishRunAsync("""{"experiment": "keys", "name": "alpha", "spec": {"epochs": 1}}"""))["id"];
        var page = await browser.OpenAsync(hub);
        foreach (var path in new[] { "/runs", $"/runs/{run}", $"/compare?runs={run}" })
        {
            await page.GotoAsync(path);
            var openers = page.Locator("main details.menu > summary");
            await Expect(openers.First).ToBeVisibleAsync();
            await Expect(page.Locator("[aria-busy=true]")).ToHaveCountAsync(0);
            foreach (var opener in await openers.AllAsync())
            {
                await opener.FocusAsync();
                var words = await opener.EvaluateAsync<string>("opener => opener.ariaLabel ?? opener.textContent");
                await page.Keyboard.PressAsync("Enter");
                await Expect(opener.Locator("..")).ToHaveAttributeAsync("open", "");
                await page.WaitForFunctionAsync("() => document.activeElement.matches('details.menu[open] :not(summary)')", null,
                    new() { Timeout = 10_000 });
                await page.Keyboard.PressAsync("ArrowDown");
                await page.Keyboard.PressAsync("Escape");
                Assert.True(await opener.EvaluateAsync<bool>("opener => opener === document.activeElement && !opener.parentElement.open"),
                    $"{words} on {path} did not give the focus back");
            }
        }

        // A dialog from a menu: it has the focus, and the menu gets it back.
        await page.GotoAsync($"/runs/{run}");
        var more = page.GetByLabel("More actions");
        await TabToAsync(page, more);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText("Rename…")).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Textbox, new() { Name = "Name" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await Expect(more).ToBeFocusedAsync();
    }

    [Fact]
    public async Task EveryPage_ByKeyboard_BeginsWithTheSkipLinkAndListsWhatWorksThere()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        foreach (var path in new[] { "/", "/runs", "/runs/new", "/experiments", "/experiments/new", "/compare", "/schedules", "/schedules/new",
            "/datasets", "/devices", "/deleted" })
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("h1")).ToBeVisibleAsync();
            var firstStop = await page.EvaluateAsync<string>(
                "() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].find(one => one.tabIndex >= "
                    + "0 && one.checkVisibility()).textContent");
            Assert.Equal("Skip to content", firstStop);
            // A form begins in its first field, where it would be typed.
            await page.Locator("h1").FocusAsync();
            await page.Keyboard.PressAsync("?");
            await Expect(page.Locator("#shortcuts")).ToBeVisibleAsync();
            await Expect(page.Locator("#shortcuts dd", new() { HasText = "New run" })).ToBeVisibleAsync();
            // There is no chart on any of them while there is no run.
            await Expect(page.Locator("#shortcuts dd", new() { HasText = "In a chart" }).First).ToBeHiddenAsync();
            await page.Keyboard.PressAsync("Escape");
            await Expect(page.Locator("#shortcuts")).ToBeHiddenAsync();
        }

        await page.GotoAsync("/deleted");
        await page.Locator(".skip-link").First.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("main")).ToBeFocusedAsync();
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    /// <summary>Goes there as the Tab key does, and no other way.</summary>
    private static async Task TabToAsync(IPage page, ILocator target)
    {
        await Expect(target).ToBeVisibleAsync();
        for (var stop = 0; stop < MostStops; stop++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await target.EvaluateAsync<bool>("one => one === document.activeElement"))
                return;
        }

        Assert.Fail($"{target} is not among the next {MostStops} stops of the Tab key.");
    }

    [GeneratedRegex(@"/runs/([0-9a-f]{32})")]
    private static partial Regex RunAddress();
}
