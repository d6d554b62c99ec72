using System.Diagnostics;
using ExperimentHub.TestHub;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// Many look at one run: fifty programs read its event stream, and a run page is open in Chromium, while a paced trainer takes a thousand steps a
/// second. A round is a minute. The hub's memory counts as flat where what is in use after a full collection is at the end within 5 % of what it was
/// after two minutes; resident memory also has the room that the collector has not given back yet.
/// </summary>
internal static class CrowdBenchmark
{
    private const int Viewers = 50;
    private const int StepsPerSecond = 1000;
    private const double Flat = 1.05;

    public static async Task<IReadOnlyList<Row>> RunAsync(int minutes)
    {
        var (cores, memory, inUse, rate) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        await using var chromium = await Chromium.StartAsync();
        await using (var paced = await PacedHub.StartAsync(StepsPerSecond))
        {
            var hub = paced.Hub;
            var id = await paced.StartRunAsync(TimeSpan.FromMinutes(minutes + 2));
            using var end = new CancellationTokenSource();
            var reading = Task.WhenAll(Enumerable.Range(0, Viewers).Select(_ => StreamViewer.ReadAsync(hub, $"/api/v1/runs/{id}/live", end.Token)));
            if (chromium is not null)
                await (await chromium.OpenAsync(hub.Address, 1280, 800, ColorScheme.Light)).GotoAsync($"/runs/{id}");

            var clock = Stopwatch.StartNew();
            for (var minute = 1; minute <= minutes; minute++)
            {
                var (cpu, began, resident) = (Processes.CpuTime(hub.Id).Own, clock.Elapsed, new List<double>());
                while (clock.Elapsed < TimeSpan.FromMinutes(minute))
                {
                    await Task.Delay(TimeSpan.FromSeconds(1));
                    resident.Add(hub.ResidentBytes() / 1048576.0);
                }

                cores.Add((Processes.CpuTime(hub.Id).Own - cpu) / (clock.Elapsed - began));
                memory.Add(resident.Quantile(0.5));
                Console.WriteLine($"minute {minute}: {cores[^1]:0.00} cores, {memory[^1]:0} MiB ({resident.Min():0} to {resident.Max():0})");
                if (minute == 2 || (minute > 2 && minute == minutes))
                    inUse.Add(await LiveHeap.BytesAsync(hub.Id) / 1048576.0);
            }

            await end.CancelAsync();
            rate.AddRange((await reading).Select(bytes => bytes / clock.Elapsed.TotalSeconds / 1024));
        }

        var page = chromium is null ? "no run page, for want of Chromium" : "1 run page";
        return
        [
            new Row($"hub's CPU by minute, {Viewers} stream viewers and {page}, {StepsPerSecond} steps/s", "cores", cores, Goal: "< 1"),
            new Row("hub's resident memory, by minute (median of each)", "MiB", memory),
            new Row("objects in use, at the end / after two minutes", "x", inUse.Count < 2 ? [] : [inUse[^1] / inUse[0]],
                inUse.Count < 2 ? "it takes three minutes" : null, $"<= {Flat}: flat"),
            new Row("objects in use at the end", "MiB", inUse.Count < 2 ? [] : [inUse[^1]]),
            new Row("to each stream viewer", "KiB/s", rate),
        ];
    }
}
