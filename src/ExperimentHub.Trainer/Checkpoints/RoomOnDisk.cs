using System.Diagnostics;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Hub;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// A file found no room on the disk. Nothing of it is left. The message is the system's, without the path, which says nothing to a person.
/// </summary>
internal sealed class NoRoomException(Exception cause) : Exception(cause.Message.Split(" : ")[0].TrimEnd('.') + '.', cause)
{
    // errno of Linux, which .NET hands through as the exception's HResult: no space left, quota exceeded.
    private const int Enospc = 28, Edquot = 122;

    /// <summary>Of a disk that has less room than is needed, whatever the one who wrote there said of it.</summary>
    public static NoRoomException TooLittle() => new(new IOException("No space left on device", Enospc));

    public static bool Says(Exception failure) =>
        failure is IOException { HResult: Enospc or Edquot } || (failure.InnerException is { } cause && Says(cause));
}

/// <summary>
/// Does what needs room on the disk, and waits for room where there is none: what was trained is not given up for a disk that somebody can clear.
/// </summary>
/// <param name="log">Takes lines for the log.</param>
/// <param name="mustStop">Asked while it waits.</param>
internal sealed class RoomOnDisk(EventWriter events, Action<string> log, Func<bool> mustStop)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Between two tries.</summary>
    internal TimeSpan Between { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Somebody waits for who must stop: so long, and no longer, room is waited for then.</summary>
    internal TimeSpan PatienceOfStop { get; init; } = TimeSpan.FromSeconds(3);

    /// <returns>null where there was no room and the training must stop.</returns>
    public T? Until<T>(Func<T> write) where T : class
    {
        for (var (first, stopping) = (true, (Stopwatch?)null); ; first = false)
        {
            try
            {
                var written = write();
                if (!first)
                    log("info: There is room on the disk again.");
                return written;
            }
            catch (NoRoomException none)
            {
                if (first)
                    log($"warn: {none.Message} The training waits for room on the disk and tries again every {Between.TotalSeconds:0.#} s.");
                events.Send(new WaitingForRoom(none.Message));
            }

            if (mustStop())
                stopping ??= Stopwatch.StartNew();
            if (stopping?.Elapsed >= PatienceOfStop)
                return null;
            Wait(stopping is not null);
        }
    }

    private void Wait(bool stopping)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < Between && (stopping || !mustStop()))
        {
            Thread.Sleep(Look < Between ? Look : Between);
            events.Beat();
        }
    }
}
