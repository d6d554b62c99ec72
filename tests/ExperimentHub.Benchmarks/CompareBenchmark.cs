using ExperimentHub.TestHub;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// The compare page of many runs in Chromium, from the beginning of the navigation: until the table is there and answers, and until the curves are
/// drawn.
/// </summary>
internal static class CompareBenchmark
{
    private const int Runs = 100;
    private const int RowsAtFirst = 30; // as CompareTable draws them
    private const int Epochs = 5;
    private const int StepsPerEpoch = 200; // 1,000 points of the training loss for each run

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var data = HubProcess.NewFolder();
        var ids = await TrainedRuns.MakeAsync(data, Runs, Epochs, StepsPerEpoch);
        await using var chromium = await Chromium.StartAsync();
        if (chromium is null)
            return [new Row($"compare page of {Runs} runs", "ms", [], "no Chromium on this machine")];
        await using var hub = await HubProcess.StartAsync(data);
        var (table, answer, curves) = (new List<double>(), new List<double>(), new List<double>());
        await using var tab = await ColdTab.OpenAsync(chromium, hub.Address);
        // The first round warms the hub, which a person meets once a day; its figures are left out.
        for (var round = 0; round <= rounds; round++)
        {
            var page = await tab.GoAsync($"/compare?runs={string.Join(',', ids)}");
            await page.Locator(".compare tbody tr").Nth(RowsAtFirst - 1).WaitForAsync(new() { State = WaitForSelectorState.Attached });
            var shown = await ColdTab.NowAsync(page);
            await page.GetByLabel("Hide equal settings").CheckAsync();
            await page.GetByText("equal columns hidden").First.WaitForAsync();
            var answered = await ColdTab.NowAsync(page);
            await page.Locator("compare-curves").ScrollIntoViewIfNeededAsync();
            await page.Locator("compare-curves[data-drawn]").WaitForAsync(new() { State = WaitForSelectorState.Attached });
            var drawn = await ColdTab.NowAsync(page);
            if (round == 0)
                continue;
            table.Add(shown);
            answer.Add(answered);
            curves.Add(drawn);
        }

        Directory.Delete(data, recursive: true);
        return
        [
            new Row($"compare page of {Runs} runs x {Epochs * StepsPerEpoch:N0} points: the table is there", "ms", table),
            new Row("the same: it has answered a click", "ms", answer, Goal: "<= 700, aim 400"),
            new Row("the same: scrolled there, and the curves are drawn", "ms", curves),
        ];
    }
}
