using System.IO.Enumeration;

namespace ExperimentHub.Tracking;

/// <summary>Bytes that the data folder takes, by what they are for, and what the disk has left.</summary>
/// <param name="Database">Both databases with their write-ahead logs.</param>
/// <param name="Logs">What trainers wrote to standard error.</param>
/// <param name="Free">Bytes that this hub's user may still write; null where the system does not tell.</param>
/// <param name="CountedAt">UTC.</param>
public sealed record DiskFigures(long Database, long Checkpoints, long Logs, long? Free, DateTime CountedAt)
{
    public long Total => Database + Checkpoints + Logs;
}

/// <summary>Counts the files of the data folder, at most once in <see cref="KeptFor"/> and never for two askers at once.</summary>
public sealed class DiskUse(DataFolder folder, TimeProvider time)
{
    /// <summary>A count is good for this long.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(30);

    // Links are not followed: what they point to is not the hub's, and may lead round in circles.
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    /// <summary>SQLite in WAL mode keeps what was written last in files beside the database.</summary>
    private static readonly string[] DatabaseEndings = ["", "-wal", "-shm"];

    private readonly Lock _lock = new();
    private Task<DiskFigures>? _counting;

    /// <summary>The newest figures; counts on a pool thread where they are older than <see cref="KeptFor"/>.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public Task<DiskFigures> ReadAsync()
    {
        lock (_lock)
        {
            if (_counting is null || _counting.IsFaulted || (_counting.IsCompletedSuccessfully && time.GetUtcNow().UtcDateTime - _counting.Result.CountedAt >= KeptFor))
                _counting = Task.Run(Count);
            return _counting;
        }
    }

    private DiskFigures Count()
    {
        var (checkpoints, logs) = (0L, 0L);
        if (Directory.Exists(folder.Runs))
        {
            var files = new FileSystemEnumerable<(bool IsCheckpoint, long Bytes)>(folder.Runs,
                (ref FileSystemEntry entry) => (Path.GetFileName(entry.Directory).SequenceEqual(DataFolder.CheckpointFolderName), entry.Length), Everything)
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            };
            foreach (var (isCheckpoint, bytes) in files)
            {
                if (isCheckpoint)
                    checkpoints += bytes;
                else
                    logs += bytes;
            }
        }

        return new DiskFigures(SizeOf(folder.HubDatabase) + SizeOf(folder.QuartzDatabase), checkpoints, logs, Free(), time.GetUtcNow().UtcDateTime);
    }

    private static long SizeOf(string database) =>
        DatabaseEndings.Select(ending => new FileInfo(database + ending)).Sum(file => file.Exists ? file.Length : 0);

    private long? Free()
    {
        try
        {
            return new DriveInfo(folder.Root).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
