using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// The folder of one attempt on this machine. What its trainer starts from is laid there, and what it writes lies there until it is taken in. It goes
/// with the attempt: what is left in it was told to nobody.
/// </summary>
internal sealed class AttemptScratch(DataFolder folder, AttemptKey key, ILogger logger) : IDisposable
{
    public string Path { get; } = folder.ScratchFolder(key.Run, key.Attempt);

    /// <summary>Makes it, empty.</summary>
    public void Begin()
    {
        Remove(Path);
        DataFolder.Create(Path);
    }

    public void Dispose()
    {
        try
        {
            Remove(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It takes room and harms nobody; the next start removes it.
            logger.LogWarning(e, "The scratch folder {Folder} could not be removed", Path);
        }
    }

    /// <summary>For the start of the hub, when no trainer lives: what attempts of a hub that was killed left behind.</summary>
    public static void RemoveLeftovers(DataFolder folder) => Remove(folder.Scratch);

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }
}
