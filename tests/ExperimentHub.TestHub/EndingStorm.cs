using System.Buffers.Binary;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace ExperimentHub.TestHub;

/// <summary>What was left after a hub was told to end (SIGTERM) again and again, while two runs trained as fast as a trainer can talk.</summary>
/// <param name="Runs">The runs as the API gives them at the end.</param>
/// <param name="ExitCodes">Of each hub.</param>
/// <param name="Errors">What the hubs wrote to standard error.</param>
/// <param name="EndSeconds">From each signal to the end of the process.</param>
/// <param name="TrainersLeft">Trainers that lived after their hub had ended.</param>
public sealed record EndingStormResult(
    IReadOnlyList<JsonNode> Runs, IReadOnlyList<int> ExitCodes, string Errors, IReadOnlyList<double> EndSeconds, int TrainersLeft)
{
    public IEnumerable<string?> Endings => Runs.SelectMany(run => run["attempts"]!.AsArray()).Where(attempt => attempt!["endedAt"] is not null)
        .Select(attempt => attempt!["ending"]?.GetValue<string>());
}

/// <summary>Tells hubs to end at random moments, and starts them again.</summary>
public static class EndingStorm
{
    /// <summary>So few images that an epoch takes a few milliseconds, and so many epochs that the run never comes to its end by itself.</summary>
    public const string QuickSpec = """{"dataset": "quick", "batchSize": 50, "epochs": 10000}""";

    /// <summary>A machine that runs every test project at once takes its time.</summary>
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(3);

    public static async Task<EndingStormResult> RunAsync(int rounds, int seed, Action<string>? log = null)
    {
        var random = new Random(seed);
        var data = HubProcess.NewFolder();
        var (ids, codes, seconds, trainers, errors) = (new List<string>(), new List<int>(), new List<double>(), new HashSet<int>(), "");
        var left = 0;
        try
        {
            for (var round = 0; round < rounds; round++)
            {
                await using var hub = await HubProcess.StartAsync(data, "--Hub:CpuSlots=2");
                if (round == 0)
                {
                    await AddQuickDatasetAsync(hub);
                    foreach (var name in new[] { "a", "b" })
                        ids.Add((await hub.StartRunAsync(
                            $$"""{"experiment": "storm", "name": "{{name}}", "spec": {{QuickSpec}} }"""))["id"]!.GetValue<string>());
                }

                // Until both train; from there on any moment will do.
                using var limit = new CancellationTokenSource(StartsWithin);
                while (!(await RunsAsync(hub, ids)).All(run => run["status"]!.GetValue<string>() == "running")
                    || Processes.ChildrenOf(hub.Id).Count != 2)
                    await Task.Delay(50, limit.Token);
                int[] now = [.. Processes.ChildrenOf(hub.Id)];
                await Task.Delay(TimeSpan.FromSeconds(2 * random.NextDouble()));
                var clock = Stopwatch.StartNew();
                var (code, said) = await hub.TerminateAsync();
                seconds.Add(clock.Elapsed.TotalSeconds);
                codes.Add(code);
                errors += said;
                left += now.Count(Processes.Lives);
                log?.Invoke($"round {round + 1}: ended with {code} after {seconds[^1]:0.00} s");
            }

            await using var last = await HubProcess.StartAsync(data, "--Hub:CpuSlots=2");
            return new EndingStormResult(await RunsAsync(last, ids), codes, errors, seconds, left);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>200 images to train and 50 to test, of 2 x 3 pixels in two classes, by the name "quick".</summary>
    public static async Task AddQuickDatasetAsync(HubProcess hub)
    {
        using var upload = new MultipartFormDataContent
        {
            { new StringContent("quick"), "name" },
            { new ByteArrayContent(Images(200)), "trainImages", "trainImages" },
            { new ByteArrayContent(Labels(200)), "trainLabels", "trainLabels" },
            { new ByteArrayContent(Images(50)), "testImages", "testImages" },
            { new ByteArrayContent(Labels(50)), "testLabels", "testLabels" },
        };
        using var answer = await hub.Http.PostAsync(new Uri("/api/v1/datasets", UriKind.Relative), upload);
        answer.EnsureSuccessStatusCode();
    }

    private static byte[] Images(int count) => [.. Header(0x803, count, 2, 3), .. Enumerable.Range(0, count * 6).Select(i => (byte)(i * 37))];

    private static byte[] Labels(int count) => [.. Header(0x801, count), .. Enumerable.Range(0, count).Select(i => (byte)(i % 2))];

    private static byte[] Header(params int[] fields)
    {
        var bytes = new byte[fields.Length * 4];
        for (var i = 0; i < fields.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(i * 4), fields[i]);
        return bytes;
    }

    private static async Task<List<JsonNode>> RunsAsync(HubProcess hub, List<string> ids)
    {
        var runs = new List<JsonNode>();
        foreach (var id in ids)
            runs.Add(await hub.ReadRunAsync(id));
        return runs;
    }
}
