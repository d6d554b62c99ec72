using ExperimentHub.Benchmarks;

// dotnet run -c Release --project tests/ExperimentHub.Benchmarks [training] [hub] [recovery] [live] [metrics] [scale] [--rounds N]
// scale: [--runs 20000,100000] [--folder where the data stays]
var rounds = 5;
var wanted = new List<string>();
var scale = new ScaleOptions([20_000, 100_000], null);
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--rounds" && i + 1 < args.Length && int.TryParse(args[i + 1], out rounds) && rounds > 0)
        i++;
    else if (args[i] == "--runs" && i + 1 < args.Length)
        scale = scale with { Runs = [.. args[++i].Split(',').Select(int.Parse)] };
    else if (args[i] == "--folder" && i + 1 < args.Length)
        scale = scale with { Folder = args[++i] };
    else
        wanted.Add(args[i]);
}

var all = new Dictionary<string, Func<int, Task<IReadOnlyList<Row>>>>
{
    ["training"] = TrainingBenchmark.RunAsync,
    ["hub"] = HubBenchmark.RunAsync,
    ["recovery"] = RecoveryBenchmark.RunAsync,
    ["live"] = LiveBenchmark.RunAsync,
    ["metrics"] = MetricBenchmark.RunAsync,
    ["scale"] = count => ScaleBenchmark.RunAsync(count, scale),
};
if (wanted.FirstOrDefault(name => !all.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}'. Choose from: {string.Join(", ", all.Keys)}; without a name, all run.");
    return 2;
}

var rows = new List<Row>();
foreach (var (name, run) in all.Where(benchmark => wanted.Count == 0 || wanted.Contains(benchmark.Key)))
{
    Console.WriteLine($"== {name}, {rounds} rounds");
    rows.AddRange(await run(rounds));
}

Report.Print(rows);
return 0;
