using ExperimentHub.TestHub;

namespace ExperimentHub.Benchmarks;

/// <summary>Two hundred kills -9 of hubs that start, on new folders and on those of the oldest version; what was left.</summary>
internal static class StartBenchmark
{
    private const int Kills = 200;

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        List<double> kills = [], updating = [], wrong = [], notOpened = [];
        for (var round = 0; round < rounds; round++)
        {
            var storm = await StartStorm.RunAsync(Kills, seed: Environment.TickCount, Console.WriteLine);
            foreach (var problem in storm.NotOpened)
                Console.WriteLine(problem);
            kills.Add(storm.Kills);
            updating.Add(storm.Updating);
            wrong.Add(storm.NeitherOldNorNew);
            notOpened.Add(storm.NotOpened.Count);
        }

        return
        [
            new Row("kills -9 of a hub that starts", "", kills),
            new Row("of them while it makes or updates its database", "", updating),
            new Row("databases neither old nor new, or without their run", "", wrong),
            new Row("folders that did not open again", "", notOpened),
        ];
    }
}
