using System.Data.Common;
using ExperimentHub.Tracking.Queries;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>
/// Lets a query end before its answer. The driver runs every statement on the thread that asks and looks at a token only before it begins, so SQLite itself is told to ask
/// <see cref="QueryWatch"/> on the way, and then ends the statement with SQLITE_INTERRUPT.
/// </summary>
internal sealed class SqliteInterruption : DbConnectionInterceptor
{
    /// <summary>Instructions of SQLite's virtual machine between two looks: some tens of microseconds, beside which a look costs nothing.</summary>
    private const int Instructions = 4_000;

    private static readonly delegate_progress Look = _ => QueryWatch.MustEnd ? 1 : 0;

    public static SqliteInterruption Instance { get; } = new();

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Watch(connection);

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Watch(connection);
        return Task.CompletedTask;
    }

    private static void Watch(DbConnection connection) => raw.sqlite3_progress_handler(((SqliteConnection)connection).Handle, Instructions, Look, null);
}
