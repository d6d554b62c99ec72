using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace ExperimentHub.TestHub;

/// <summary>What was left after a storm of kill -9 on a hub and its trainers, while one run trained on real MNIST.</summary>
/// <param name="Run">The run as the API gives it at the end.</param>
/// <param name="Weights">SHA-256 of the last checkpoint's weights, without the metadata that names the run and the attempt.</param>
/// <param name="Losses">Step and training loss of every point of the run, as the CSV export writes them.</param>
/// <param name="ResumeSeconds">For each kill of the hub: from its next start to a trainer at work.</param>
public sealed record KillStormResult(
    JsonNode Run, string Weights, IReadOnlyList<(long Step, string Loss)> Losses, int HubKills, int TrainerKills, IReadOnlyList<double> ResumeSeconds,
    int CorruptCheckpoints, int Orphans);

/// <summary>Kills hub or trainer at random moments, starts the hub again, and lets the run come to its end.</summary>
public static class KillStorm
{
    /// <summary>A machine that runs every test project at once takes its time.</summary>
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(3);

    public static async Task<KillStormResult> RunAsync(int kills, int seed, string request, Action<string>? log = null)
    {
        var random = new Random(seed);
        var data = HubProcess.NewFolder();
        var (hubKills, trainerKills) = (0, 0);
        var resumed = new List<double>();
        var trainers = new HashSet<int>();
        var hub = await HubProcess.StartAsync(data);
        try
        {
            var id = (await hub.StartRunAsync(request))["id"]!.GetValue<string>();
            for (var kill = 0; kill < kills; kill++)
            {
                if (await TrainerAtWorkAsync(hub, id) is not { } trainer)
                    break; // it came to its end between two kills
                trainers.Add(trainer);
                await Task.Delay(TimeSpan.FromSeconds(0.3 + 2.7 * random.NextDouble()));
                if (!Processes.Lives(trainer))
                    continue; // the run or its attempt ended by itself meanwhile
                if (random.Next(2) == 0)
                {
                    trainerKills++;
                    using var victim = Process.GetProcessById(trainer);
                    victim.Kill();
                    log?.Invoke($"killed trainer {trainer}");
                    await Processes.WaitForEndAsync(trainer, TimeSpan.FromSeconds(20));
                }
                else
                {
                    hubKills++;
                    await hub.KillAsync();
                    await Processes.WaitForEndAsync(trainer, TimeSpan.FromSeconds(20));
                    await hub.DisposeAsync();
                    var clock = Stopwatch.StartNew();
                    hub = await HubProcess.StartAsync(data);
                    if (await TrainerAtWorkAsync(hub, id) is not null)
                        resumed.Add(clock.Elapsed.TotalSeconds);
                    log?.Invoke($"killed the hub; a trainer is at work again {clock.Elapsed.TotalSeconds:0.0} s after the new start");
                }
            }

            var run = await hub.ReadRunAsync(id);
            while (IsActive(run))
            {
                await Task.Delay(200);
                run = await hub.ReadRunAsync(id);
            }

            var corrupt = 0;
            byte[] last = [];
            foreach (var checkpoint in run["checkpoints"]!.AsArray())
            {
                using var response = await hub.Http.GetAsync(new Uri($"/api/v1/runs/{id}/checkpoints/{checkpoint!["epoch"]}", UriKind.Relative));
                last = await response.Content.ReadAsByteArrayAsync();
                if (!response.IsSuccessStatusCode || Convert.ToHexStringLower(SHA256.HashData(last)) != checkpoint["sha256"]!.GetValue<string>())
                    corrupt++;
            }

            var csv = await hub.Http.GetStringAsync(new Uri($"/api/v1/runs/{id}/series?format=csv&metrics=train_loss", UriKind.Relative));
            var losses = csv.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(','))
                .Select(fields => (long.Parse(fields[0], CultureInfo.InvariantCulture), fields[3]));
            return new KillStormResult(run, WeightsHash(last), [.. losses], hubKills, trainerKills, resumed, corrupt,
                trainers.Count(Processes.Lives));
        }
        finally
        {
            await hub.DisposeAsync();
            Directory.Delete(data, recursive: true);
        }
    }

    private static bool IsActive(JsonNode run) => run["status"]!.GetValue<string>() is "queued" or "running";

    /// <summary>Waits for the trainer of the run's current attempt; null where the run ended first.</summary>
    private static async Task<int?> TrainerAtWorkAsync(HubProcess hub, string id)
    {
        using var limit = new CancellationTokenSource(StartsWithin);
        while (true)
        {
            var run = await hub.ReadRunAsync(id);
            if (!IsActive(run))
                return null;
            // Right after its start a hub also has the self-test's trainer; a run that trains has exactly one.
            if (run["status"]!.GetValue<string>() == "running" && run["attempts"]!.AsArray()[^1]!["endedAt"] is null
                && Processes.ChildrenOf(hub.Id) is [var trainer])
                return trainer;
            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>safetensors: eight bytes with the header's length, the header, the weights.</summary>
    private static string WeightsHash(byte[] file) =>
        Convert.ToHexStringLower(SHA256.HashData(file.AsSpan(8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(file))));
}
