using ExperimentHub.TestHub;
using ExperimentHub.TestHub.OldFolders;

namespace ExperimentHub.Web.Tests.Hosting;

/// <summary>Folders that earlier versions wrote, with everything in them, as processes of this version open them.</summary>
public sealed class OldFolderTests(ITestOutputHelper output) : IDisposable
{
    private const int UsualKills = 5;

    private readonly string _folder = HubProcess.NewFolder();

    public static TheoryData<string> Names => [.. OldFolder.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Open_FolderOfAnEarlierVersion_LosesNothing(string name)
    {
        OldFolder.Unpack(name, _folder);
        Assert.Empty(await UpgradeStorm.LostAsync(name, _folder));
        // What an upgrade made is not upgraded again, and what was restored stays.
        var again = await FolderFacts.ReadAsync(_folder);
        Assert.Equal(OldFolder.Expected(name)["files"]!.ToJsonString(), again["files"]!.ToJsonString());
    }

    /// <summary>What was taken over is not only there: trainings go on from it, to the step.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Open_FolderOfAnEarlierVersion_GoesOnWithItsTrainings(string name)
    {
        OldFolder.Unpack(name, _folder);
        var runs = OldFolder.Expected(name)["runs"]!.AsArray();
        string IdOf(string run) => runs.Single(one => one!["name"]!.GetValue<string>() == run)!["id"]!.GetValue<string>();
        await using var hub = await HubProcess.StartAsync(_folder);
        var resume = new Uri($"/api/v1/runs/{IdOf(FullFolder.Paused)}/resume", UriKind.Relative);
        (await hub.Http.PostAsync(resume, null, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        foreach (var run in new[] { FullFolder.Interrupted, FullFolder.Paused })
        {
            var ended = await FullFolder.UntilAsync(hub, IdOf(run), now => now["status"]!.GetValue<string>() is not ("queued" or "running"));
            Assert.Equal("finished", ended["status"]!.GetValue<string>());
            Assert.Equal(Enumerable.Range(1, FullFolder.LongEpochs), ended["epochs"]!.AsArray().Select(epoch => epoch!["epoch"]!.GetValue<int>()));
            Assert.Equal(2, ended["attempts"]!.AsArray().Count);
        }
    }

    /// <summary>More kills with EXPERIMENTHUB_TEST_KILLS.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Open_KilledAtRandomMoments_LosesNothing(string name)
    {
        var kills = int.TryParse(Environment.GetEnvironmentVariable("EXPERIMENTHUB_TEST_KILLS"), out var asked) ? asked : UsualKills;
        var storm = await UpgradeStorm.RunAsync(name, kills, seed: 20261130, output.WriteLine);
        Assert.Empty(storm.Lost);
        Assert.Equal(storm.Updates, storm.Updating > 0);
    }

    /// <summary>A comparison that finds no loss has to be able to find one.</summary>
    [Fact]
    public async Task Open_FolderWithLosses_NamesThem()
    {
        var name = OldFolder.Names[^1];
        OldFolder.Unpack(name, _folder);
        var log = Directory.EnumerateFiles(_folder, "attempt-1.log", SearchOption.AllDirectories).First();
        await File.AppendAllTextAsync(log, "more", TestContext.Current.CancellationToken);
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_folder, "hub.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = """
                DELETE FROM "RunTags" WHERE "Name" = 'owner'; UPDATE "SavedViews" SET "Name" = 'Other'; DELETE FROM "ScheduleFires" WHERE "Number" = 2
                """;
            command.ExecuteNonQuery();
        }

        var lost = await UpgradeStorm.LostAsync(name, _folder);
        foreach (var place in (string[])
        [
            ".tags.owner is gone", "$.found.tags.owner = 'anna' had 1 entries and has 0", "$.views[0].name was",
            ".fires had 2 entries and has 1", "$.files.",
        ])
            Assert.Contains(lost, loss => loss.Contains(place, StringComparison.Ordinal));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }
}
