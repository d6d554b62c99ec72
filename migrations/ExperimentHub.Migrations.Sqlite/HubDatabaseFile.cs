using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>
/// Opens <c>hub.db</c> for this program, or says why not: makes it in a new folder, updates that of an older hub, and refuses that of a newer one, a damaged one, and
/// one that is missing although its runs are there.
/// </summary>
internal sealed class HubDatabaseFile(DataFolder folder, ILogger logger)
{
    private readonly SchemaUpdate _update = new(folder, logger);

    /// <param name="beginAnew">Whether files of runs that no database knows may be set aside.</param>
    /// <exception cref="UnusableDataFolderException">It is not to be opened.</exception>
    public async Task OpenAsync(bool beginAnew, CancellationToken cancellation)
    {
        _update.RemoveLeftovers();
        DatabaseWords.RefuseFullDisk(folder);
        switch (DatabaseFile.Look(folder.HubDatabase))
        {
            case FileState.Missing:
                await BeginAsync("is missing", beginAnew, cancellation);
                break;
            case FileState.Empty:
                await BeginAsync("is empty", beginAnew, cancellation);
                break;
            case FileState.SomethingElse:
                throw DatabaseWords.Damaged(folder, "It is not a SQLite database.");
            default:
                await OpenExistingAsync(beginAnew, cancellation);
                break;
        }
    }

    private async Task OpenExistingAsync(bool beginAnew, CancellationToken cancellation)
    {
        List<string> history;
        HashSet<string> columns;
        bool hadRuns;
        await using (var connection = await DatabaseFile.OpenAsync(folder.HubDatabase, cancellation))
        {
            // The first reading also takes in the log of a hub that was killed.
            history = await Schema.HistoryAsync(connection, cancellation);
            columns = await Schema.ColumnsAsync(connection, cancellation);
            hadRuns = columns.Contains("Runs.Number")
                && await connection.ScalarAsync("SELECT COUNT(*) FROM sqlite_sequence WHERE name = 'Runs' AND seq > 0", cancellation) is not 0L;
        }

        if (history.Count == 0)
        {
            if (columns.Count > 0)
                throw DatabaseWords.Damaged(folder, "It is a SQLite database, but not one of ExperimentHub.");
            await BeginAsync("is empty", beginAnew, cancellation);
            return;
        }

        if (!hadRuns && RunFolders() > 0)
        {
            await BeginAsync("has never had a run", beginAnew, cancellation);
            return;
        }

        await using var db = SqliteDatabase.Open(folder.HubDatabase);
        var known = db.Database.GetMigrations().ToList();
        if (history.Except(known).ToList() is { Count: > 0 } newer)
            throw new UnusableDataFolderException(DatabaseWords.Newer(folder, newer));
        if (known.Except(history).ToList() is { Count: > 0 } pending)
        {
            try
            {
                await _update.UpdateAsync(pending, cancellation);
            }
            catch (InvalidDataException damage)
            {
                throw DatabaseWords.Damaged(folder, $"It cannot be updated, because {damage.Message}.");
            }
        }
        else if (Schema.Expected(db).Except(columns).Order(StringComparer.Ordinal).Take(3).ToList() is { Count: > 0 } missing)
        {
            throw DatabaseWords.Damaged(folder, $"Columns are missing: {string.Join(", ", missing)}.");
        }
    }

    private async Task BeginAsync(string what, bool beginAnew, CancellationToken cancellation)
    {
        var runs = RunFolders();
        if (runs > 0 || DatabaseFile.LogBytes(folder.HubDatabase) > 0)
        {
            if (!beginAnew)
                throw new UnusableDataFolderException(DatabaseWords.LostItsDatabase(folder, what, runs));
            SetAside();
        }

        await _update.CreateAsync(cancellation);
    }

    /// <summary>Keeps what cannot be used, where nobody stumbles over it.</summary>
    private void SetAside()
    {
        var aside = Path.Combine(folder.Root, $"set-aside-{DatabaseWords.Stamp()}");
        DataFolder.Create(aside);
        DatabaseFile.Move(folder.HubDatabase, Path.Combine(aside, Path.GetFileName(folder.HubDatabase)));
        if (Directory.Exists(folder.Runs))
            Directory.Move(folder.Runs, Path.Combine(aside, Path.GetFileName(folder.Runs)));
        logger.LogWarning("Began anew, as Hub:BeginAnew asks. What was in the data folder without a database that knows it now lies in {Folder}", aside);
    }

    private int RunFolders() => Directory.Exists(folder.Runs)
        ? Directory.EnumerateDirectories(folder.Runs).Count(path => RunId.TryParse(Path.GetFileName(path), out _))
        : 0;
}
