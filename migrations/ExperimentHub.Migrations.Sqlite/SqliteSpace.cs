using System.Globalization;
using ExperimentHub.Tracking;
using Microsoft.Data.Sqlite;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>Lets <c>hub.db</c> shrink: free pages are kept track of (incremental auto-vacuum) and given back in small steps.</summary>
internal sealed class SqliteSpace(DataFolder folder) : IDatabaseSpace
{
    private const long Incremental = 2;

    /// <summary>A step is one transaction; 4 MiB is a few milliseconds, in which nobody else can write.</summary>
    private const int PagesPerStep = 1024;

    public async Task GiveBackAsync(CancellationToken cancellation = default)
    {
        await using var connection = await OpenAsync(folder.HubDatabase, cancellation);
        await GiveBackAsync(connection, cancellation);

        // The file itself shrinks when the log is written back. Readers may hinder that; then a later checkpoint does it.
        await NumberAsync(connection, "PRAGMA wal_checkpoint(TRUNCATE)", cancellation);
    }

    /// <summary>Takes the free pages out of the file, on an open connection.</summary>
    internal static async Task GiveBackAsync(SqliteConnection connection, CancellationToken cancellation)
    {
        var free = await NumberAsync(connection, "PRAGMA freelist_count", cancellation);
        while (free > 0)
        {
            await using (var command = connection.CreateCommand())
            {
                command.CommandText = string.Create(CultureInfo.InvariantCulture, $"PRAGMA incremental_vacuum({PagesPerStep})");
                // SQLite gives one page back for each row that is read.
                await using var pages = await command.ExecuteReaderAsync(cancellation);
                while (await pages.ReadAsync(cancellation))
                    cancellation.ThrowIfCancellationRequested();
            }

            var before = free;
            free = await NumberAsync(connection, "PRAGMA freelist_count", cancellation);
            if (free >= before)
                break; // somebody else deletes faster; the next call goes on
        }
    }

    /// <summary>Switches a database to it that was made before. Such a file is rewritten once, which takes its size in free disk space.</summary>
    internal static async Task PrepareAsync(string path, CancellationToken cancellation)
    {
        await using var connection = await OpenAsync(path, cancellation);
        await PrepareAsync(connection, cancellation);
    }

    /// <summary>The same on an open connection.</summary>
    internal static async Task PrepareAsync(SqliteConnection connection, CancellationToken cancellation)
    {
        if (await NumberAsync(connection, "PRAGMA auto_vacuum", cancellation) == Incremental)
            return;
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA auto_vacuum = INCREMENTAL; VACUUM;";
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task<SqliteConnection> OpenAsync(string path, CancellationToken cancellation)
    {
        var connection = new SqliteConnection(SqliteDatabase.ConnectionString(path));
        await connection.OpenAsync(cancellation);
        return connection;
    }

    private static async Task<long> NumberAsync(SqliteConnection connection, string pragma, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = pragma;
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }
}
