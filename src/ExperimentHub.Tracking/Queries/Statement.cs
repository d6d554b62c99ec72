using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace ExperimentHub.Tracking.Queries;

/// <summary>
/// Runs a statement on a context's own connection and in its transaction, past EF: the shape of a search is known only when it is asked.
/// </summary>
internal static class Statement
{
    public static async Task<List<T>> ListAsync<T>(TrackingDb db, string sql, SqlParameters parameters, Func<DbDataReader, T> read,
        CancellationToken cancellation)
    {
        var rows = new List<T>();
        await foreach (var row in StreamAsync(db, sql, parameters, read, cancellation))
            rows.Add(row);
        return rows;
    }

    public static async IAsyncEnumerable<T> StreamAsync<T>(
        TrackingDb db, string sql, SqlParameters parameters, Func<DbDataReader, T> read, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await db.Database.OpenConnectionAsync(cancellation);
        try
        {
            await using var command = db.Database.GetDbConnection().CreateCommand();
            command.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
            // Only names of ours, operators and placeholders are in the text; every value is a parameter.
            command.CommandText = sql;
            parameters.AddTo(command);
            await using var row = await command.ExecuteReaderAsync(cancellation);
            while (await row.ReadAsync(cancellation))
                yield return read(row);
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }

    public static double? NumberAt(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDouble(column);

    public static string? TextAt(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
