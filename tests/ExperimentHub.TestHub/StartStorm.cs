using ExperimentHub.Tracking;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ExperimentHub.TestHub;

/// <summary>What came of kills -9 while hubs started on new folders and on those of an older version.</summary>
/// <param name="Updating">How many of the kills fell between the beginning of an update and its end.</param>
/// <param name="NeitherOldNorNew">Kills that left a database of neither version, or one without its run.</param>
/// <param name="NotOpened">Folders that a last, undisturbed start did not open, and why.</param>
public sealed record StartStormResult(int Kills, int Updating, int NeitherOldNorNew, IReadOnlyList<string> NotOpened);

/// <summary>Kills hubs while they start. The next start of the same folder meets what the kill left.</summary>
public static class StartStorm
{
    private const string OldVersion = "20261123112205_Initial";
    private const int KillsOfAFolder = 5;

    public static async Task<StartStormResult> RunAsync(int kills, int seed, Action<string>? log = null)
    {
        var random = new Random(seed);
        var (done, updating, wrong) = (0, 0, 0);
        var notOpened = new List<string>();
        for (var round = 0; done < kills; round++)
        {
            var folder = HubProcess.NewFolder();
            var old = round % 2 == 0;
            if (old)
                await MakeOldAsync(folder);
            for (var kill = 0; kill < KillsOfAFolder && done < kills; kill++, done++)
            {
                var (began, ended) = await HubProcess.KillStartAsync(folder, afterLine: kill % 2 == 0,
                    () => TimeSpan.FromMilliseconds(random.Next(kill % 2 == 0 ? 600 : 2500)));
                if (began && !ended)
                    updating++;
                if (Problem(folder, old) is { } problem)
                {
                    wrong++;
                    log?.Invoke(problem);
                }
            }

            try
            {
                await using var hub = await HubProcess.StartAsync(folder);
                var runs = System.Text.Json.Nodes.JsonNode.Parse(
                    await hub.Http.GetStringAsync(new Uri("/api/v1/runs", UriKind.Relative)))!["items"]!.AsArray().Count;
                if (runs != (old ? 1 : 0))
                    notOpened.Add($"{(old ? "old" : "new")} folder: {runs} runs");
            }
            catch (InvalidOperationException e)
            {
                notOpened.Add(e.Message);
            }

            log?.Invoke($"{done} kills, {updating} of them in the middle of an update");
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }

        return new StartStormResult(done, updating, wrong, notOpened);
    }

    private static async Task MakeOldAsync(string folder)
    {
        await using (var hub = await EmptyHub.CreateAsync(existing: folder))
        {
            await hub.FinishAsync("old", accuracies: [0.8, 0.9]);
            await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
            await db.GetService<IMigrator>().MigrateAsync(OldVersion);
        }

        // A connection that stayed open here would keep the hub from replacing the file: it waits for whoever else has it.
        SqliteConnection.ClearAllPools();
    }

    private static string? Problem(string folder, bool old)
    {
        var path = Path.Combine(folder, "hub.db");
        if (!File.Exists(path))
            return old ? "hub.db is gone" : null;
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        var integrity = Scalar<string>(connection, "PRAGMA integrity_check");
        var migrations = Scalar<long>(connection, "SELECT COUNT(*) FROM \"__EFMigrationsHistory\"");
        var curves = Scalar<long>(connection, "SELECT COUNT(*) FROM pragma_table_info('Epochs') WHERE name = 'Curve'");
        if (integrity != "ok" || (migrations == 1) != (curves == 1) || (!old && migrations == 1))
            return $"integrity {integrity}, {migrations} migrations, curve column {curves}";
        return Scalar<long>(connection, "SELECT COUNT(*) FROM \"Runs\"") == (old ? 1 : 0) ? null : "the run is gone";
    }

    private static T Scalar<T>(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (T)command.ExecuteScalar()!;
    }
}
