using System.Diagnostics;
using ExperimentHub.TestHub;
using Microsoft.Data.Sqlite;

namespace ExperimentHub.Web.Tests.Hosting;

/// <summary>A data folder as a process meets it: killed starts, and what must not be opened.</summary>
public sealed class OpeningTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    [Fact]
    public async Task StartStorm_OnNewAndOldFolders_LeavesTheOldOrTheNewAndOpensAgain()
    {
        var storm = await StartStorm.RunAsync(20, seed: 20261129, output.WriteLine);
        Assert.Empty(storm.NotOpened);
        Assert.Equal(0, storm.NeitherOldNorNew);
        Assert.NotEqual(0, storm.Updating);
    }

    [Theory]
    [InlineData("hub.db", "garbage")]
    [InlineData("hub.db", "folder")]
    [InlineData("hub.db", "pipe")]
    [InlineData("hub.lock", "folder")]
    [InlineData("hub.lock", "pipe")]
    [InlineData("keys", "file")]
    [InlineData("runs", "lost")]
    public async Task Start_SomethingElseInTheFolder_RefusesInWords(string name, string what)
    {
        OwnFolder(_data);
        var path = Path.Combine(_data, name);
        switch (what)
        {
            case "garbage" or "file":
                await File.WriteAllTextAsync(path, new string('x', 10_000));
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "pipe":
                using (var made = Process.Start("mkfifo", [path]))
                    await made.WaitForExitAsync();
                break;
            default:
                OwnFolder(path);
                OwnFolder(Path.Combine(path, Guid.CreateVersion7().ToString("N")));
                break;
        }

        var (code, errors) = await HubProcess.StartAndFailAsync(_data);
        Assert.Equal(1, code);
        Assert.Contains(_data, errors);
        Assert.DoesNotContain("   at ", errors);
    }

    [Fact]
    public async Task Start_ScheduleOfAnotherScheduler_IsMadeAnew()
    {
        await using (await HubProcess.StartAsync(_data))
        {
        }

        using (var connection = new SqliteConnection($"Data Source={Path.Combine(_data, "quartz.db")};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "ALTER TABLE \"QRTZ_TRIGGERS\" DROP COLUMN \"PREFERRED_NODE\"";
            command.ExecuteNonQuery();
        }

        await using var hub = await HubProcess.StartAsync(_data);
        Assert.Single(Directory.GetFiles(_data, "quartz.db.damaged-*"),
            file => !file.EndsWith("-wal", StringComparison.Ordinal) && !file.EndsWith("-shm", StringComparison.Ordinal));
    }

    /// <summary>A start refuses a database of another version; one that is put in its place later must not be called healthy.</summary>
    [Fact]
    public async Task Health_OfADatabaseOfAnotherVersion_IsUnhealthy()
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        Assert.Equal("Healthy", await client.GetStringAsync(new Uri("/healthz", UriKind.Relative)));
        using (var connection = new SqliteConnection($"Data Source={app.Folder.HubDatabase};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO \"__EFMigrationsHistory\" VALUES ('20990101000000_FromTheFuture', '12.0.0')";
            command.ExecuteNonQuery();
        }

        foreach (var path in new[] { "/healthz", "/readyz" })
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative));
            Assert.StartsWith("Unhealthy\nThe database is not the one", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private static void OwnFolder(string path) =>
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
}
