using ExperimentHub.Benchmarks;
using ExperimentHub.TestHub.OldFolders;

// The hub under test starts this program as its trainer.
if (args is [PacedTrainer.Command, .. var trainerArguments])
    return PacedTrainer.Run(trainerArguments);

if (args is ["keep-folder"])
{
    Console.WriteLine($"Kept as {await OldFolder.KeepThisVersionAsync()}.");
    return 0;
}

// dotnet run -c Release --project tests/ExperimentHub.Benchmarks -- [training] [hub] [recovery] [endings] [starts] [live] [pixel] [crowd] [pages]
// [loads] [statements] [cost] [metrics] [table] [scale] [compare] [--rounds N] training: [--device cpu|cuda:0], where another device than the CPU
// measures the trainer alone scale and table: [--runs 20000,100000] [--folder where the data stays]
int? askedRounds = null;
var wanted = new List<string>();
var device = "cpu";
var scale = new ScaleOptions([20_000, 100_000], null);
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--rounds" && i + 1 < args.Length && int.TryParse(args[i + 1], out var number) && number > 0)
        (askedRounds, i) = (number, i + 1);
    else if (args[i] == "--device" && i + 1 < args.Length)
        device = args[++i] is "cuda" ? "cuda:0" : args[i];
    else if (args[i] == "--runs" && i + 1 < args.Length)
        scale = scale with { Runs = [.. args[++i].Split(',').Select(int.Parse)] };
    else if (args[i] == "--folder" && i + 1 < args.Length)
        scale = scale with { Folder = args[++i] };
    else
        wanted.Add(args[i]);
}

var all = new Dictionary<string, (Func<int, Task<IReadOnlyList<Row>>> Run, int Rounds)>
{
    ["training"] =
        (async rounds => [.. device == "cpu" ? await TrainingBenchmark.RunAsync(rounds) : [], .. await EngineBenchmark.RunAsync(device)], 5),
    ["hub"] = (HubBenchmark.RunAsync, 5),
    ["recovery"] = (RecoveryBenchmark.RunAsync, 5),
    ["endings"] = (EndingBenchmark.RunAsync, 50),
    ["starts"] = (StartBenchmark.RunAsync, 1),
    ["live"] = (LiveBenchmark.RunAsync, 5),
    ["pixel"] = (PixelBenchmark.RunAsync, 5),
    ["crowd"] = (CrowdBenchmark.RunAsync, 5), // minutes
    ["pages"] = (PageMemoryBenchmark.RunAsync, 5),
    ["loads"] = (PageLoadBenchmark.RunAsync, 20), // minutes
    ["statements"] = (StatementBenchmark.RunAsync, 3), // minutes
    ["turnaround"] = (TurnaroundBenchmark.RunAsync, 10),
    ["cost"] = (TrackingCostBenchmark.RunAsync, 15),
    ["metrics"] = (MetricBenchmark.RunAsync, 5),
    ["compare"] = (CompareBenchmark.RunAsync, 5),
    ["table"] = (count => RunTableBenchmark.RunAsync(count, scale), 5),
    ["scale"] = (count => ScaleBenchmark.RunAsync(count, scale), 5),
};
if (wanted.FirstOrDefault(name => !all.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}'. Choose from: {string.Join(", ", all.Keys)}; without a name, all run.");
    return 2;
}

var rows = new List<Row>();
foreach (var (name, (run, usualRounds)) in all.Where(benchmark => wanted.Count == 0 || wanted.Contains(benchmark.Key)))
{
    var rounds = askedRounds ?? usualRounds;
    Console.WriteLine($"== {name}, {rounds} rounds");
    rows.AddRange(await run(rounds));
}

Report.Print(rows);
return 0;
