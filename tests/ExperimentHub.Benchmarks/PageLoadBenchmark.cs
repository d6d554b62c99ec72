using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// Every page of a hub with 300 runs in Chromium, from the beginning of the navigation until what it shows is there and none of it is being read any
/// more.
/// </summary>
internal static class PageLoadBenchmark
{
    private const int Runs = 300;
    private const int Epochs = 5;
    private const int StepsPerEpoch = 50;

    /// <summary>Everything that a page shows comes through its circuit, so that what is there answers as well.</summary>
    public const string Usable =
        "() => document.querySelector('h1') && !document.querySelector('[aria-busy=true], .mud-skeleton') ? performance.now() : 0";

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var data = HubProcess.NewFolder();
        var ids = await TrainedRuns.MakeAsync(data, Runs, Epochs, StepsPerEpoch);
        await using var chromium = await Chromium.StartAsync();
        if (chromium is null)
            return [new Row($"pages at {Runs} runs", "ms", [], "no Chromium on this machine")];
        string[] paths =
        [
            "/", "/runs", "/runs/new", $"/runs/{ids[0]}", $"/runs/{ids[0]}?tab=checkpoints", $"/runs/{ids[0]}?tab=notes", $"/runs/{ids[0]}?tab=log",
            "/experiments", "/experiments/1",
            "/experiments/1?tab=study", "/experiments/1?tab=nights", "/experiments/1?tab=settings", "/experiments/new", "/experiments/1/edit",
            "/experiments/1/export", "/experiments/import",
            $"/compare?runs={string.Join(',', ids.Take(10))}", "/compare", "/schedules", "/schedules/new", "/datasets", "/datasets/mnist",
            "/datasets/new", "/devices", "/deleted", "/storage",
        ];
        var rows = new List<Row>();
        await using (var hub = await HubProcess.StartAsync(data))
        {
            await using var tab = await ColdTab.OpenAsync(chromium, hub.Address);
            foreach (var path in paths)
            {
                var usable = new List<double>();
                // The first round warms the page, which a person meets once a day; its figure is left out.
                for (var round = 0; round <= rounds; round++)
                {
                    var page = await tab.GoAsync(path);
                    var at = await (await page.WaitForFunctionAsync(Usable)).JsonValueAsync<double>();
                    if (round > 0)
                        usable.Add(at);
                }

                var name = path.Split('?') is [var address, var query]
                    ? $"{address.Replace(ids[0].ToString(), "{id}", StringComparison.Ordinal)}?{query[..Math.Min(query.Length, 14)]}" : path;
                rows.Add(new Row($"{name}: p95 {usable.Order().ElementAt(Math.Min(rounds - 1, rounds * 95 / 100)):0} ms; usable after", "ms", usable,
                    Goal: "p95 <= 600, aim 300"));
            }
        }

        Directory.Delete(data, recursive: true);
        return rows;
    }
}
