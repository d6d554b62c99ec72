using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>An experiment's life: it gets a schedule, is fired by hand, deleted and brought back.</summary>
public sealed class ExperimentJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task Experiment_ScheduledFiredDeletedAndRestored_HasEverythingAgain()
    {
        Skip.WithoutMnist();
        await using var hub = await HubProcess.StartAsync(_data);
        await hub.FinishRunAsync("""{"experiment": "nightly", "spec": {"epochs": 2}}""");
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/experiments");
        await page.GetByRole(AriaRole.Link, new() { Name = "nightly" }).ClickAsync();

        // What the schedule trains is what the run was.
        await page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Take those of") }).First.ClickAsync();
        await Expect(page.GetByText("SimpleNN on MNIST, 2 epochs")).ToBeVisibleAsync();

        var cron = page.GetByLabel("When (cron");
        await cron.FillAsync("99 2 * * *");
        await Expect(page.GetByText("no field has a value of 99")).ToBeVisibleAsync();
        await cron.FillAsync("30 2 * * 1-5");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add schedule" }).ClickAsync();
        await Expect(page.GetByText("Monday to Friday at 02:30")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Run now" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Firings" }).GetByText("finished")).ToBeVisibleAsync(new() { Timeout = 60_000 });

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete experiment" }).ClickAsync();
        await Expect(page.GetByText("An experiment gathers the runs")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Expect(page.GetByText("Monday to Friday at 02:30")).ToBeVisibleAsync();
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }
}
