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

        await page.GetByRole(AriaRole.Link, new() { Name = "Nights" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Schedule retraining" }).ClickAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "Weekdays" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Radio, new() { Name = "Weekdays" })).ToBeCheckedAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "Own cron expression" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Radio, new() { Name = "Own cron expression" })).ToBeCheckedAsync();
        var cron = page.GetByRole(AriaRole.Textbox, new() { Name = "Cron expression" });
        await Expect(cron).ToHaveValueAsync("30 2 * * 1-5");
        await cron.FillAsync("99 2 * * *");
        await Expect(page.GetByText("no field has a value of 99")).ToBeVisibleAsync();
        await cron.FillAsync("45 3 * * 1-5");
        await Expect(page.GetByRole(AriaRole.List, new() { Name = "Next fire times" }).GetByRole(AriaRole.Listitem)).ToHaveCountAsync(5);
        await cron.PressAsync("Enter");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "nightly · Monday to Friday at 03:45" })).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Run now" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Region, new() { Name = "Firings" }).GetByText("finished")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("1 finished run,") }).Locator("canvas")).ToBeVisibleAsync();

        // The plain shape is recognised again, and what is changed is what the list of schedules says.
        await page.GetByRole(AriaRole.Link, new() { Name = "Edit", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Radio, new() { Name = "Weekdays" })).ToBeCheckedAsync();
        await page.GetByLabel("Time (HH:mm)").FillAsync("02:30");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save schedule" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "nightly · Monday to Friday at 02:30" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Navigation, new() { Name = "Pages" }).GetByRole(AriaRole.Link, new() { Name = "Schedules" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("nightly.*Monday to Friday at 02:30.*in .*finished") }))
            .ToBeVisibleAsync();

        await page.GotoAsync("/experiments");
        await page.GetByRole(AriaRole.Link, new() { Name = "nightly" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete…" }).ClickAsync();
        // The harmless answer has the focus, the menu is gone, and Escape is a no.
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Keep it" })).ToBeFocusedAsync();
        await Expect(page.GetByRole(AriaRole.Menuitem)).ToHaveCountAsync(0);
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "More actions" }).ClickAsync();
        await page.GetByRole(AriaRole.Menuitem, new() { Name = "Delete…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete experiment" }).ClickAsync();
        await Expect(page.GetByText("An experiment gathers the runs")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Nights" }).ClickAsync();
        await Expect(page.GetByText("Monday to Friday at 02:30")).ToBeVisibleAsync();
        await page.Locator("hub-tabs").GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Runs") }).ClickAsync();

        // A row is one link, its heading is not: each word of it sorts by its own column.
        foreach (var (column, order) in new[] { ("at_best(metrics.test_accuracy)", "descending"), ("status", "ascending"), ("name", "ascending") })
        {
            var heading = page.Locator($"th[data-column='{column}']");
            await heading.GetByRole(AriaRole.Button).ClickAsync();
            await Expect(heading).ToHaveAttributeAsync("aria-sort", order);
            await Expect(page).ToHaveURLAsync(new Regex($"sort={column.Split('(')[0]}"));
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }
}
