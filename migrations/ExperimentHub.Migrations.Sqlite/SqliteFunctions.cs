using System.Data.Common;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Queries;
using ExperimentHub.Tracking.Search;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore.Diagnostics;
using SQLitePCL;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>What SQLite does not know: letters beyond ASCII have cases too. Each connection is told; nothing of it is kept in the file.</summary>
internal sealed class SqliteFunctions : DbConnectionInterceptor
{
    /// <summary>The <see cref="NameRule.Key"/> of a name.</summary>
    public const string NameKey = "hub_name_key";

    /// <summary>Whether a text is like a pattern of SQLite's LIKE with a backslash as its escape, whatever the case.</summary>
    public const string FoldedLike = "hub_folded_like";

    /// <summary>True while somebody waits for the statement; it is ended otherwise. <see cref="SqliteInterruption"/> looks too rarely where one instruction takes long.</summary>
    public const string Wanted = "hub_wanted";

    // A statement asks for one pattern again and again.
    [ThreadStatic]
    private static (string Pattern, FoldedLike Read)? _last;

    public static SqliteFunctions Instance { get; } = new();

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData) => Teach((SqliteConnection)connection);

    public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Teach((SqliteConnection)connection);
        return Task.CompletedTask;
    }

    private static void Teach(SqliteConnection connection)
    {
        connection.CreateFunction(NameKey, (string? name) => name is null ? null : NameRule.Key(name), isDeterministic: true);
        connection.CreateFunction(Wanted, () => IsWanted(connection));
        connection.CreateFunction(FoldedLike, (string pattern, string? text) => text is null ? (bool?)null : Read(pattern).Matches(text), isDeterministic: true);
    }

    private static bool IsWanted(SqliteConnection connection)
    {
        if (!QueryWatch.MustEnd)
            return true;
        raw.sqlite3_interrupt(connection.Handle);
        return false;
    }

    private static FoldedLike Read(string pattern)
    {
        if (_last is not { } last || last.Pattern != pattern)
            _last = last = (pattern, new FoldedLike(LikePattern.Parse(pattern)));
        return last.Read;
    }
}
