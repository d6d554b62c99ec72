using ExperimentHub.Benchmarks;

// dotnet run -c Release --project tests/ExperimentHub.Benchmarks [training] [hub] [recovery] [live] [metrics] [--rounds N]
var rounds = 5;
var wanted = new List<string>();
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--rounds" && i + 1 < args.Length && int.TryParse(args[i + 1], out rounds) && rounds > 0)
        i++;
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
