using System.Data.Common;
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
    public static IServiceCollection AddSqliteTracking(this IServiceCollection services, DataFolder folder)
    {
        services.AddSingleton<IDatabaseSpace, SqliteSpace>();
        services.AddSingleton<ISearchDialect, SqliteSearch>();
        services.AddSingleton<IDatabaseTrouble, SqliteTrouble>();
        return services.AddPooledDbContextFactory<TrackingDb>(options => Configure(options, folder.HubDatabase));
    }

    /// <summary>
    /// Makes both database files ready: <c>hub.db</c> as this program knows it, both for their owner alone and in WAL mode. The data folder's lock must be held,
    /// because what an earlier start left half done is cleared away here.
    /// </summary>
    /// <param name="beginAnew">Whether files of runs that no database knows may be set aside, to begin with an empty hub.</param>
    /// <exception cref="UnusableDataFolderException">The folder must not be opened; the message says why and what to do.</exception>
    public static async Task PrepareAsync(IServiceProvider services, DataFolder folder, bool beginAnew = false, CancellationToken cancellation = default)
    {
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SqliteDatabase));
        while (true)
        {
            try
            {
                await PrepareOnceAsync(services, folder, beginAnew, logger, cancellation);
                return;
            }
            catch (Exception e) when (DatabaseWords.IsBusy(e))
            {
                // Every step can be begun again. SQLite has waited half a minute already.
                logger.LogWarning("Another program holds a database of {Folder}. The hub starts as soon as it lets go of it", folder.Root);
            }
            catch (Exception e) when (DatabaseWords.Of(e, folder) is { } words)
            {
                throw new UnusableDataFolderException(words, e);
            }
            catch (IOException e)
            {
                throw new UnusableDataFolderException($"The data folder {folder.Root} cannot be used: {e.Message}", e);
            }
        }
    }

    /// <summary>What to say of an error of the data folder's disk or databases; null for another error.</summary>
    public static string? Explain(Exception error, DataFolder folder) => DatabaseWords.Of(error, folder);

    /// <summary>Makes the schedule's database anew after the scheduler refused it.</summary>
    /// <exception cref="UnusableDataFolderException">The refusal was the disk's, and a new file would not help.</exception>
    public static async Task RenewScheduleAsync(IServiceProvider services, DataFolder folder, Exception refusal, CancellationToken cancellation = default)
    {
        if (!DatabaseWords.IsContent(refusal))
            throw new UnusableDataFolderException(DatabaseWords.Of(refusal, folder) ?? $"{folder.QuartzDatabase} cannot be used: {refusal.Message}", refusal);
        ClosePool(folder.QuartzDatabase);
        var file = new ScheduleDatabase(folder, services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(SqliteDatabase)));
        file.SetAside(refusal.Message.Split(". ")[0]);
        await file.OpenAsync(cancellation);
        await UseLogAsync(folder.QuartzDatabase, cancellation);
    }

    private static async Task PrepareOnceAsync(IServiceProvider services, DataFolder folder, bool beginAnew, ILogger logger, CancellationToken cancellation)
    {
        // Connections of a former hub in this process would hold a file that is replaced.
        foreach (var path in new[] { folder.HubDatabase, folder.QuartzDatabase })
            ClosePool(path);
        await new HubDatabaseFile(folder, logger).OpenAsync(beginAnew, cancellation);
        await new ScheduleDatabase(folder, logger).OpenAsync(cancellation);
        await UseLogAsync(folder.HubDatabase, cancellation);
        await UseLogAsync(folder.QuartzDatabase, cancellation);
        await SqliteSpace.PrepareAsync(folder.HubDatabase, cancellation);

        await OldCurves.MoveAsync(folder.HubDatabase, services.GetRequiredService<MetricWriter>(), cancellation);
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
    public static string ConnectionString(string path, TimeSpan? busyTimeout = null) => ConnectionString(path, pooling: true, busyTimeout);

    private static string ConnectionString(string path, bool pooling, TimeSpan? busyTimeout = null) =>
        new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true, Pooling = pooling, DefaultTimeout = (int)(busyTimeout ?? BusyTimeout).TotalSeconds }.ToString();

    internal static void Configure(DbContextOptionsBuilder options, string path, bool pooling = true) => options
        .UseSqlite(ConnectionString(path, pooling), sqlite => sqlite.MigrationsAssembly(typeof(SqliteDatabase).Assembly.GetName().Name))
        .AddInterceptors(SqliteCache.Instance, SqliteFunctions.Instance, SqliteInterruption.Instance)
        // SQLite changes most things by rebuilding a table, and its pragma for foreign keys means nothing inside a transaction.
        // Nobody who starts a hub for the first time can do anything about that.
        // Nor about trainings of deleted runs: whoever asks a training for its run means those that are there, and is left with these.
        .ConfigureWarnings(warnings => warnings.Ignore(
            RelationalEventId.NonTransactionalMigrationOperationWarning, CoreEventId.PossibleIncorrectRequiredNavigationWithQueryFilterInteractionWarning));

    /// <summary>A context on any database file, which closes it when it is disposed.</summary>
    internal static TrackingDb Open(string path)
    {
        var options = new DbContextOptionsBuilder<TrackingDb>();
        Configure(options, path, pooling: false);
        return new TrackingDb(options.Options);
    }

    private static void ClosePool(string path)
    {
        using var connection = new SqliteConnection(ConnectionString(path));
        SqliteConnection.ClearPool(connection);
    }

    private static async Task UseLogAsync(string path, CancellationToken cancellation)
    {
        // EF sets WAL only where it creates the file, and Quartz never does: so it is set here, each time, and the answer is checked.
        // The mode is kept in the file; SQLite gives -wal and -shm the mode bits of the database.
        await using var connection = new SqliteConnection(ConnectionString(path));
        await connection.OpenAsync(cancellation);
        if (await connection.ScalarAsync("PRAGMA journal_mode = WAL", cancellation) is not "wal")
            throw new UnusableDataFolderException($"{path} cannot be switched to write-ahead logging. Is the data folder on a network file system? It must be on a local disk.");
    }
}
