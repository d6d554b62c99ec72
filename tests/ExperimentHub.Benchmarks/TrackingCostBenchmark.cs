using System.Diagnostics;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// What tracking adds to the CPU time of the tutorial's five epochs. On: a run of the hub from the request until a second after its trainer ended,
/// user and system time of the hub with all it does meanwhile, and of the trainer. Off: the same trainer with the same spec, started by hand, its
/// events and its log thrown away; it evaluates, saves its checkpoints and writes its events as ever, but nobody reads them. Each pair has one of
/// each, in turn the one and the other first; two pairs before do not count.
/// </summary>
internal static class TrackingCostBenchmark
{
    private const int Warming = 2;

    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(1);

    public static async Task<IReadOnlyList<Row>> RunAsync(int pairs)
    {
        var data = HubProcess.NewFolder();
        var (off, on, hubsOwn) = (new List<double>(), new List<double>(), new List<double>());
        await using (var hub = await HubProcess.StartAsync(data))
        {
            // Until its devices are tested, the hub has a child that trains nothing.
            await hub.FinishRunAsync("""{"experiment": "benchmark"}""");
            for (var pair = 1 - Warming; pair <= pairs; pair++)
            {
                var alone = pair % 2 == 0 ? await AloneAsync() : 0;
                var (own, trainer) = await TrackedAsync(hub);
                if (pair % 2 != 0)
                    alone = await AloneAsync();
                Console.WriteLine($"pair {pair}: off {alone:0.00} s, on {own + trainer:0.00} s, of which the hub {own:0.00} s");
                if (pair < 1)
                    continue;
                off.Add(alone);
                on.Add(own + trainer);
                hubsOwn.Add(own);
            }
        }

        Directory.Delete(data, recursive: true);
        return
        [
            new Row("CPU time of the tutorial, trainer alone", "s", off),
            new Row("CPU time of the tutorial, trainer and hub", "s", on),
            new Row("of that, the hub", "s", hubsOwn),
            new Row("on / off, by pair", "x", [.. on.Zip(off, (a, b) => a / b)], Goal: "<= 1.05, aim 1.02"),
        ];
    }

    private static async Task<double> AloneAsync()
    {
        var checkpoints = Directory.CreateTempSubdirectory("experimenthub-alone-");
        var start = new StartTraining(new string('0', 32), 1, new TrainingSpec(), "cpu", checkpoints.FullName, HubProcess.DatasetFolder, "benchmark");
        var before = Processes.CpuTime(Environment.ProcessId).EndedChildren;
        // The shell sends the output nowhere and becomes the trainer. What the hub sets in a trainer's environment is set here too.
        using var trainer = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" > /dev/null 2>&1", TrainerProgram])
        {
            RedirectStandardInput = true, Environment = { ["OMP_WAIT_POLICY"] = "PASSIVE" },
        })!;
        await trainer.StandardInput.WriteLineAsync(ProtocolJson.Write<TrainerCommand>(start));
        await trainer.StandardInput.FlushAsync();
        await trainer.WaitForExitAsync();
        if (trainer.ExitCode != 0)
            throw new InvalidOperationException($"The trainer ended with exit code {trainer.ExitCode}.");
        checkpoints.Delete(recursive: true);
        return (Processes.CpuTime(Environment.ProcessId).EndedChildren - before).TotalSeconds;
    }

    private static async Task<(double Hub, double Trainer)> TrackedAsync(HubProcess hub)
    {
        var before = Processes.CpuTime(hub.Id);
        var id = (await hub.StartRunAsync("""{"experiment": "benchmark"}"""))["id"]!.GetValue<string>();
        // Looking at the system's list of processes costs the hub nothing; asking the hub would.
        int[] trainers;
        while ((trainers = [.. Processes.ChildrenOf(hub.Id)]).Length == 0)
            await Task.Delay(20);
        foreach (var trainer in trainers)
            await Processes.WaitForEndAsync(trainer, TimeSpan.FromMinutes(5));
        await Task.Delay(Aftermath);
        var after = Processes.CpuTime(hub.Id);
        var status = (await hub.ReadRunAsync(id))["status"]!.GetValue<string>();
        if (status != "finished")
            throw new InvalidOperationException($"The run is {status}.");
        return ((after.Own - before.Own).TotalSeconds, (after.EndedChildren - before.EndedChildren).TotalSeconds);
    }

    private static string TrainerProgram { get; } = Path.Combine(
        Repository.Root, "artifacts", "bin", "ExperimentHub.Trainer", new DirectoryInfo(AppContext.BaseDirectory).Name, "ExperimentHub.Trainer");
}
