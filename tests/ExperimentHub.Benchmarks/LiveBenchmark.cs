using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>What following a live run costs: the tutorial, as fast as it trains, followed through the event stream that the run page uses.</summary>
internal static class LiveBenchmark
{
    private const int ManyViewers = 50;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var data = HubProcess.NewFolder();
        await using var hub = await HubProcess.StartAsync(data);
        var id = (await hub.StartRunAsync("""{"experiment": "benchmark", "spec": {"epochs": 10000}}"""))["id"]!.GetValue<string>();
        while ((await hub.ReadRunAsync(id))["epochs"]!.AsArray().Count == 0)
            await Task.Delay(100);

        var (steps, alone, bytes, one, many, memory) =
            (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            var before = await LastStepAsync(hub, id);
            alone.Add((await FollowAsync(hub, id, 0)).Cores);
            steps.Add((await LastStepAsync(hub, id) - before) / Window.TotalSeconds);
            var (cores, received) = await FollowAsync(hub, id, 1);
            one.Add(cores);
            bytes.Add(received / Window.TotalSeconds / 1024);
            many.Add((await FollowAsync(hub, id, ManyViewers)).Cores);
            memory.Add(hub.ResidentBytes() / 1048576.0);
        }

        using var stopped = await hub.Http.PostAsync(new Uri($"/api/v1/runs/{id}/stop", UriKind.Relative), null);
        return
        [
            new Row("steps per second of the run that is followed, nobody following", "steps/s", steps),
            new Row("to one viewer of that run", "KiB/s", bytes),
            new Row("hub's CPU while it records, nobody following", "cores", alone),
            new Row("the same, 1 viewer", "cores", one),
            new Row($"the same, {ManyViewers} viewers", "cores", many),
            new Row($"hub's resident memory after {ManyViewers} viewers", "MiB", memory),
            .. await PacedViewerBenchmark.RunAsync(rounds),
        ];
    }

    private static async Task<long> LastStepAsync(HubProcess hub, string id)
    {
        var run = await hub.ReadRunAsync(id);
        return run["epochs"]!.AsArray().Count * 1875L;
    }

    private static async Task<(double Cores, double BytesOfOne)> FollowAsync(HubProcess hub, string id, int viewers)
    {
        var newest = await LastStepAsync(hub, id);
        using var window = new CancellationTokenSource(Window);
        var cpu = Processes.CpuTime(hub.Id).Own;
        var received = await Task.WhenAll(Enumerable.Range(0, viewers)
            .Select(_ => StreamViewer.ReadAsync(hub, $"/api/v1/runs/{id}/live?after=train_loss:{newest},learning_rate:{newest}", window.Token)));
        await Task.Delay(Timeout.Infinite, window.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        return ((Processes.CpuTime(hub.Id).Own - cpu) / Window, received.FirstOrDefault());
    }
}
