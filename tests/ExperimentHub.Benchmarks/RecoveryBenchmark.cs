using System.Text.Json.Nodes;
using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>Twenty kills -9 of hub or trainer at random moments during one long run; what was lost, and how long it took to go on.</summary>
internal static class RecoveryBenchmark
{
    private const int Kills = 20;
    private const int Epochs = 400;
    private static readonly string Request = $$"""{ "experiment": "storm", "spec": { "epochs": {{Epochs}} } }""";

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        var calm = await KillStorm.RunAsync(0, seed: 1, Request);
        List<double> resumed = [], lostOrDoubled = [], corrupt = [], withoutEnding = [], orphans = [], identical = [], attempts = [];
        for (var round = 0; round < rounds; round++)
        {
            var storm = await KillStorm.RunAsync(Kills, seed: Environment.TickCount, Request, Console.WriteLine);
            int[] epochs = [.. storm.Run["epochs"]!.AsArray().Select(epoch => epoch!["epoch"]!.GetValue<int>())];
            resumed.AddRange(storm.ResumeSeconds);
            lostOrDoubled.Add(Enumerable.Range(1, Epochs).Except(epochs).Count() + epochs.Length - epochs.Distinct().Count());
            corrupt.Add(storm.CorruptCheckpoints);
            withoutEnding.Add(storm.Run["attempts"]!.AsArray().Count(attempt => attempt!["ending"] is null));
            orphans.Add(storm.Orphans);
            identical.Add(storm.Weights == calm.Weights && Losses(storm.Run).SequenceEqual(Losses(calm.Run)) ? 1 : 0);
            attempts.Add(storm.HubKills + storm.TrainerKills);
            Console.WriteLine(
                $"round {round + 1}: {storm.HubKills} kills of the hub, {storm.TrainerKills} of the trainer, run {storm.Run["status"]}");
        }

        return
        [
            new Row("kills -9 of hub or trainer", "", attempts),
            new Row("lost or doubled epochs", "", lostOrDoubled),
            new Row("corrupt checkpoints", "", corrupt),
            new Row("attempts without an ending", "", withoutEnding),
            new Row("orphan trainers", "", orphans),
            new Row("final weights and all losses bit-identical to an undisturbed run", "1 = yes", identical),
            new Row("start of the hub to training resumed", "s", resumed),
        ];
    }

    private static IEnumerable<double> Losses(JsonNode run) => run["epochs"]!.AsArray().Select(epoch => epoch!["trainLoss"]!.GetValue<double>());
}
