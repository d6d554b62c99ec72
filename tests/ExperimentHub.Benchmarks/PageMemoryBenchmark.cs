using ExperimentHub.TestHub;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// What an open page costs the hub while nothing happens. Forty pages of one browser, each with its circuit, in turn the overview, the table of runs
/// and a finished run; compared with the same hub before, which a few pages that stay open have warmed. Each round is a new hub.
/// </summary>
internal static class PageMemoryBenchmark
{
    private const int Warming = 6;
    private const int Pages = 40;

    /// <summary>How long the pages lie still before anything is read.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var data = HubProcess.NewFolder();
        var (live, resident) = (new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            await using var chromium = await Chromium.StartAsync();
            if (chromium is null)
                return [new Row("memory per idle open page", "KB", [], "no Chromium on this machine")];
            await using var hub = await HubProcess.StartAsync(data);
            var run = (await hub.FinishRunAsync("""{"experiment": "benchmark"}"""))["id"]!.GetValue<string>();
            var first = await chromium.OpenAsync(hub.Address, 1280, 800, ColorScheme.Light);
            await OpenAsync(first, run, Warming);
            var before = await MeasureAsync(hub);
            await OpenAsync(first, run, Pages);
            var after = await MeasureAsync(hub);
            live.Add((after.Live - before.Live) / 1000.0 / Pages);
            resident.Add((after.Resident - before.Resident) / 1000.0 / Pages);
            Console.WriteLine(
                $"round {round}: objects {before.Live / 1048576.0:0.0} to {after.Live / 1048576.0:0.0} MiB, resident {before.Resident / 1048576.0:0} to {after.Resident / 1048576.0:0} MiB");
        }

        Directory.Delete(data, recursive: true);
        return
        [
            new Row("objects in use per idle open page, after a full collection", "KB", live, Goal: "<= 1,000, aim 400"),
            new Row("resident memory per idle open page, as it comes", "KB", resident),
        ];
    }

    private static async Task OpenAsync(IPage neighbour, string run, int pages)
    {
        string[] paths = ["/", "/runs", $"/runs/{run}"];
        for (var i = 0; i < pages; i++)
        {
            var page = await neighbour.Context.NewPageAsync();
            await page.GotoAsync(paths[i % paths.Length]);
            // Nothing is rendered before the circuit is there.
            await page.Locator("h1").First.WaitForAsync();
        }
    }

    private static async Task<(long Live, long Resident)> MeasureAsync(HubProcess hub)
    {
        await Task.Delay(Idle);
        var live = await LiveHeap.BytesAsync(hub.Id);
        await Task.Delay(Idle);
        return (live, hub.ResidentBytes());
    }
}
