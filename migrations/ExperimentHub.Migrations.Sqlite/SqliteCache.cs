using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>
/// Gives connections room for what a search over many runs looks up: with SQLite's own 2 MiB every look would be a read from the file system. A connection
/// takes what it has read and no more, and keeps it while it waits in the pool.
/// </summary>
internal sealed class SqliteCache : DbConnectionInterceptor
{
    // In KiB. Every connection of the pool fills its own in the course of a day; 8 MiB are enough for a search at 100,000 runs (decision 10).
    private const string Pragma = "PRAGMA cache_size = -8192";

    public static SqliteCache Instance { get; } = new();

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using var command = connection.CreateCommand();
        command.CommandText = Pragma;
        command.ExecuteNonQuery();
    }

    public override async Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = Pragma;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
