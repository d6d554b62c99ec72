using System.Diagnostics;
using ExperimentHub.TestHub;
using Microsoft.Playwright;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// Many look at one run: fifty programs read its event stream, and a run page is open in Chromium, while a paced trainer takes a thousand steps a second. A round
/// is a minute. The hub's memory counts as flat where its median in the last minute is within 5 % of that in the second; the first minute warms the hub.
/// </summary>
internal static class CrowdBenchmark
{
    private const int Viewers = 50;
    private const int StepsPerSecond = 1000;
    private const double Flat = 1.05;

    public static async Task<IReadOnlyList<Row>> RunAsync(int minutes)
    {
        var (cores, memory, rate) = (new List<double>(), new List<double>(), new List<double>());
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
            }

            await end.CancelAsync();
            rate.AddRange((await reading).Select(bytes => bytes / clock.Elapsed.TotalSeconds / 1024));
        }

        var page = chromium is null ? "no run page, for want of Chromium" : "1 run page";
        return
        [
            new Row($"hub's CPU by minute, {Viewers} stream viewers and {page}, {StepsPerSecond} steps/s", "cores", cores, Goal: "< 1"),
            new Row("hub's resident memory, by minute (median of each)", "MiB", memory),
            new Row("the last minute's / the second's", "x", memory.Count < 3 ? [] : [memory[^1] / memory[1]], memory.Count < 3 ? "it takes three minutes" : null, $"<= {Flat}: flat"),
            new Row("to each stream viewer", "KiB/s", rate),
        ];
    }
}
