using System.Globalization;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking;
using Microsoft.Data.Sqlite;

namespace ExperimentHub.Migrations.Sqlite;

/// <summary>What to tell a person whose data folder cannot be opened: what is wrong, what was left alone, and what to do.</summary>
internal static class DatabaseWords
{
    private const int NoSuchThing = 1, Busy = 5, Locked = 6, ReadOnly = 8, Failed = 10, Corrupt = 11, Full = 13, CannotOpen = 14, Authorization = 23, NotADatabase = 26, Permission = 3;
    private const long LeastSpace = 4 << 20;
    private const int NoSpace = 28, QuotaUsedUp = 122, ReadOnlyDisk = 30, NotAllowed = 13; // ENOSPC, EDQUOT, EROFS, EACCES

    /// <summary>Whether another program holds a database; it may let go of it.</summary>
    public static bool IsBusy(Exception e) => Sqlite(e)?.SqliteErrorCode is Busy or Locked;

    /// <summary>Whether a database is not what its reader expects: damaged, or without a table or column.</summary>
    public static bool IsContent(Exception e) => Sqlite(e)?.SqliteErrorCode is NoSuchThing or Corrupt or NotADatabase;

    /// <returns>null for an error that is not about the folder.</returns>
    public static string? Of(Exception e, DataFolder folder) => Sqlite(e) is { } sqlite
        ? sqlite.SqliteErrorCode switch
        {
            Full => NoRoom(folder),
            ReadOnly or CannotOpen or Permission or Authorization => NotOurs(folder, sqlite.Message),
            Corrupt or NotADatabase => Damaged(folder, $"SQLite says: {sqlite.Message}").Message,
            Failed => $"The disk of the data folder {folder.Root} answered with an error ({sqlite.Message}). Look at the system's log, and whether the disk is full or lost.",
            _ => null,
        }
        : Cause<IOException>(e) is { } io
            ? io.HResult switch
            {
                NoSpace or QuotaUsedUp => NoRoom(folder),
                ReadOnlyDisk or NotAllowed => NotOurs(folder, io.Message),
                _ when io is NotAFileException => $"{io.Message} Move it away and start again.",
                _ => null,
            }
            : Cause<UnauthorizedAccessException>(e) is { } refused ? NotOurs(folder, refused.Message) : null;

    public static UnusableDataFolderException Damaged(DataFolder folder, string what) => new(
        $"{folder.HubDatabase} is damaged or not the hub's. {what} Nothing was changed. Move it away together with {Path.GetFileName(folder.HubDatabase)}-wal and "
        + $"{Path.GetFileName(folder.HubDatabase)}-shm, {PutBack(folder)}");

    public static string Newer(DataFolder folder, IReadOnlyList<string> newer) =>
        $"{folder.HubDatabase} was updated by a newer ExperimentHub than this one, which does not know {string.Join(", ", newer.Take(3))}{(newer.Count > 3 ? ", ..." : "")}. "
        + "Nothing was changed. Start the newer one"
        + (SchemaUpdate.Backups(folder).FirstOrDefault() is { } backup
            ? $"; or, to go back to what the hub was before the update, move hub.db, hub.db-wal and hub.db-shm away and copy {backup} to {folder.HubDatabase}."
            : ", or choose another folder with --Hub:DataFolder=<folder>.");

    public static string LostItsDatabase(DataFolder folder, string what, int runs) =>
        $"{folder.HubDatabase} {what}, but {(runs > 0 ? $"{folder.Runs} holds the files of {runs.ToString("N0", CultureInfo.InvariantCulture)} runs" : "its log hub.db-wal is full")}. "
        + $"Starting now would forget them. If you have the database elsewhere, {PutBack(folder)} To begin with an empty hub instead, start once with --Hub:BeginAnew=true: "
        + "what is there is moved to a folder beside it, not deleted.";

    public static string Stamp() => DateTime.UtcNow.ToString("yyyyMMdd-HHmmss-fff", CultureInfo.InvariantCulture);

    private static string PutBack(DataFolder folder) => SchemaUpdate.Backups(folder).FirstOrDefault() is { } backup
        ? $"put your own backup in its place, or the one that the hub made before its last update: cp {backup} {folder.HubDatabase}"
        : $"put a backup in its place as {folder.HubDatabase}, and start again.";

    /// <summary>Too little to begin with: SQLite's log and its index alone take more.</summary>
    public static void RefuseFullDisk(DataFolder folder)
    {
        // A file system that does not say how large it is does not know what is free either.
        if (new DriveInfo(folder.Root) is { TotalSize: > 0, AvailableFreeSpace: < LeastSpace })
            throw new UnusableDataFolderException(NoRoom(folder));
    }

    private static string NoRoom(DataFolder folder) =>
        $"There is too little room on the disk of the data folder {folder.Root} ({new DriveInfo(folder.Root).AvailableFreeSpace >> 10:N0} KiB free). What was there is unharmed. "
        + $"A start needs {LeastSpace >> 20} MiB, and an update of the database twice its size ({2 * Size(folder.HubDatabase) >> 20:N0} MiB). Make room, and start again.";

    private static string NotOurs(DataFolder folder, string reason) =>
        $"The data folder {folder.Root} cannot be written to by the user who runs the hub ({Environment.UserName}): {reason.TrimEnd('.')}. "
        + "Make the folder and its files writable for that user (and its disk, if that is mounted read-only), or choose another folder with --Hub:DataFolder=<folder>.";

    private static long Size(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : 0;

    private static SqliteException? Sqlite(Exception e) => Cause<SqliteException>(e);

    private static T? Cause<T>(Exception? e)
        where T : Exception
    {
        while (e is not null and not T)
            e = e.InnerException;
        return e as T;
    }
}
