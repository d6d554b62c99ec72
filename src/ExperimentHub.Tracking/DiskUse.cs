using System.IO.Enumeration;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking;

/// <summary>Bytes that the data folder takes, by what they are for, and what the disk has left.</summary>
/// <param name="Database">Both databases with their write-ahead logs, and their backups.</param>
/// <param name="Logs">What trainers wrote to standard error.</param>
/// <param name="Datasets">Those that people uploaded.</param>
/// <param name="Free">Bytes that this hub's user may still write; null where the system does not tell.</param>
/// <param name="CountedAt">UTC.</param>
/// <param name="OfRuns">The bytes of each run that has files, by the run.</param>
public sealed record DiskFigures(long Database, long Checkpoints, long Logs, long Datasets, long? Free, DateTime CountedAt,
    IReadOnlyDictionary<RunId, long> OfRuns)
{
    public long Total => Database + Checkpoints + Logs + Datasets;
}

/// <summary>
/// Counts the files of the data folder, never for two askers at once. A count is good until files come or go, and where nobody tells of that (logs
/// and databases grow by themselves) for <see cref="KeptFor"/>.
/// </summary>
public sealed class DiskUse : IDisposable
{
    /// <summary>A count is good for this long where nothing is told.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(30);

    // Links are not followed: what they point to is not the hub's, and may lead round in circles.
    private static readonly EnumerationOptions Everything =
        new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    /// <summary>SQLite in WAL mode keeps what was written last in files beside the database.</summary>
    private static readonly string[] DatabaseEndings = ["", "-wal", "-shm"];

    private readonly DataFolder _folder;
    private readonly ArtifactStore _store;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private Task<DiskFigures>? _counting;

    public DiskUse(DataFolder folder, ArtifactStore store, TimeProvider time)
    {
        (_folder, _store, _time) = (folder, store, time);
        _store.Changed += Forget;
    }

    /// <summary>Raised when the figures are no longer right; on the thread that changed the files.</summary>
    public event Action? Changed;

    /// <summary>The newest figures; counts on a pool thread where there are none that are still good.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public Task<DiskFigures> ReadAsync()
    {
        lock (_lock)
        {
            if (_counting is null || _counting.IsFaulted
                || (_counting.IsCompletedSuccessfully && _time.GetUtcNow().UtcDateTime - _counting.Result.CountedAt >= KeptFor))
                _counting = Task.Run(Count);
            return _counting;
        }
    }

    public void Dispose() => _store.Changed -= Forget;

    /// <summary>A count that is on its way may have seen what is gone by now: who asks next gets another one.</summary>
    private void Forget()
    {
        lock (_lock)
            _counting = null;
        Changed?.Invoke();
    }

    private DiskFigures Count()
    {
        var (checkpoints, logs) = (0L, 0L);
        var ofRuns = new Dictionary<RunId, long>();
        foreach (var folder in Directory.Exists(_folder.Runs) ? Directory.EnumerateDirectories(_folder.Runs) : [])
        {
            var files = new FileSystemEnumerable<(bool IsCheckpoint, long Bytes)>(folder,
                (ref FileSystemEntry entry) => (Path.GetFileName(entry.Directory).SequenceEqual(DataFolder.CheckpointFolderName), entry.Length),
                Everything)
            {
                ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            };
            var before = checkpoints + logs;
            foreach (var (isCheckpoint, bytes) in files)
            {
                if (isCheckpoint)
                    checkpoints += bytes;
                else
                    logs += bytes;
            }

            if (RunId.TryParse(Path.GetFileName(folder), out var run))
                ofRuns[run] = checkpoints + logs - before;
        }

        return new DiskFigures(
            SizeOf(_folder.HubDatabase) + SizeOf(_folder.QuartzDatabase) + SizeOfAll(_folder.Backups), checkpoints, logs + SizeOfAll(_folder.Logs),
            SizeOfAll(_folder.Datasets), _store.FreeBytes, _time.GetUtcNow().UtcDateTime, ofRuns);
    }

    private static long SizeOfAll(string folder) => Directory.Exists(folder)
        ? new FileSystemEnumerable<long>(folder, (ref FileSystemEntry entry) => entry.Length,
            Everything)
        { ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory }.Sum()
        : 0;

    private static long SizeOf(string database) =>
        DatabaseEndings.Select(ending => new FileInfo(database + ending)).Sum(file => file.Exists ? file.Length : 0);
}
