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

    /// <param name="root">Absolute or relative path; created where missing, closed to others where it is open.</param>
    /// <exception cref="UnusableDataFolderException">It is not this user's alone, and cannot be made so.</exception>
    public DataFolder(string root)
    {
        Root = Path.GetFullPath(root);
        (var problem, Changed) = OwnFolder.Claim(Root);
        if (problem is not null)
            throw new UnusableDataFolderException($"The data folder cannot be used: {problem} (--Hub:DataFolder=<folder>)");
        // A link to a folder is fine: a person keeps a part on another disk.
        if (new[] { Runs, Datasets, Imports, Scratch, Logs, Keys,
            Backups }.FirstOrDefault(part => !Directory.Exists(part) && OwnFile.KindOf(part) != FileKind.Nothing) is { } blocked)
            throw new UnusableDataFolderException(
                $"{blocked} is not a folder. Something other than ExperimentHub put it there; move it away and start again.");
    }

    /// <summary>What was changed of the folder to make it safe, for a person; null where nothing had to be.</summary>
    public string? Changed { get; }

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

    /// <summary>Where trainers of this machine write, each attempt in a folder of its own. Empty but while they train.</summary>
    public string Scratch => Path.Combine(Root, "scratch");

    /// <summary>Logs of attempts that go on.</summary>
    public string Logs => Path.Combine(Root, "logs");

    /// <summary>Keys that protect what the browser holds for us (antiforgery).</summary>
    public string Keys => Path.Combine(Root, "keys");

    public string RunFolder(RunId id) => Path.Combine(Runs, id.ToString());

    public string CheckpointFolder(RunId id) => Path.Combine(RunFolder(id), CheckpointFolderName);

    /// <summary>What a trainer is given to start from lies here, and what it writes, until it is taken in.</summary>
    public string ScratchFolder(RunId id, int attempt) => Path.Combine(Scratch, $"{id}-{attempt}");

    /// <summary>The log of an attempt while it is written; once that is over, it is an artifact.</summary>
    public string LogFile(RunId id, int attempt) => Path.Combine(Logs, $"{id}-{attempt}.log");

    /// <summary>Creates a folder and its parents, readable for the owner alone.</summary>
    public static void Create(string path) => OwnFolder.Create(path);
}
