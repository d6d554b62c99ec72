using System.Collections.Concurrent;
using System.Globalization;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// The trainer processes that this hub has started, also in a folder of its own: one file for each, with what tells it from a later process of the
/// same number. A trainer ends itself when its hub is gone, but one that is stopped or stuck cannot, and the next hub ends it.
/// </summary>
internal sealed class LivingTrainers(DataFolder folder, ILogger<LivingTrainers> logger)
{
    // A number and a start time say who it is until the machine starts anew; this says since when that holds.
    private static readonly Lazy<string> Boot = new(() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());

    private readonly ConcurrentDictionary<SystemProcess, byte> _living = new();

    private string Folder => Path.Combine(folder.Root, "trainers");

    /// <summary>A process was started.</summary>
    public void Enter(SystemProcess trainer)
    {
        _living[trainer] = 0;
        try
        {
            DataFolder.Create(Folder);
            using var file = new StreamWriter(PathOf(trainer.Id), new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            file.Write(Line(trainer));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It would be missed only by a hub that comes after a kill, and only if the trainer hangs as well.
            logger.LogWarning(e, "Trainer {Pid} could not be noted in {Folder}", trainer.Id, Folder);
        }
    }

    /// <summary>It has ended. One that still lives although it was killed, because it hangs in a driver, stays noted.</summary>
    public void Leave(SystemProcess trainer)
    {
        if (trainer.Lives)
            return;
        _living.TryRemove(trainer, out _);
        Forget(PathOf(trainer.Id));
    }

    /// <summary>Ends everyone that still lives: the hub ends at once.</summary>
    public void KillAll()
    {
        foreach (var trainer in _living.Keys)
            trainer.KillWithDescendants();
    }

    /// <summary>
    /// Ends what a former hub on this folder left behind. Only the hub that holds the folder may call it, before it starts a trainer.
    /// </summary>
    /// <returns>How many still lived.</returns>
    public int EndLeftovers()
    {
        if (!Directory.Exists(Folder))
            return 0;
        var ended = 0;
        foreach (var path in Directory.EnumerateFiles(Folder))
        {
            if (int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && SystemProcess.Find(id) is { } process && process.Lives && Read(path) == Line(process))
            {
                process.KillWithDescendants();
                logger.LogWarning("Ended trainer {Pid}, which a former hub left behind", id);
                ended++;
            }

            Forget(path);
        }

        return ended;
    }

    private string PathOf(int id) => Path.Combine(Folder, id.ToString(CultureInfo.InvariantCulture));

    private static string Line(SystemProcess trainer) => string.Create(CultureInfo.InvariantCulture, $"{Boot.Value} {trainer.Started}");

    private static string? Read(string path)
    {
        try
        {
            using var reader = new StreamReader(OwnFile.OpenRead(path));
            return reader.ReadLine();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void Forget(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It names a process that has ended, and hurts nobody.
            logger.LogDebug(e, "{Path} could not be deleted", path);
        }
    }
}
