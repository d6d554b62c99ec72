using System.Diagnostics;
using ExperimentHub.Tracking.Runs;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ExperimentHub.Tracking.Tests;

/// <summary>What a start makes of the databases that it finds: it opens them whole, or leaves them alone and says what to do.</summary>
public sealed class OpeningTests : IDisposable
{
    private const string Initial = "20261123112205_Initial";
    private const string Metrics = "20261124040116_Metrics";
    private const string CurvesAreMetrics = "20261124053709_CurvesAreMetrics";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"experimenthub-opening-{Guid.NewGuid():N}");

    private string Database => Path.Combine(_folder, "hub.db");

    private string[] Backups => Directory.Exists(Path.Combine(_folder, "backups")) ? Directory.GetFiles(Path.Combine(_folder, "backups")) : [];

    [Theory]
    [InlineData(Initial)]
    [InlineData(Metrics)]
    [InlineData(CurvesAreMetrics)]
    public async Task Prepare_OlderDatabase_IsUpdatedAndKeptAsItWas(string version)
    {
        var run = await MakeAsync(version);
        await OpenAsync(async hub => Assert.Equal("old", (await hub.ReadAsync(run)).Name));

        var backup = Assert.Single(Backups);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(backup));
        Assert.Equal(version, Text("SELECT max(\"MigrationId\") FROM \"__EFMigrationsHistory\"", backup));
        Assert.Equal("old", Text("SELECT \"Name\" FROM \"Runs\"", backup));
        Assert.Equal(["hub.db", "quartz.db"], Directory.GetFiles(_folder, "*.db*")
            .Where(file => !file.EndsWith("-shm", StringComparison.Ordinal) && !file.EndsWith("-wal", StringComparison.Ordinal))
            .Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task Prepare_DatabaseOfThisVersion_IsNotBackedUp()
    {
        await MakeAsync();
        await OpenAsync(_ => Task.CompletedTask);
        Assert.Empty(Backups);
    }

    [Fact]
    public async Task Prepare_ManyUpdates_KeepsTheLastThreeBackups()
    {
        await MakeAsync(Initial);
        Directory.CreateDirectory(Path.Combine(_folder, "backups"));
        foreach (var day in new[] { 1, 2, 3, 4 })
            await File.WriteAllTextAsync(Path.Combine(_folder, "backups", $"hub-2026010{day}-000000-before-Something.db"), "");
        await File.WriteAllTextAsync(Path.Combine(_folder, "backups", "mine.db"), "");
        await OpenAsync(_ => Task.CompletedTask);
        Assert.Equal(["hub-20260103-000000-before-Something.db", "hub-20260104-000000-before-Something.db", "mine.db"],
            Backups.Select(Path.GetFileName).Where(name => !name!.Contains("Metrics", StringComparison.Ordinal)).Order());
        Assert.Equal(4, Backups.Length);
    }

    /// <summary>
    /// A kill between the rebuilt tables and the row that says so: the columns are gone, and the update's first statement asks for them.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Prepare_UpdateKilledAfterItsLastTable_IsFinished(bool withRuns)
    {
        var run = await MakeAsync(CurvesAreMetrics, withRuns);
        Do($"DELETE FROM \"__EFMigrationsHistory\" WHERE \"MigrationId\" = '{CurvesAreMetrics}'; DROP INDEX \"IX_Runs_ExperimentId\"");
        await OpenAsync(async hub =>
        {
            if (withRuns)
                Assert.Equal("old", (await hub.ReadAsync(run)).Name);
        });
    }

    [Fact]
    public async Task Prepare_UpdateKilledWithNewTablesNotInPlaceYet_BeginsAgain()
    {
        var run = await MakeAsync(Metrics);
        Do("CREATE TABLE \"ef_temp_Epochs\" (\"Number\" INTEGER); CREATE TABLE \"ef_temp_Attempts\" (\"Number\" INTEGER)");
        Do("CREATE TABLE IF NOT EXISTS \"__EFMigrationsLock\" (\"Id\" INTEGER NOT NULL PRIMARY KEY, \"Timestamp\" TEXT NOT NULL); INSERT INTO "
            + "\"__EFMigrationsLock\" VALUES (1, '2026-01-01')");
        await OpenAsync(async hub => Assert.Equal("old", (await hub.ReadAsync(run)).Name));
    }

    [Fact]
    public async Task Prepare_CopyAndBackupThatWereNotFinished_AreThrownAway()
    {
        var run = await MakeAsync(Initial);
        Directory.CreateDirectory(Path.Combine(_folder, "backups"));
        await File.WriteAllTextAsync(Database + ".new", "half a copy");
        await File.WriteAllTextAsync(Database + ".new-journal", "half a journal");
        await File.WriteAllTextAsync(Path.Combine(_folder, "backups", "hub-20260101-000000-before-Metrics.db.unfinished"), "half a backup");
        await OpenAsync(async hub => Assert.Equal("old", (await hub.ReadAsync(run)).Name));
        Assert.Single(Backups);
        Assert.Empty(Directory.GetFiles(_folder, "*.new*"));
    }

    /// <summary>What a killed hub had written is in its log, and an update must not leave that behind.</summary>
    [Fact]
    public async Task Prepare_OlderDatabaseWithAFullLog_LosesNothing()
    {
        var run = await MakeAsync(Initial);
        using (var open = new SqliteConnection($"Data Source={Database};Pooling=False"))
        {
            open.Open();
            using var command = open.CreateCommand();
            command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; UPDATE \"Runs\" SET \"Name\" = 'from the log'";
            command.ExecuteNonQuery();
            // As a kill leaves it: neither closed nor taken into the file.
            foreach (var file in new[] { "hub.db", "hub.db-wal" })
                File.Copy(Path.Combine(_folder, file), Path.Combine(_folder, file + ".killed"));
        }

        File.Delete(Database + "-shm");
        foreach (var file in new[] { "hub.db", "hub.db-wal" })
            File.Move(Path.Combine(_folder, file + ".killed"), Path.Combine(_folder, file), overwrite: true);
        await OpenAsync(async hub => Assert.Equal("from the log", (await hub.ReadAsync(run)).Name));
        Assert.Equal("from the log", Text("SELECT \"Name\" FROM \"Runs\"", Assert.Single(Backups)));
    }

    [Fact]
    public async Task Prepare_TablesNeitherOldNorNew_IsRefusedAndLeftAlone()
    {
        await MakeAsync(Metrics);
        Do("ALTER TABLE \"Epochs\" DROP COLUMN \"TestLoss\"");
        Assert.Contains("Epochs.TestLoss", await RefusalAsync());
        // Nor does what was tried stay there.
        Assert.Empty(Backups);
        Assert.Empty(Directory.GetFiles(_folder, "*.new*"));
    }

    [Fact]
    public async Task Prepare_ColumnGoneFromThisVersion_IsRefusedAndLeftAlone()
    {
        await MakeAsync();
        Do("ALTER TABLE \"Runs\" DROP COLUMN \"Notes\"");
        Assert.Contains("Runs.Notes", await RefusalAsync());
    }

    [Fact]
    public async Task Prepare_NewerDatabase_IsRefusedAndLeftAlone()
    {
        await MakeAsync();
        Do("INSERT INTO \"__EFMigrationsHistory\" VALUES ('20990101000000_FromTheFuture', '12.0.0')");
        var refusal = await RefusalAsync();
        Assert.Contains("newer ExperimentHub", refusal);
        Assert.Contains("20990101000000_FromTheFuture", refusal);
    }

    public static TheoryData<string> Losses => ["missing", "empty", "never had a run", "no tables"];

    [Theory]
    [MemberData(nameof(Losses))]
    public async Task Prepare_DatabaseLostBesideItsRuns_IsRefusedUntilAskedToBeginAnew(string loss)
    {
        await MakeAsync();
        var files = Path.Combine(_folder, "runs", Guid.CreateVersion7().ToString("N"));
        Directory.CreateDirectory(files);
        await File.WriteAllTextAsync(Path.Combine(files, "attempt-1.log"), "kept");
        foreach (var file in Directory.GetFiles(_folder, "hub.db*"))
            File.Delete(file);
        if (loss == "empty")
            await File.WriteAllTextAsync(Database, "");
        else if (loss == "no tables")
            Do("PRAGMA user_version = 1");
        else if (loss == "never had a run")
            await MakeElsewhereAsync();
        Assert.Contains("--Hub:BeginAnew=true", await RefusalAsync(compare: File.Exists(Database)));

        await using (var hub = await EmptyHub.CreateAsync(existing: _folder, beginAnew: true))
            Assert.False(Directory.Exists(hub.Folder.Runs));
        Assert.Equal("kept", await File.ReadAllTextAsync(Directory.GetFiles(_folder, "attempt-1.log", SearchOption.AllDirectories).Single()));
    }

    [Fact]
    public async Task Prepare_EmptyFileInANewFolder_IsANewHub()
    {
        Directory.CreateDirectory(_folder);
        await File.WriteAllTextAsync(Database, "");
        await OpenAsync(hub => hub.EnqueueAsync());
    }

    public static TheoryData<string> Wrecks => ["garbage", "half", "torn", "other program", "folder", "pipe", "link"];

    [Theory]
    [MemberData(nameof(Wrecks))]
    public async Task Prepare_SomethingElseInPlaceOfTheDatabase_IsRefusedAndLeftAlone(string wreck)
    {
        await MakeAsync();
        var whole = await File.ReadAllBytesAsync(Database);
        foreach (var file in Directory.GetFiles(_folder, "hub.db*"))
            File.Delete(file);
        Wreck(Database, wreck, whole);
        var refusal = await RefusalAsync(compare: File.Exists(Database) && wreck != "pipe");
        Assert.Contains(Database, refusal);
    }

    [Theory]
    [MemberData(nameof(Wrecks))]
    public async Task Prepare_SomethingElseInPlaceOfTheSchedule_IsKeptAsideAndMadeAnew(string wreck)
    {
        if (wreck == "other program")
            return; // the scheduler adds its tables to a database of anybody's
        var run = await MakeAsync();
        var (path, whole) = (Path.Combine(_folder, "quartz.db"), await File.ReadAllBytesAsync(Database));
        foreach (var file in Directory.GetFiles(_folder, "quartz.db*"))
            File.Delete(file);
        Wreck(path, wreck, whole);
        await OpenAsync(async hub => Assert.Equal("old", (await hub.ReadAsync(run)).Name));
        Assert.Equal("ok", Text("PRAGMA integrity_check", path));
        Assert.Single(Directory.GetFileSystemEntries(_folder, "quartz.db.damaged-*"));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private static void Wreck(string path, string wreck, byte[] whole)
    {
        switch (wreck)
        {
            case "garbage":
                File.WriteAllText(path, string.Concat(Enumerable.Repeat("not a database at all ", 1000)));
                break;
            case "half":
                File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
                break;
            case "torn":
                whole.AsSpan(100, 4000).Fill(0xA5);
                File.WriteAllBytes(path, whole);
                break;
            case "other program":
                Do("CREATE TABLE notes (text TEXT)", path);
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "pipe":
                using (var made = Process.Start("mkfifo", [path]))
                    made.WaitForExit();
                break;
            default:
                File.CreateSymbolicLink(path, "/etc/hostname");
                break;
        }
    }

    /// <summary>A folder with one ended run, its database taken back to an earlier version.</summary>
    private async Task<RunId> MakeAsync(string? version = null, bool withRun = true)
    {
        RunId run = default;
        await using (var hub = await EmptyHub.CreateAsync(existing: _folder))
        {
            if (withRun)
                run = await hub.FinishAsync("old", accuracies: [0.8, 0.9]);
            await hub.Get<Tracking.Metrics.MetricWriter>().FlushAsync();
            await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
            if (version is not null)
                await db.GetService<IMigrator>().MigrateAsync(version);
        }

        Do("PRAGMA journal_mode = DELETE");
        return run;
    }

    /// <summary>The database of another hub, which has never had a run.</summary>
    private async Task MakeElsewhereAsync()
    {
        await using var hub = await EmptyHub.CreateAsync();
        Do("PRAGMA journal_mode = DELETE", hub.Folder.HubDatabase);
        File.Copy(hub.Folder.HubDatabase, Database);
    }

    private async Task OpenAsync(Func<EmptyHub, Task> check)
    {
        await using (var hub = await EmptyHub.CreateAsync(existing: _folder))
            await check(hub);
        await using var again = await EmptyHub.CreateAsync(existing: _folder);
        await check(again);
    }

    private async Task<string> RefusalAsync(bool compare = true)
    {
        SqliteConnection.ClearAllPools();
        var before = compare ? await File.ReadAllBytesAsync(Database) : [];
        var refused = await Assert.ThrowsAsync<UnusableDataFolderException>(() => EmptyHub.CreateAsync(existing: _folder));
        Assert.DoesNotContain("   at ", refused.Message);
        if (compare)
            Assert.Equal(before, await File.ReadAllBytesAsync(Database));
        return refused.Message;
    }

    private void Do(string sql) => Do(sql, Database);

    private static void Do(string sql, string path)
    {
        SqliteConnection.ClearAllPools();
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string? Text(string sql, string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (string?)command.ExecuteScalar();
    }
}
