using System.Diagnostics;
using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// How long the tutorial takes beyond its training: from the request to the answer that says "finished", less what its epochs say of themselves. Two
/// warm hubs in turn, one with a trainer that stands by and one without; before each run they have time to get it ready, and the first run of each
/// does not count.
/// </summary>
internal static class TurnaroundBenchmark
{
    private static readonly TimeSpan GetsReady = TimeSpan.FromSeconds(5);

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var folders = (Standby: HubProcess.NewFolder(), Fresh: HubProcess.NewFolder());
        List<double> standby = [], fresh = [], waiting = [];
        await using (var with = await HubProcess.StartAsync(folders.Standby, HubProcess.WithStandby))
        await using (var without = await HubProcess.StartAsync(folders.Fresh))
        {
            for (var round = 0; round <= rounds; round++)
            {
                await Task.Delay(GetsReady);
                var resident = Processes.ChildrenOf(with.Id).Sum(Processes.ResidentBytes);
                var (a, b) = (await BeyondAsync(with), await BeyondAsync(without));
                if (round == 0)
                    continue;
                standby.Add(a);
                fresh.Add(b);
                waiting.Add(resident / 1048576.0);
                Console.WriteLine($"round {round}: {a:0.00} s with a trainer that stands by, {b:0.00} s without");
            }
        }

        Directory.Delete(folders.Standby, recursive: true);
        Directory.Delete(folders.Fresh, recursive: true);
        return
        [
            new Row("tutorial, request to finished beyond its training time, a trainer stands by", "s", standby, Goal: "<= 0.5"),
            new Row("the same, none stands by", "s", fresh),
            new Row("resident memory of the trainer that stands by", "MiB", waiting),
        ];
    }

    private static async Task<double> BeyondAsync(HubProcess hub)
    {
        var clock = Stopwatch.StartNew();
        var run = await hub.StartRunAsync("""{"experiment": "benchmark"}""");
        while (run["status"]!.GetValue<string>() is "queued" or "running")
        {
            await Task.Delay(20);
            run = await hub.ReadRunAsync(run["id"]!.GetValue<string>());
        }

        return clock.Elapsed.TotalSeconds - run["epochs"]!.AsArray().Sum(epoch => epoch!["seconds"]!.GetValue<double>());
    }
}
