using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>
/// A day with the product: a question becomes an experiment, three variants are trained and compared, the night retrains it, and the best
/// weights are taken home in the morning. Real trainer, real MNIST, real scheduler; only the clock is moved.
/// </summary>
public sealed partial class DayJourneyTests(Browser browser) : IClassFixture<Browser>
{
    private static readonly DateTimeOffset Noon = new(2027, 5, 10, 12, 0, 0, TimeSpan.FromHours(2));
    private static readonly DateTimeOffset Night = new(2027, 5, 11, 2, 29, 59, TimeSpan.FromHours(2));

    [Fact]
    public async Task Day_FromTheQuestionToTheBestWeights()
    {
        Skip.WithoutMnist();
        await using var hub = new HubWithClock(Noon);
        var page = await browser.OpenAsync(hub.Address, 1280, 900);

        // A question.
        await page.GotoAsync("/experiments");
        await page.GetByRole(AriaRole.Link, new() { Name = "New experiment" }).ClickAsync();
        await page.GetByLabel("Name", new() { Exact = true }).FillAsync("digits");
        await page.GetByLabel("Description (optional)").FillAsync("How far does a linear model get, and what does a small CNN add?");
        await page.GetByLabel("Epochs").FillAsync("3");
        await Tour.TakeAsync(page, "experiment-form");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create experiment" }).ClickAsync();
        await page.WaitForURLAsync(new Regex("/experiments/[0-9]+$"));
        var experiment = page.Url;

        // Three variants.
        await StartVariantAsync(page, experiment, "slow", ("Learning rate", "0.001"));
        await StartVariantAsync(page, experiment, "usual");
        await page.GotoAsync(experiment);
        await NewRunAsync(page);
        await page.GetByLabel("Name (optional)").FillAsync("cnn");
        await ChooseAsync(page, "Model", "Small CNN");
        await page.GetByLabel("Epochs").FillAsync("2");
        await page.GetByLabel("Batch size").FillAsync("64");
        await Tour.TakeAsync(page, "new-run");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start run" }).ClickAsync();
        await Expect(page.Locator("table").GetByRole(AriaRole.Row)).ToHaveCountAsync(2, new() { Timeout = 120_000 }); // one epoch is done
        await page.Mouse.MoveAsync(640, 890);
        await Tour.TakeAsync(page, "run");
        await ExpectFinishedAsync(page);

        // Side by side, by keyboard.
        await page.GotoAsync(experiment);
        foreach (var name in new[] { "usual", "slow", "cnn" })
            await page.GetByRole(AriaRole.Checkbox, new() { Name = $"Select {name}" }).CheckAsync();
        await Expect(page.GetByText("3 selected")).ToBeVisibleAsync();
        await Tour.TakeAsync(page, "experiment");
        await page.Keyboard.PressAsync("c");
        await page.WaitForURLAsync(new Regex("/compare"));
        await Expect(page.GetByText("3 runs, baseline usual")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("test accuracy.*\\(best\\)") })).ToBeVisibleAsync();
        await page.GetByLabel("Hide equal settings").CheckAsync();
        await Expect(page.GetByRole(AriaRole.Rowheader, new() { Name = "learning rate" })).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Rowheader, new() { Name = "momentum" })).ToHaveCountAsync(0);
        await Tour.TakeAsync(page, "compare");
        await page.Locator("compare-curves").ScrollIntoViewIfNeededAsync();
        await page.WaitForFunctionAsync(
            "() => globalThis.echarts && (echarts.getInstanceByDom(document.querySelector('compare-curves .panel'))?.getOption().series ?? "
                + "[]).filter(series => series.name).length === 3");
        await page.EvaluateAsync("() => document.querySelector('compare-curves').scrollIntoView()");
        await Tour.TakeAsync(page, "compare-curves");

        // The night.
        await page.GotoAsync(experiment);
        await page.GetByRole(AriaRole.Link, new() { Name = "Nights" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Schedule retraining" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Combobox, new() { Name = "Time zone" })).ToHaveValueAsync("Europe/Berlin");
        await page.GetByLabel("Time (HH:mm)").FillAsync("02:30");
        await Tour.TakeAsync(page, "schedule-form");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save schedule" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "digits · Every day at 02:30" })).ToBeVisibleAsync();
        hub.Now = Night;
        var firings = page.GetByRole(AriaRole.Region, new() { Name = "Firings" });
        // Quartz looks at its clock at least every half minute.
        await Expect(firings.GetByText("finished")).ToBeVisibleAsync(new() { Timeout = 120_000 });
        await Expect(firings.Locator("tbody tr")).ToHaveCountAsync(1);
        await page.ReloadAsync();
        await Expect(firings.GetByText("finished")).ToBeVisibleAsync();
        await Tour.TakeAsync(page, "schedule");

        // The morning.
        await page.GotoAsync("/");
        await Expect(page.GetByRole(AriaRole.Img, new() { NameRegex = new Regex("Best test accuracy of the last night") })).ToBeVisibleAsync();
        await Tour.TakeAsync(page, "overview");
        await page.GotoAsync("/runs");
        await Expect(page.Locator("table.grid td.curve svg")).ToHaveCountAsync(4);
        await Tour.TakeAsync(page, "runs");
        await page.GotoAsync("/devices");
        await Expect(page.GetByText("0 of 1 in use")).ToBeVisibleAsync();
        await Tour.TakeAsync(page, "devices");
        await page.GotoAsync(experiment);
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Download checkpoint" })
            .ClickAsync());
        await using var file = await download.CreateReadStreamAsync();
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(file));
        await page.GetByRole(AriaRole.Link, new() { Name = "cnn", Exact = true }).First.ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Checkpoints") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Row, new() { NameRegex = new Regex("best") }).GetByTitle(hash)).ToBeVisibleAsync();
        await Tour.TakeAsync(page, "checkpoints");
        await TakeTheRestAsync(page, experiment);
    }

    /// <summary>Pictures of the pages that the day did not lead to.</summary>
    private static async Task TakeTheRestAsync(IPage page, string experiment)
    {
        await page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Evaluation") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Confusion matrix" })).ToBeVisibleAsync();
        await Tour.TakeAsync(page, "evaluation");
        (string Path, string Name)[] rest =
        [
            (experiment + "?tab=study", "study"), (experiment + "?tab=nights", "nights"), (experiment + "?tab=settings", "settings"),
            ("/experiments", "experiments"), ("/runs?group=params.model", "groups"), ("/schedules", "schedules"), ("/datasets", "datasets"),
            ("/datasets/mnist", "dataset"), ("/storage", "storage"), ("/deleted", "deleted"),
        ];
        foreach (var (path, name) in rest)
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("h1")).ToBeFocusedAsync();
            await Tour.TakeAsync(page, name);
        }
    }

    private static async Task StartVariantAsync(IPage page, string experiment, string name, params (string Field, string Value)[] changes)
    {
        await page.GotoAsync(experiment);
        await NewRunAsync(page);
        await page.GetByLabel("Name (optional)").FillAsync(name);
        foreach (var (field, value) in changes)
            await page.GetByLabel(field).FillAsync(value);
        await page.GetByRole(AriaRole.Button, new() { Name = "Start run" }).ClickAsync();
        await ExpectFinishedAsync(page);
    }

    private static async Task NewRunAsync(IPage page)
    {
        await page.GetByRole(AriaRole.Main).GetByRole(AriaRole.Link, new() { Name = "New run" }).ClickAsync();
        // The settings are the experiment's, not the tutorial's.
        await Expect(page.GetByLabel("Epochs")).ToHaveValueAsync("3");
    }

    private static async Task ChooseAsync(IPage page, string field, string option)
    {
        await page.GetByLabel(field, new() { Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Option, new() { Name = option }).ClickAsync();
    }

    private static async Task ExpectFinishedAsync(IPage page)
    {
        await page.WaitForURLAsync(RunAddress());
        await Expect(page.Locator(".title-line").GetByText("finished")).ToBeVisibleAsync(new() { Timeout = 180_000 });
    }

    [GeneratedRegex("/runs/[0-9a-f]{32}")]
    private static partial Regex RunAddress();
}
