using System.Globalization;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace ExperimentHub.Browser.Tests;

/// <summary>Somebody looks for something among ten thousand runs.</summary>
public sealed class RunsTableJourneyTests(Browser browser) : IClassFixture<Browser>, IDisposable
{
    private const int Runs = 10_000;

    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task TenThousandRuns_AreFilteredSortedGroupedTaggedAndExported()
    {
        await using (var empty = await EmptyHub.CreateAsync(existing: _data))
            await new ScaleData(Runs, seed: 1).MakeAsync(empty);
        await using var hub = await HubProcess.StartAsync(_data);
        var page = await browser.OpenAsync(hub);
        await page.GotoAsync("/runs");
        var rows = page.Locator("table.grid tbody tr");
        await Expect(rows).ToHaveCountAsync(50);

        // The filter is typed with the completion's help, and what is wrong is shown where it is.
        var filter = page.GetByRole(AriaRole.Combobox, new() { Name = "Filter runs" });
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Runs" })).ToBeFocusedAsync();
        await page.Keyboard.PressAsync("/");
        await Expect(filter).ToBeFocusedAsync();
        await filter.PressSequentiallyAsync("metrics.test_acc");
        await Expect(page.GetByRole(AriaRole.Option, new() { Name = "metrics.test_accuracy" })).ToBeVisibleAsync();
        await filter.PressAsync("ArrowDown");
        await filter.PressAsync("Enter");
        await Expect(filter).ToHaveValueAsync("metrics.test_accuracy ");
        await filter.PressSequentiallyAsync(">> 0.97");
        await filter.PressAsync("Escape");
        await filter.PressAsync("Enter");
        await Expect(page.Locator("#run-filter-problem mark")).ToHaveTextAsync(">");
        await filter.FillAsync("metrics.test_accuracy > 0.97 and params.optimizer.kind = 'adam'");
        await filter.PressAsync("Enter");
        await Expect(page.Locator("#run-filter-problem")).ToHaveCountAsync(0);
        var total = await Total(page);
        Assert.InRange(total, 1, Runs / 4);

        // By the greatest learning rate, and where that is equal by name.
        await page.GetByRole(AriaRole.Button, new() { Name = "LR" }).ClickAsync();
        await Expect(page.Locator("th[data-column='params.optimizer.learningRate']")).ToHaveAttributeAsync("aria-sort", "ascending");
        await page.GetByRole(AriaRole.Button, new() { Name = "LR" }).ClickAsync();
        await Expect(page.Locator("th[data-column='params.optimizer.learningRate']")).ToHaveAttributeAsync("aria-sort", "descending");
        await page.GetByRole(AriaRole.Button, new() { Name = "Name", Exact = true }).ClickAsync(new() { Modifiers = [KeyboardModifier.Shift] });
        await Expect(page.Locator("th[data-column=name]")).ToHaveAttributeAsync("aria-sort", "ascending");
        var place = await page.Locator("table.grid thead th")
            .EvaluateAllAsync<int>("cells => cells.find(cell => cell.dataset.column === 'params.optimizer.learningRate').cellIndex");
        var rates = (await page.Locator($"table.grid tbody td:nth-child({place + 1})")
            .AllTextContentsAsync()).Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(rates.OrderDescending(), rates);

        // Chosen runs stay chosen on the next page; then all that match are tagged, and it can be undone.
        await rows.Nth(3).GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Next" }).ClickAsync();
        await Expect(page.GetByText("51–100 of", new() { Exact = false })).ToBeVisibleAsync();
        await rows.Nth(5).GetByRole(AriaRole.Checkbox).CheckAsync();
        await Expect(page.GetByText("2 selected")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Previous" }).ClickAsync();
        await Expect(rows.Nth(3).GetByRole(AriaRole.Checkbox)).ToBeCheckedAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "that match" }).ClickAsync();
        await page.Locator("summary", new() { HasText = "Tag" }).ClickAsync();
        await page.GetByLabel("Name of the tag").FillAsync("promising");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add tag" }).ClickAsync();
        await Expect(page.GetByText($"Tagged {total.ToString("N0", CultureInfo.InvariantCulture)} runs.")).ToBeVisibleAsync();
        await Expect(page.Locator("table.grid .tag", new() { HasText = "promising" }).First).ToBeVisibleAsync();
        Assert.Equal(total, await CountAsync(hub, "tags.promising is not null"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
        await Expect(page.Locator("table.grid .tag", new() { HasText = "promising" })).ToHaveCountAsync(0);
        Assert.Equal(0, await CountAsync(hub, "tags.promising is not null"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Clear selection" }).ClickAsync();

        // In groups, under a name that others find, and back to the runs of one group.
        await page.Locator("summary", new() { HasText = "Group" }).ClickAsync();
        await page.GetByRole(AriaRole.Checkbox, new() { Name = "params.batchSize" }).CheckAsync();
        await Expect(page.Locator("table.groups tbody tr")).ToHaveCountAsync(6);
        await page.Locator("summary", new() { HasText = "Views" }).ClickAsync();
        await page.GetByLabel("Name of the view").FillAsync("adam by batch");
        await page.GetByRole(AriaRole.Button, new() { Name = "Save this view" }).ClickAsync();
        await Expect(page.GetByText("Saved as adam by batch")).ToBeVisibleAsync();
        var counts = await page.Locator("table.groups tbody td:nth-child(3)").AllTextContentsAsync();
        Assert.Equal(total, counts.Sum(count => int.Parse(count.Split(' ')[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture)));
        await page.Locator("table.groups tbody a").First.ClickAsync();
        await Expect(page.Locator("table.grid")).ToBeVisibleAsync();

        await page.GotoAsync("/runs");
        await page.Locator("summary", new() { HasText = "Views" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "adam by batch", Exact = true }).ClickAsync();
        await Expect(page.Locator("table.groups tbody tr")).ToHaveCountAsync(6);
        await Expect(filter).ToHaveValueAsync("metrics.test_accuracy > 0.97 and params.optimizer.kind = 'adam'");

        // A column's width is kept in the address; the file has what the table shows.
        await page.GotoAsync("/runs?filter=params.seed = 7&columns=name,params.seed,status");
        var grip = page.GetByRole(AriaRole.Separator, new() { Name = "Width of seed" });
        await Expect(page.Locator(".table-frame[data-sizable]")).ToBeVisibleAsync();
        await grip.FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("widths="));
        await page.GetByLabel("More").ClickAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Link, new() { Name = "Export as CSV" }).ClickAsync());
        var lines = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        Assert.Equal("name,params.seed,status", lines[0]);
        Assert.Equal(await Total(page), lines.Length - 1);
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    /// <summary>The number beside the title, once it is there.</summary>
    private static async Task<int> Total(IPage page)
    {
        var number = page.Locator("h1 ~ * .quiet, header .quiet").First;
        await Expect(number).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^[0-9,]+$"));
        return int.Parse(await number.TextContentAsync() ?? "", NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }

    private static async Task<int> CountAsync(HubProcess hub, string filter) =>
        (int)System.Text.Json.Nodes.JsonNode.Parse(
            await hub.Http.GetStringAsync(new Uri($"/api/v1/runs/count?filter={Uri.EscapeDataString(filter)}", UriKind.Relative)))!["total"]!;
}
