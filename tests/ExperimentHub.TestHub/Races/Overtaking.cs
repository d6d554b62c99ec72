using System.Data.Common;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ExperimentHub.TestHub.Races;

/// <summary>
/// Lets somebody else act between what a hub reads and what it writes: before the first statement that writes. SQLite would not let them where the
/// hub's transaction has begun, so transactions begin here as they do on a database with many writers, without its only lock. Notes what a move must
/// not do: read in its transaction before it writes, have a condition on another row than the one that it writes, or fail.
/// </summary>
public sealed partial class Overtaking : DbCommandInterceptor, IDbTransactionInterceptor
{
    private readonly List<string> _faults = [];
    private Func<Task>? _meanwhile;
    private DbTransaction? _readIn;

    /// <summary>What was wrong with the statements since it was armed; empty where nothing was.</summary>
    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (_faults)
                return [.. _faults];
        }
    }

    /// <summary>Somebody else has acted since it was armed.</summary>
    public bool HasActed { get; private set; }

    /// <param name="meanwhile">Done once, before the next statement that writes.</param>
    public void Arm(Func<Task> meanwhile)
    {
        lock (_faults)
            _faults.Clear();
        (HasActed, _readIn) = (false, null);
        Volatile.Write(ref _meanwhile, meanwhile);
    }

    ValueTask<InterceptionResult<DbTransaction>> IDbTransactionInterceptor.TransactionStartingAsync(
        DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result,
        CancellationToken cancellationToken) =>
        ValueTask.FromResult(InterceptionResult<DbTransaction>.SuppressWithResult(((SqliteConnection)connection).BeginTransaction(deferred: true)));

    public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        await SeeAsync(command);
        return result;
    }

    public override async ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        await SeeAsync(command);
        return result;
    }

    public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        Note($"{eventData.Exception.Message}: {command.CommandText}");
        return Task.CompletedTask;
    }

    private async Task SeeAsync(DbCommand command)
    {
        if (!Writes().IsMatch(command.CommandText))
        {
            _readIn = command.Transaction ?? _readIn;
            return;
        }

        if (Interlocked.Exchange(ref _meanwhile, null) is not { } meanwhile)
            return;
        if (command.Transaction is { } transaction && ReferenceEquals(transaction, _readIn))
            Note($"The transaction has read before it writes: {command.CommandText}");
        if (Asks().IsMatch(command.CommandText))
            Note($"The condition asks other rows than the one that is written: {command.CommandText}");
        await meanwhile();
        HasActed = true;
    }

    private void Note(string fault)
    {
        lock (_faults)
            _faults.Add(fault);
    }

    [GeneratedRegex(@"^\s*(UPDATE|INSERT|DELETE)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Writes();

    [GeneratedRegex(@"\bSELECT\b.*\bFROM\b(?!\s+json_each)", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Asks();
}
