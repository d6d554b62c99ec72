using System.Diagnostics;
using ExperimentHub.TestHub;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>Start to first answer on an existing data folder, and the hub's own memory while a run trains.</summary>
internal static class HubBenchmark
{
    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var data = HubProcess.NewFolder();
        var starts = new List<double>();
        var memory = new List<double>();
        var withPages = new List<double>();
        for (var round = 0; round < rounds + 1; round++)
        {
            var clock = Stopwatch.StartNew();
            await using var hub = await HubProcess.StartAsync(data);
            (await hub.Http.GetAsync(new Uri("/", UriKind.Relative))).EnsureSuccessStatusCode();
            var first = clock.Elapsed.TotalSeconds;

            var highest = 0L;
            var run = await hub.FinishRunAsync("""{"experiment": "benchmark"}""", () => highest = Math.Max(highest, hub.ResidentBytes()));
            // Only now, and gone before the next start: an open browser takes a part of the cores.
            await using var chromium = await Chromium.StartAsync();
            var open = chromium is null ? 0 : await MemoryWithPagesAsync(hub, chromium, run["id"]!.GetValue<string>());
            // The first start makes the database; people start on an existing one.
            if (round == 0)
                continue;
            starts.Add(first);
            memory.Add(highest / 1048576.0);
            if (chromium is not null)
                withPages.Add(open / 1048576.0);
            Console.WriteLine($"round {round}: first page after {first:0.00} s, {memory[^1]:0} MiB while training");
        }

        var ends = new List<double>();
        for (var round = 0; round < rounds; round++)
            ends.Add(await TrainerEndsAfterAsync());

        Directory.Delete(data, recursive: true);
        return
        [
            new Row("process start to first page", "s", starts),
            new Row("hub's resident memory while a run trains, highest seen", "MiB", memory),
            new Row("hub's resident memory with 3 pages open while a run trains, highest seen", "MiB", withPages,
                withPages.Count == 0 ? "no Chromium on this machine" : null),
            new Row("kill -9 of the hub to the end of its trainer", "s", ends),
        ];
    }

    private static async Task<long> MemoryWithPagesAsync(HubProcess hub, Chromium chromium, string run)
    {
        foreach (var path in new[] { "/", "/runs", $"/runs/{run}" })
        {
            var page = await chromium.OpenAsync(hub.Address, 1280, 800, ColorScheme.Light);
            await page.GotoAsync(path);
            await page.Locator("h1").First.WaitForAsync();
        }

        var highest = 0L;
        await hub.FinishRunAsync("""{"experiment": "benchmark"}""", () => highest = Math.Max(highest, hub.ResidentBytes()));
        return highest;
    }

    private static async Task<double> TrainerEndsAfterAsync()
    {
        // A folder for each: the next hub on the same one would go on with the run.
        var data = HubProcess.NewFolder();
        await using var hub = await HubProcess.StartAsync(data);
        var run = await hub.StartRunAsync("""{"experiment": "benchmark", "spec": {"epochs": 10000}}""");
        while (run["epochs"]!.AsArray().Count == 0)
        {
            await Task.Delay(100);
            run = await hub.ReadRunAsync(run["id"]!.GetValue<string>());
        }

        var trainer = Processes.ChildrenOf(hub.Id).Single();
        var clock = Stopwatch.StartNew();
        await hub.KillAsync();
        await Processes.WaitForEndAsync(trainer, TimeSpan.FromSeconds(20));
        var seconds = clock.Elapsed.TotalSeconds;
        Directory.Delete(data, recursive: true);
        return seconds;
    }
}
