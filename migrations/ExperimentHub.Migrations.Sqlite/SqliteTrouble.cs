using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Storage;
using Microsoft.Data.Sqlite;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>Which of SQLite's errors are the machine's and pass.</summary>
internal sealed class SqliteTrouble(DataFolder folder) : IDatabaseTrouble
{
    // https://sqlite.org/rescode.html: SQLITE_BUSY, SQLITE_LOCKED, SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN.
    private const int Busy = 5, Locked = 6, ReadOnly = 8, InputOutput = 10, Full = 13, CannotOpen = 14;

    public StorageTrouble? Of(Exception exception) => exception is not SqliteException sqlite ? null : sqlite.SqliteErrorCode switch
    {
        Busy or Locked => StorageTrouble.Locked,
        Full => StorageTrouble.Full,
        ReadOnly or InputOutput or CannotOpen => StorageTrouble.Failing,
        _ => null,
    };

    public async Task ProbeAsync(CancellationToken cancellation)
    {
        foreach (var path in new[] { folder.HubDatabase, folder.QuartzDatabase })
        {
            await using var connection = new SqliteConnection(SqliteDatabase.ConnectionString(path, TimeSpan.FromSeconds(1)));
            await connection.OpenAsync(cancellation);
            await using var command = connection.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE; ROLLBACK;";
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }
}
