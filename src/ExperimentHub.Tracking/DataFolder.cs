using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking;

/// <summary>
/// The one folder that holds everything a hub keeps. Every path is made here from ids and names of our own, never from a request, and
/// every folder is created for its owner alone (0700).
/// </summary>
public sealed class DataFolder
{
    internal const string CheckpointFolderName = "checkpoints";

    /// <summary>Not through links: what lies behind one is not the hub's.</summary>
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    /// <param name="root">Absolute or relative path; created where missing, closed to others where it is open.</param>
    /// <exception cref="UnusableDataFolderException">It is not this user's alone, and cannot be made so.</exception>
    public DataFolder(string root)
    {
        Root = Path.GetFullPath(root);
        (var problem, Changed) = OwnFolder.Claim(Root);
        if (problem is not null)
            throw new UnusableDataFolderException($"The data folder cannot be used: {problem} (--Hub:DataFolder=<folder>)");
        // A link to a folder is fine: a person keeps a part on another disk.
        if (new[] { Runs, Datasets, Imports, Keys, Backups }.FirstOrDefault(part => !Directory.Exists(part) && OwnFile.KindOf(part) != FileKind.Nothing) is { } blocked)
            throw new UnusableDataFolderException($"{blocked} is not a folder. Something other than ExperimentHub put it there; move it away and start again.");
    }

    /// <summary>What was changed of the folder to make it safe, for a person; null where nothing had to be.</summary>
    public string? Changed { get; }

    /// <summary>Raised after files came or went, so that whoever counts them counts again; on the thread that did it.</summary>
    public event Action? FilesChanged;

    public string Root { get; }
    public string HubDatabase => Path.Combine(Root, "hub.db");
    public string QuartzDatabase => Path.Combine(Root, "quartz.db");
    public string LockFile => Path.Combine(Root, "hub.lock");
    public string Runs => Path.Combine(Root, "runs");

    /// <summary>The database as it was before each of the last updates.</summary>
    public string Backups => Path.Combine(Root, "backups");

    /// <summary>The hub's own data sets, each in a folder with its key.</summary>
    public string Datasets => Path.Combine(Root, "datasets");

    /// <summary>Experiments that are coming in. Empty but while they do.</summary>
    public string Imports => Path.Combine(Root, "imports");

    /// <summary>Keys that protect what the browser holds for us (antiforgery).</summary>
    public string Keys => Path.Combine(Root, "keys");

    public string RunFolder(RunId id) => Path.Combine(Runs, id.ToString());

    public string CheckpointFolder(RunId id) => Path.Combine(RunFolder(id), CheckpointFolderName);

    public string LogFile(RunId id, int attempt) => Path.Combine(RunFolder(id), LogFileName(attempt));

    internal static string LogFileName(int attempt) => $"attempt-{attempt}.log";

    /// <summary>The bytes that the checkpoints and logs of a run take: what <see cref="Remove"/> frees.</summary>
    public long SizeOf(RunId id)
    {
        var run = new DirectoryInfo(RunFolder(id));
        return run.Exists ? run.EnumerateFiles("*", Everything).Sum(file => file.Length) : 0;
    }

    /// <summary>Removes the checkpoints and logs of a run.</summary>
    /// <returns>The bytes that they took.</returns>
    public long Remove(RunId id)
    {
        if (!Directory.Exists(RunFolder(id)))
            return 0;
        var bytes = SizeOf(id);
        Directory.Delete(RunFolder(id), recursive: true);
        SayFilesChanged();
        return bytes;
    }

    /// <summary>Files came or went.</summary>
    internal void SayFilesChanged() => FilesChanged?.Invoke();

    /// <summary>Creates a folder and its parents, readable for the owner alone.</summary>
    public static void Create(string path) => OwnFolder.Create(path);
}
