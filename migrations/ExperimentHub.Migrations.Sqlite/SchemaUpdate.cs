using System.Globalization;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>
/// Makes or updates <c>hub.db</c>. SQLite cannot do every change in one transaction, so nothing is changed in place: all migrations run on a copy, which takes
/// the place of the old file in one step when it is complete and checked. A hub that is killed at any moment leaves the old file or the new one, and its next start
/// begins again. The old file is kept in <c>backups/</c>.
/// </summary>
internal sealed class SchemaUpdate(DataFolder folder, ILogger logger)
{
    private const int KeptBackups = 3;
    private const string Unfinished = ".unfinished";

    private string Copy => folder.HubDatabase + ".new";

    /// <summary>What an earlier start could not finish. Nobody misses it: the database itself was not touched.</summary>
    public void RemoveLeftovers()
    {
        DatabaseFile.Delete(Copy);
        if (!Directory.Exists(folder.Backups))
            return;
        foreach (var half in Directory.EnumerateFiles(folder.Backups, $"*{Unfinished}*"))
            File.Delete(half);
    }

    public Task CreateAsync(CancellationToken cancellation) => OrNothingAsync(() => MakeAsync(cancellation));

    public Task UpdateAsync(IReadOnlyList<string> pending, CancellationToken cancellation) => OrNothingAsync(() => ReplaceAsync(pending, cancellation));

    /// <summary>The backups that are complete, the newest first.</summary>
    public static IEnumerable<string> Backups(DataFolder folder) => Directory.Exists(folder.Backups)
        ? Directory.EnumerateFiles(folder.Backups, "hub-*.db").OrderByDescending(path => path, StringComparer.Ordinal)
        : [];

    /// <summary>What failed must not stay and take the room that it failed for.</summary>
    private async Task OrNothingAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch
        {
            RemoveLeftovers();
            throw;
        }
    }

    private async Task MakeAsync(CancellationToken cancellation)
    {
        logger.LogInformation("Making a new database: {Database}", folder.HubDatabase);
        DatabaseFile.Create(Copy);
        await MigrateAsync([], cancellation);
        // Of an empty database nothing but these can be there.
        DatabaseFile.Delete(folder.HubDatabase);
        Replace();
    }

    private async Task ReplaceAsync(IReadOnlyList<string> pending, CancellationToken cancellation)
    {
        var backup = Path.Combine(folder.Backups, string.Create(CultureInfo.InvariantCulture, $"hub-{DateTime.UtcNow:yyyyMMdd-HHmmss}-before-{Name(pending[0])}.db"));
        logger.LogInformation("Updating {Database} ({Updates}). It stays in {Backup} as it is now", folder.HubDatabase, string.Join(", ", pending.Select(Name)), backup);
        DataFolder.Create(folder.Backups);
        await BackUpAsync(backup + Unfinished, cancellation);
        File.Copy(backup + Unfinished, Copy);
        await MigrateAsync(pending, cancellation);
        await DatabaseFile.JoinAsync(folder.HubDatabase, cancellation);
        File.Move(backup + Unfinished, backup, overwrite: true);
        OwnFile.SyncFolder(folder.Backups);
        Replace();
        foreach (var old in Backups(folder).Skip(KeptBackups))
            File.Delete(old);
    }

    private static string Name(string migration) => migration[(migration.IndexOf('_', StringComparison.Ordinal) + 1)..];

    private async Task BackUpAsync(string target, CancellationToken cancellation)
    {
        DatabaseFile.Create(target);
        await using (var from = await DatabaseFile.OpenAsync(folder.HubDatabase, cancellation))
        await using (var to = await DatabaseFile.OpenAsync(target, cancellation))
        {
            // Page by page and with what the log holds. (File.Copy would miss the log.)
            await Task.Run(() => from.BackupDatabase(to), cancellation);
            await to.ScalarAsync("PRAGMA journal_mode = DELETE", cancellation);
        }

        DatabaseFile.Sync(target);
    }

    private async Task CompleteAsync(TrackingDb db, CancellationToken cancellation)
    {
        var (filled, completed) = await EarlierRuns.CompleteAsync(db, cancellation);
        if (filled > 0)
            logger.LogInformation("Made the hyperparameters of {Runs} earlier runs searchable", filled);
        if (completed > 0)
            logger.LogInformation("Found out which of {Runs} earlier runs are the same training", completed);
    }

    /// <param name="pending">None for a database that is made.</param>
    private async Task MigrateAsync(IReadOnlyList<string> pending, CancellationToken cancellation)
    {
        await using (var db = SqliteDatabase.Open(Copy))
        {
            await db.Database.OpenConnectionAsync(cancellation);
            var connection = (SqliteConnection)db.Database.GetDbConnection();
            // A copy that is not finished is thrown away, so nothing of it has to survive a power cut before the end.
            await connection.ScalarAsync("PRAGMA journal_mode = MEMORY", cancellation);
            await connection.ScalarAsync("PRAGMA synchronous = OFF", cancellation);
            // Tables and indices of all runs are laid out anew: with the room of everyday each row would be read from the file once for every index. In KiB; given back with the connection.
            await connection.ScalarAsync("PRAGMA cache_size = -262144", cancellation);
            await SqliteSpace.PrepareAsync(connection, cancellation);
            if (await Schema.FinishInterruptedAsync(db, cancellation) is { } finished)
                logger.LogWarning("An earlier start was killed in the middle of the update {Update}; it is finished now", Name(finished));
            await OldCurves.SetAsideAsync(db, cancellation);
            await db.Database.MigrateAsync(cancellation);
            if (pending.Any(migration => Name(migration) == "Trainings"))
                await CompleteAsync(db, cancellation);
            // Of tables that were laid out anew the old pages are left.
            await SqliteSpace.GiveBackAsync(connection, cancellation);
            if (await connection.ScalarAsync("PRAGMA integrity_check(1)", cancellation) is string and not "ok" and var damage)
                throw new InvalidDataException($"its content is damaged: {damage}");
            await connection.ScalarAsync("PRAGMA journal_mode = DELETE", cancellation);
        }

        DatabaseFile.Sync(Copy);
    }

    private void Replace()
    {
        // The log of another file would be taken for this one's.
        if (DatabaseFile.LogBytes(folder.HubDatabase) > 0)
            throw new IOException($"{folder.HubDatabase}-wal came back. Another program has the database open.");
        File.Move(Copy, folder.HubDatabase, overwrite: true);
        OwnFile.SyncFolder(folder.Root);
    }
}
