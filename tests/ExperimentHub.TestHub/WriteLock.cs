using ExperimentHub.Migrations.Sqlite;
using Microsoft.Data.Sqlite;

namespace ExperimentHub.TestHub;

/// <summary>Another program that holds the write lock of a database until it is disposed.</summary>
public sealed class WriteLock : IAsyncDisposable
{
    private readonly SqliteConnection _connection;

    private WriteLock(SqliteConnection connection) => _connection = connection;

    public static async Task<WriteLock> TakeAsync(string database)
    {
        var connection = new SqliteConnection(SqliteDatabase.ConnectionString(database));
        await connection.OpenAsync();
        var held = new WriteLock(connection);
        await held.RunAsync("BEGIN IMMEDIATE");
        return held;
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection.State == System.Data.ConnectionState.Open)
            await RunAsync("ROLLBACK");
        await _connection.DisposeAsync();
    }

    private async Task RunAsync(string statement)
    {
        await using var command = _connection.CreateCommand();
        command.CommandText = statement;
        await command.ExecuteNonQueryAsync();
    }
}
