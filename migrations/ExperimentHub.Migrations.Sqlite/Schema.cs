using ExperimentHub.Tracking;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>Which tables and columns a database has, compared with what its history of migrations says.</summary>
internal static class Schema
{
    /// <summary>Tables of ours; not EF's own, and not those that <see cref="OldCurves"/> sets aside.</summary>
    private const string Tables = """
        m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND m.name NOT LIKE '!_!_EF%' ESCAPE '!' AND m.name NOT LIKE 'ef!_temp!_%' ESCAPE '!'
        AND m.name NOT IN ('OldEpochs', 'OldTails')
        """;

    /// <summary>The migrations that a database has been through; none where it keeps no history.</summary>
    public static async Task<List<string>> HistoryAsync(SqliteConnection connection, CancellationToken cancellation) =>
        await connection.ScalarAsync("SELECT COUNT(*) FROM sqlite_master WHERE name = '__EFMigrationsHistory'", cancellation) is 0L
            ? []
            : await connection.TextsAsync("""SELECT "MigrationId" FROM "__EFMigrationsHistory" ORDER BY "MigrationId" """, cancellation);

    /// <summary>As "Runs.Id", in no order.</summary>
    public static async Task<HashSet<string>> ColumnsAsync(SqliteConnection connection, CancellationToken cancellation) =>
        [.. await connection.TextsAsync($"SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE {Tables}", cancellation)];

    /// <summary>The columns that this program reads and writes, in the same spelling.</summary>
    public static HashSet<string> Expected(TrackingDb db) =>
        [.. db.Model.GetRelationalModel().Tables.SelectMany(table => table.Columns.Select(column => $"{table.Name}.{column.Name}"))];

    /// <summary>
    /// Puts right what a hub left that was killed in the middle of a migration: SQLite changes some things by rebuilding a table, in several transactions,
    /// and the row that says so comes last. Either the new tables are not in place yet (they are thrown away and made again), or all are (then the row is written).
    /// </summary>
    /// <param name="db">A copy of the database that nobody else uses, its connection open.</param>
    /// <returns>The migration that was finished here; null where there was nothing to finish.</returns>
    /// <exception cref="InvalidDataException">The tables are neither the old nor the new ones.</exception>
    public static async Task<string?> FinishInterruptedAsync(TrackingDb db, CancellationToken cancellation)
    {
        var connection = (SqliteConnection)db.Database.GetDbConnection();
        foreach (var half in await connection.TextsAsync("SELECT name FROM sqlite_master WHERE name LIKE 'ef!_temp!_%' ESCAPE '!'", cancellation))
            await connection.ScalarAsync($"DROP TABLE \"{half}\"", cancellation);
        await connection.ScalarAsync("DROP TABLE IF EXISTS \"__EFMigrationsLock\"", cancellation);

        var all = db.Database.GetMigrations().ToList();
        var applied = await HistoryAsync(connection, cancellation);
        if (applied.Count == 0 || !all.Take(applied.Count).SequenceEqual(applied))
            return null;
        var found = await ColumnsAsync(connection, cancellation);

        await using var model = SqliteDatabase.Open(":memory:");
        await model.Database.OpenConnectionAsync(cancellation);
        var modelConnection = (SqliteConnection)model.Database.GetDbConnection();
        await model.GetService<IMigrator>().MigrateAsync(applied[^1], cancellation);
        var before = await ColumnsAsync(modelConnection, cancellation);
        if (found.SetEquals(before))
            return null;
        var next = all[applied.Count];
        await model.GetService<IMigrator>().MigrateAsync(next, cancellation);
        if (!found.SetEquals(await ColumnsAsync(modelConnection, cancellation)))
        {
            var differing = found.Except(before).Concat(before.Except(found)).Order(StringComparer.Ordinal).Take(3);
            throw new InvalidDataException($"its tables are not those of its last update ({applied[^1]}): {string.Join(", ", differing)}");
        }

        foreach (var index in await modelConnection.TextsAsync("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL", cancellation))
        {
            if (await connection.ScalarAsync($"SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND name = '{index}'", cancellation) is 0L)
                await connection.ScalarAsync((string)(await modelConnection.ScalarAsync($"SELECT sql FROM sqlite_master WHERE name = '{index}'", cancellation))!, cancellation);
        }

        await db.Database.ExecuteSqlAsync($"""INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion") VALUES ({next}, {ProductInfo.GetVersion()})""", cancellation);
        return next;
    }
}
