using System.Data.Common;
using System.Globalization;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>SQLite as the hub uses it: the provider call, its pragmas and its migrations.</summary>
public static class SqliteDatabase
{
    /// <summary>A migration that takes longer than this is stuck.</summary>
    private static readonly TimeSpan MigrationLimit = TimeSpan.FromMinutes(2);

    public static IServiceCollection AddSqliteTracking(this IServiceCollection services, DataFolder folder)
    {
        services.AddSingleton<IDatabaseSpace, SqliteSpace>();
        services.AddSingleton<ISearchDialect, SqliteSearch>();
        services.AddSingleton<IDatabaseTrouble, SqliteTrouble>();
        return services.AddPooledDbContextFactory<TrackingDb>(options => Configure(options, folder.HubDatabase));
    }

    /// <summary>
    /// Makes both database files ready: owner-only, in WAL mode, <c>hub.db</c> migrated. The data folder's lock must be held, because a
    /// migration lock that a killed hub left behind is removed here.
    /// </summary>
    public static async Task PrepareAsync(IServiceProvider services, DataFolder folder, CancellationToken cancellation = default)
    {
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SqliteDatabase));
        foreach (var path in new[] { folder.HubDatabase, folder.QuartzDatabase })
            await PrepareFileAsync(path, cancellation);
        await SqliteSpace.PrepareAsync(folder.HubDatabase, logger, cancellation);

        await using var db = await services.GetRequiredService<IDbContextFactory<TrackingDb>>().CreateDbContextAsync(cancellation);
        await RemoveStaleMigrationLockAsync(db, logger, cancellation);
        var pending = (await db.Database.GetPendingMigrationsAsync(cancellation)).ToList();
        if (pending.Count > 0)
            await MigrateAsync(db, pending, folder, logger, cancellation);
        await OldCurves.MoveAsync(folder.HubDatabase, services.GetRequiredService<MetricWriter>(), cancellation);
        if (await ParamBackfill.FillAsync(db, cancellation) is > 0 and var filled)
            logger.LogInformation("Made the hyperparameters of {Runs} earlier runs searchable", filled);
    }

    private static async Task MigrateAsync(TrackingDb db, List<string> pending, DataFolder folder, ILogger logger, CancellationToken cancellation)
    {
        logger.LogInformation("Migrating {Database}: {Migrations}", folder.HubDatabase, string.Join(", ", pending));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(MigrationLimit);
        await OldCurves.SetAsideAsync(db, limit.Token);
        await db.Database.MigrateAsync(limit.Token);
    }

    /// <summary>The ADO.NET driver, for rooms that may not name it.</summary>
    public static DbProviderFactory Driver => SqliteFactory.Instance;

    /// <summary>
    /// How long a write of the hub's own waits for the write lock. Its transactions take milliseconds; whoever holds the lock longer is another program, and then a caller
    /// is told so rather than kept waiting.
    /// </summary>
    public static readonly TimeSpan BusyTimeout = TimeSpan.FromSeconds(4);

    /// <summary>The same for Quartz, which nobody waits for, and which after a failure waits a quarter of a minute before it tries again.</summary>
    public static readonly TimeSpan PatientBusyTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The connection string of a database file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="busyTimeout">How long a statement waits for a lock; <see cref="BusyTimeout"/> where not given.</param>
    public static string ConnectionString(string path, TimeSpan? busyTimeout = null) =>
        new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, DefaultTimeout = (int)(busyTimeout ?? BusyTimeout).TotalSeconds }.ToString();

    internal static void Configure(DbContextOptionsBuilder options, string path) => options
        .UseSqlite(ConnectionString(path), sqlite => sqlite.MigrationsAssembly(typeof(SqliteDatabase).Assembly.GetName().Name))
        .AddInterceptors(SqliteCache.Instance)
        // SQLite changes most things by rebuilding a table, and its pragma for foreign keys means nothing inside a transaction.
        // Nobody who starts a hub for the first time can do anything about that.
        .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.NonTransactionalMigrationOperationWarning));

    private static async Task PrepareFileAsync(string path, CancellationToken cancellation)
    {
        if (!File.Exists(path))
            await new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }).DisposeAsync();

        // EF sets WAL only where it creates the file, and Quartz never does: so it is set here, each time, and the answer is checked.
        // The mode is kept in the file; SQLite gives -wal and -shm the mode bits of the database.
        await using var connection = new SqliteConnection(ConnectionString(path));
        await connection.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL;";
        if (await command.ExecuteScalarAsync(cancellation) is not "wal")
            throw new InvalidOperationException($"{path} cannot be switched to write-ahead logging. Is the data folder on a network file system? It must be on a local disk.");
    }

    private static async Task RemoveStaleMigrationLockAsync(TrackingDb db, ILogger logger, CancellationToken cancellation)
    {
        // EF waits for this row for ever. Nobody else can be migrating: the folder's lock is ours.
        var exists = await db.Database.SqlQueryRaw<long>("SELECT COUNT(*) AS Value FROM sqlite_master WHERE name = '__EFMigrationsLock'").SingleAsync(cancellation);
        if (exists == 0)
            return;
        var removed = await db.Database.ExecuteSqlRawAsync("DELETE FROM \"__EFMigrationsLock\"", cancellation);
        if (removed > 0)
            logger.LogWarning("Removed a migration lock that an earlier start left behind ({Rows} rows)", removed.ToString(CultureInfo.InvariantCulture));
    }
}
