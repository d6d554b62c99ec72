using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// The tutorial's five epochs, interleaved: the tutorial's own program in PyTorch, the same with its data in memory, and a run of the hub with all
/// its tracking on. Compared is the training part alone, as each of the three reports it.
/// </summary>
internal static class TrainingBenchmark
{
    private static readonly (string Name, string Script, string[] Arguments)[] Baselines =
    [
        ("tutorial_loop.py", "tutorial_loop.py", ["5"]),
        ("in_memory_loop.py, 1 thread", "in_memory_loop.py", ["5", "1"]),
    ];

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var data = HubProcess.NewFolder();
        await using var hub = await HubProcess.StartAsync(data);
        var ours = new List<double>();
        var theirs = Baselines.ToDictionary(baseline => baseline.Name, _ => new List<double>());
        string? torch = null;

        // The first run fetches the data set and warms the file cache; it does not count.
        await TrainAsync(hub);
        var idx = Path.GetDirectoryName(Directory.EnumerateFiles(HubProcess.DatasetFolder, "train-images-idx3-ubyte", SearchOption.AllDirectories)
            .First())!;
        var missing = await WhyNoTorchAsync();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var (name, script, arguments) in missing is null ? Baselines : [])
            {
                var result = await PythonAsync([Path.Combine(AppContext.BaseDirectory, "baselines", script), idx, .. arguments]);
                theirs[name].Add(result["train_seconds"]!.GetValue<double>());
                torch = result["torch"]!.GetValue<string>();
            }

            ours.Add(await TrainAsync(hub));
            Console.WriteLine(
                $"round {round + 1}: ours {ours[^1]:0.00} s{string.Concat(theirs.Where(t => t.Value.Count > 0).Select(t => $", {t.Key} {t.Value[^1]:0.00} s"))}");
        }

        var rows = new List<Row> { new("hub, tutorial, 5 epochs, training part", "s", ours) };
        foreach (var (name, _, _) in Baselines)
        {
            rows.Add(new Row($"{name} (torch {torch}), training part", "s", theirs[name], missing));
            rows.Add(new Row($"{name} / hub", "x", [.. theirs[name].Zip(ours, (a, b) => a / b)], missing));
        }

        Directory.Delete(data, recursive: true);
        return rows;
    }

    private static async Task<double> TrainAsync(HubProcess hub)
    {
        var run = await hub.FinishRunAsync("""{"experiment": "benchmark"}""");
        return run["epochs"]!.AsArray().Sum(epoch => epoch!["seconds"]!.GetValue<double>());
    }

    private static async Task<string?> WhyNoTorchAsync()
    {
        if (!File.Exists("/usr/bin/python3"))
            return "there is no python3";
        using var probe = Start(["-c", "import torch, torchvision"]);
        await probe.WaitForExitAsync();
        return probe.ExitCode == 0 ? null : "python3-torch and python3-torchvision are not installed";
    }

    private static async Task<JsonNode> PythonAsync(string[] arguments)
    {
        using var python = Start(arguments);
        var output = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        return JsonNode.Parse(output.TrimEnd().Split('\n')[^1]) ?? throw new JsonException($"No result from {arguments[0]}.");
    }

    private static Process Start(string[] arguments) =>
        Process.Start(new ProcessStartInfo("/usr/bin/python3", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}
