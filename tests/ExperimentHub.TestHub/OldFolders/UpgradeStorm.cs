using ExperimentHub.Tracking;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.TestHub.OldFolders;

/// <summary>What came of hubs that were killed while they opened a folder of an older version.</summary>
/// <param name="Updates">Whether this version has anything to update in it.</param>
/// <param name="Updating">How many of the kills fell between the beginning of the update and its end.</param>
/// <param name="Lost">What an undisturbed start found missing afterwards.</param>
public sealed record UpgradeStormResult(int Kills, bool Updates, int Updating, IReadOnlyList<string> Lost);

/// <summary>
/// Kills hubs (kill -9) at random moments of the upgrade, each on a fresh copy of an old folder, and looks with an undisturbed one whether anything
/// is lost.
/// </summary>
public static class UpgradeStorm
{
    public static async Task<UpgradeStormResult> RunAsync(string name, int kills, int seed, Action<string>? log = null)
    {
        var random = new Random(seed);
        var updates = await UpdatesAsync(name);
        var updating = 0;
        var lost = new List<string>();
        for (var kill = 0; kill < kills; kill++)
        {
            var folder = HubProcess.NewFolder();
            OldFolder.Unpack(name, folder);
            // Where there is an update, most kills fall into it by the clock that its first line starts.
            var afterLine = updates && kill % 4 != 3;
            var (began, listened) = await HubProcess.KillStartAsync(folder, afterLine,
                () => TimeSpan.FromMilliseconds(random.Next(afterLine ? 400 : 3000)));
            if (began && !listened)
                updating++;
            var gone = await LostAsync(name, folder);
            log?.Invoke($"kill {kill + 1}: {(began && !listened ? "in the update" : listened ? "after it" : "before it")}, {gone.Count} things lost");
            foreach (var loss in gone)
                log?.Invoke(loss);
            lost.AddRange(gone);
            Directory.Delete(folder, recursive: true);
        }

        return new UpgradeStormResult(kills, updates, updating, lost);
    }

    /// <summary>Opens a folder that was copied from an old one, and compares.</summary>
    public static async Task<IReadOnlyList<string>> LostAsync(string name, string folder)
    {
        try
        {
            return JsonDifference.Lost(OldFolder.Expected(name), await FolderFacts.ReadAsync(folder));
        }
        catch (Exception e) when (e is InvalidOperationException or HttpRequestException)
        {
            return [e.Message];
        }
    }

    private static async Task<bool> UpdatesAsync(string name)
    {
        await using var hub = await EmptyHub.CreateAsync();
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        return db.Database.GetMigrations().Last() != name;
    }
}
