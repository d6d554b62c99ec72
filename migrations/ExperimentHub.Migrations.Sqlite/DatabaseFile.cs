using ExperimentHub.Protocol.Files;
using Microsoft.Data.Sqlite;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>A SQLite database as what it is on the disk: a file, and while it is in use a log and an index of the log beside it.</summary>
internal static class DatabaseFile
{
    private static readonly string[] Companions = ["-wal", "-shm", "-journal"];

    /// <summary>The first bytes of every SQLite database (sqlite.org/fileformat2.html, 1.3.1).</summary>
    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <summary>Whether something lies there that could be a database. To be asked before this process has it open: closing a second handle would drop SQLite's locks.</summary>
    public static FileState Look(string path)
    {
        if (OwnFile.KindOf(path) == FileKind.Nothing)
            return FileState.Missing;
        using var file = OwnFile.OpenRead(path);
        if (file.Length == 0)
            return FileState.Empty;
        Span<byte> first = stackalloc byte[Magic.Length];
        return file.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) == first.Length && first.SequenceEqual(Magic) ? FileState.Database : FileState.SomethingElse;
    }

    /// <summary>Makes an empty file for its owner alone; SQLite gives its companions the same mode.</summary>
    public static void Create(string path) => OwnFile.CreateNew(path).Dispose();

    public static void Delete(string path)
    {
        foreach (var file in Companions.Select(companion => path + companion).Prepend(path))
            File.Delete(file);
    }

    /// <summary>Moves a database and what belongs to it, whatever of it is there and whatever it is.</summary>
    public static void Move(string path, string target)
    {
        foreach (var (from, to) in Companions.Select(companion => (path + companion, target + companion)).Prepend((path, target)))
        {
            if (OwnFile.KindOf(from) == FileKind.Folder)
                Directory.Move(from, to);
            else if (OwnFile.KindOf(from) != FileKind.Nothing)
                File.Move(from, to);
        }
    }

    /// <summary>Bytes in the log that are not in the file yet.</summary>
    public static long LogBytes(string path) => new FileInfo(path + "-wal") is { Exists: true } log ? log.Length : 0;

    /// <summary>A connection of its own, which is really closed when it is disposed.</summary>
    public static async Task<SqliteConnection> OpenAsync(string path, CancellationToken cancellation)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        await connection.OpenAsync(cancellation);
        return connection;
    }

    /// <summary>Takes the log into the file, so that the file alone is the database and can be moved.</summary>
    public static async Task JoinAsync(string path, CancellationToken cancellation)
    {
        await using (var connection = await OpenAsync(path, cancellation))
        {
            await connection.ScalarAsync("PRAGMA wal_checkpoint(TRUNCATE)", cancellation);
            if (await connection.ScalarAsync("PRAGMA journal_mode = DELETE", cancellation) is not "delete")
                throw new IOException($"Another program has {path} open.");
        }

        Sync(path);
    }

    /// <summary>Waits until the disk has it. Only for a file that nobody has open.</summary>
    public static void Sync(string path)
    {
        using var file = OwnFile.OpenAppend(path);
        file.Flush(flushToDisk: true);
    }

    public static async Task<object?> ScalarAsync(this SqliteConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(cancellation);
    }

    public static async Task<List<string>> TextsAsync(this SqliteConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var texts = new List<string>();
        while (await row.ReadAsync(cancellation))
            texts.Add(row.GetString(0));
        return texts;
    }
}

/// <summary>What lies where a database should be.</summary>
internal enum FileState
{
    Missing,
    Empty,
    Database,
    SomethingElse,
}
