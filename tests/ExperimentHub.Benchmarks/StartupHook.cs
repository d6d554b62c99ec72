using System.Diagnostics;
using ExperimentHub.Benchmarks;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

#pragma warning disable CA1050 // The runtime finds it by this name, outside any namespace.

/// <summary>
/// Runs inside the hub that is measured, before its own first line (DOTNET_STARTUP_HOOKS): writes down each statement that SQLite executes for it
/// outside a transaction, EF Core's and our own alike.
/// </summary>
internal static class StartupHook
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(StatementLog.Variable) is { Length: > 0 } path)
            DiagnosticListener.AllListeners.Subscribe(
                new Listeners(TextWriter.Synchronized(new StreamWriter(path, append: true) { AutoFlush = true })));
    }

    private sealed class Listeners(TextWriter log) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == Microsoft.EntityFrameworkCore.DbLoggerCategory.Name)
                value.Subscribe(this, name => name == RelationalEventId.ConnectionOpened.Name);
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            // A pooled connection comes by again; its handle has one trace, however often it is asked for.
            if (value.Value is ConnectionEndEventData { Connection: SqliteConnection { Handle: { } handle } })
                raw.sqlite3_trace(handle, (_, statement) => Write(handle, statement), null);
        }

        private void Write(sqlite3 handle, string statement)
        {
            // Whoever reads inside a transaction is about to write.
            if (raw.sqlite3_get_autocommit(handle) != 0)
                log.WriteLine(StatementLog.Line(statement));
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }
}
