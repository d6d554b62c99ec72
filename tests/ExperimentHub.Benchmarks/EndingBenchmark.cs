using System.Diagnostics;
using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>Hubs that are told to end while runs train at full speed, and how long such a run takes to hear a stop and a pause.</summary>
internal static class EndingBenchmark
{
    private const int Wishes = 5;

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var storm = await EndingStorm.RunAsync(rounds, Environment.TickCount, Console.WriteLine);
        List<double> stop = [], pause = [], speed = [];
        var data = HubProcess.NewFolder();
        await using (var hub = await HubProcess.StartAsync(data))
        {
            await EndingStorm.AddQuickDatasetAsync(hub);
            for (var wish = 0; wish < Wishes; wish++)
            {
                await WishAsync(hub, "stop", stop, speed);
                await WishAsync(hub, "pause", pause, speed);
            }
        }

        Directory.Delete(data, recursive: true);
        return
        [
            new Row("SIGTERM while two quick runs train, to the end of the hub", "s", storm.EndSeconds, Goal: "<= 10"),
            new Row("exit codes", "", [.. storm.ExitCodes.Select(code => (double)code)], Goal: "0"),
            new Row("attempts that did not end as interrupted", "", [storm.Endings.Count(ending => ending != "interrupted")], Goal: "0"),
            new Row("trainers left", "", [storm.TrainersLeft], Goal: "0"),
            new Row("epochs a second of a quick run", "", speed),
            new Row("stop of a quick run, request to ended", "s", stop, Goal: "<= 2"),
            new Row("pause of a quick run, request to paused", "s", pause, Goal: "<= 2"),
        ];
    }

    private static async Task WishAsync(HubProcess hub, string wish, List<double> seconds, List<double> speed)
    {
        var id = (await hub.StartRunAsync($$"""{"experiment": "quick", "spec": {{EndingStorm.QuickSpec}} }"""))["id"]!.GetValue<string>();
        var clock = Stopwatch.StartNew();
        var (epochs, last) = (0, 0);
        for (; epochs < 500; await Task.Delay(100))
        {
            epochs = (await hub.ReadRunAsync(id))["epochs"]!.AsArray().Count;
            if (last == 0 && epochs > 0)
                (last, clock) = (epochs, Stopwatch.StartNew());
        }

        speed.Add((epochs - last) / clock.Elapsed.TotalSeconds);
        clock.Restart();
        (await hub.Http.PostAsync(new Uri($"/api/v1/runs/{id}/{wish}", UriKind.Relative), null)).EnsureSuccessStatusCode();
        while ((await hub.ReadRunAsync(id))["status"]!.GetValue<string>() == "running")
            await Task.Delay(20);
        seconds.Add(clock.Elapsed.TotalSeconds);
    }
}
