using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking;

/// <summary>
/// The one folder that holds everything a hub keeps. Every path is made here from ids and names of our own, never from a request, and
/// every folder is created for its owner alone (0700).
/// </summary>
public sealed class DataFolder
{
    internal const string CheckpointFolderName = "checkpoints";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <param name="root">Absolute or relative path; created where missing.</param>
    public DataFolder(string root)
    {
        Root = Path.GetFullPath(root);
        Create(Root);
    }

    /// <summary>Raised after files came or went, so that whoever counts them counts again; on the thread that did it.</summary>
    public event Action? Changed;

    public string Root { get; }
    public string HubDatabase => Path.Combine(Root, "hub.db");
    public string QuartzDatabase => Path.Combine(Root, "quartz.db");
    public string LockFile => Path.Combine(Root, "hub.lock");
    public string Runs => Path.Combine(Root, "runs");

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

    /// <summary>The bytes that a run's checkpoints and logs take: what <see cref="Remove"/> would free.</summary>
    public long SizeOf(RunId id) =>
        new DirectoryInfo(RunFolder(id)) is { Exists: true } run ? run.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) : 0;

    /// <summary>Removes the checkpoints and logs of a run.</summary>
    /// <returns>The bytes that they took.</returns>
    public long Remove(RunId id)
    {
        if (!Directory.Exists(RunFolder(id)))
            return 0;
        var bytes = SizeOf(id);
        Directory.Delete(RunFolder(id), recursive: true);
        SayChanged();
        return bytes;
    }

    /// <summary>Files came or went.</summary>
    internal void SayChanged() => Changed?.Invoke();

    /// <summary>Creates a folder and its parents, readable for the owner alone.</summary>
    public static void Create(string path) => Directory.CreateDirectory(path, OwnerOnly);
}
