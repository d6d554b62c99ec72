using System.Globalization;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// The page of 100,000 runs in Chromium, from the beginning of the navigation: until its rows are there, and until a tick on one of them was
/// answered.
/// </summary>
internal static class RunTableBenchmark
{
    private const int Runs = 100_000;

    /// <param name="options">The folder to keep the data in; shared with the scale benchmark.</param>
    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds, ScaleOptions options)
    {
        await using var chromium = await Chromium.StartAsync();
        if (chromium is null)
            return [new Row($"runs page at {Runs:N0} runs", "ms", [], "no Chromium on this machine")];
        var folder = options.Folder is null ? HubProcess.NewFolder() : Path.Combine(options.Folder, Runs.ToString(CultureInfo.InvariantCulture));
        await using (var made = await EmptyHub.CreateAsync(existing: folder))
        await using (var db = await made.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
        {
            if (!await db.Runs.AnyAsync())
                await new ScaleData(Runs, ScaleBenchmark.Seed).MakeAsync(made);
        }

        var (shown, answered) = (new List<double>(), new List<double>());
        await using (var hub = await HubProcess.StartAsync(folder))
        {
            await using var tab = await ColdTab.OpenAsync(chromium, hub.Address);
            // The first round warms the hub, which a person meets once a day; its figures are left out.
            for (var round = 0; round <= rounds; round++)
            {
                var page = await tab.GoAsync("/runs");
                await page.Locator("table.grid td.name a").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
                var rows = await ColdTab.NowAsync(page);
                await page.Locator("table.grid tbody input").First.CheckAsync();
                await page.GetByText("1 selected").WaitForAsync();
                var answer = await ColdTab.NowAsync(page);
                if (round == 0)
                    continue;
                shown.Add(rows);
                answered.Add(answer);
            }
        }

        if (options.Folder is null)
            Directory.Delete(folder, recursive: true);
        return
        [
            new Row($"runs page at {Runs:N0} runs: the rows are there", "ms", shown),
            new Row("the same: it has answered a tick", "ms", answered, Goal: "<= 500, aim 300"),
        ];
    }
}
