using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>The hub is killed while somebody writes: the page comes back by itself at the same view, and nothing that was typed is lost.</summary>
public sealed class LostConnectionJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task Notes_HubKilledWhileTheyAreWritten_AreThereAgainWithWhatWasTypedMeanwhile()
    {
        var id = await MakeRunAsync();
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync($"/runs/{id}?tab=notes");
        await page.GetByRole(AriaRole.Button, new() { Name = "Write notes" }).ClickAsync();
        var field = page.GetByLabel("Notes in Markdown");
        await field.PressSequentiallyAsync("heard");
        await WaitUntilKeptAsync(page, "heard");
        await hub.KillAsync();
        await Expect(page.Locator("#components-reconnect-modal")).ToContainTextAsync("What you type is kept");
        await field.PressSequentiallyAsync(" and not heard");

        await using var again = await HubProcess.StartAsync(_data, $"--urls=http://127.0.0.1:{hub.Address.Port}");
        await Expect(page.GetByText("not saved yet")).ToBeVisibleAsync();
        await Expect(page).ToHaveURLAsync(new Regex("tab=notes"));
        await Expect(field).ToHaveValueAsync("heard and not heard");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save notes" }).ClickAsync();
        await Expect(page.Locator(".written")).ToContainTextAsync("heard and not heard");

        // It was saved: nothing comes back any more.
        await page.ReloadAsync();
        await Expect(page.Locator(".written")).ToContainTextAsync("heard and not heard");
        await Expect(field).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task ExperimentForm_HubKilledWhileItIsFilledIn_IsFilledInAgain()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/experiments/new");
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("Größe");
        await page.GetByLabel("Epochs").FillAsync("17");
        await WaitUntilKeptAsync(page, "17");
        await hub.KillAsync();
        await Expect(page.Locator("#components-reconnect-modal")).ToContainTextAsync("What you type is kept");
        await page.GetByLabel("Description (optional)").FillAsync("typed without the hub");

        await using var again = await HubProcess.StartAsync(_data, $"--urls=http://127.0.0.1:{hub.Address.Port}");
        await Expect(page.GetByText("is here again")).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Name", new() { Exact = true })).ToHaveValueAsync("Größe");
        await Expect(page.GetByLabel("Epochs")).ToHaveValueAsync("17");
        await Expect(page.GetByLabel("Description (optional)")).ToHaveValueAsync("typed without the hub");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create experiment" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Größe" })).ToBeVisibleAsync();
        await Expect(page.GetByText("typed without the hub")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task NewRun_TypedWithoutTheHub_IsLaidOverTheFormAgain()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/runs/new");
        await page.GetByLabel("Epochs").FillAsync("3, 5");
        await Expect(page).ToHaveURLAsync(new Regex("epochs=3%2C%205"));
        await hub.KillAsync();
        await Expect(page.Locator("#components-reconnect-modal")).ToContainTextAsync("What you type is kept");
        await page.GetByLabel("Name (optional)").FillAsync("offline");
        await page.GetByLabel("Seed", new() { Exact = true }).FillAsync("1-2");

        await using var again = await HubProcess.StartAsync(_data, $"--urls=http://127.0.0.1:{hub.Address.Port}");
        await Expect(page).ToHaveURLAsync(new Regex("offline"));
        await Expect(page.GetByLabel("Epochs")).ToHaveValueAsync("3, 5");
        await Expect(page.GetByLabel("Name (optional)")).ToHaveValueAsync("offline");
        await Expect(page.GetByLabel("Seed", new() { Exact = true })).ToHaveValueAsync("1-2");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Start 4 runs" })).ToBeVisibleAsync();
    }

    private static Task<IJSHandle> WaitUntilKeptAsync(IPage page, string text) =>
        page.WaitForFunctionAsync("text => Object.values(localStorage).some(value => value.includes(text))", text);

    private async Task<string> MakeRunAsync()
    {
        await using var hub = await EmptyHub.CreateAsync(existing: _data);
        return (await hub.FinishAsync("written about", accuracies: [0.5])).ToString();
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);
}
