using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Devices;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// One trainer that is started before anybody needs it, so that a run begins with its first step and not with a second of loading: made when the
/// devices are known and when an attempt has ended, taken by the next attempt whether it is ready by then or not. It waits only within its limit of
/// memory, and whatever becomes of it, an attempt gets a trainer.
/// </summary>
internal sealed class StandbyTrainer(
    TrainerProgram program, IHardware hardware, DataFolder folder, ExecutionOptions options, TimeProvider time, ILogger<StandbyTrainer> logger)
    : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private TrainerProcess? _waiting;
    private bool _isOver;

    /// <summary>A trainer for an attempt: the one that waits, or one that is started now.</summary>
    /// <param name="onLogLine">See <see cref="TrainerProcess.Start"/>; gets also what was said while it waited.</param>
    /// <param name="trace">A program learns of its trace when it is started, so that a traced attempt gets one of its own.</param>
    /// <exception cref="TrainerMissingException">There is no such program.</exception>
    /// <exception cref="Win32Exception">The system refused to start it.</exception>
    public TrainerProcess Take(Action<string> onLogLine, Activity? trace)
    {
        if (trace is null && Remove() is { } waiting)
        {
            if (!waiting.Exited.IsCompleted)
            {
                waiting.LogTo(onLogLine);
                return waiting;
            }

            waiting.Dispose();
        }

        return TrainerProcess.Start(program, [], onLogLine, trace);
    }

    /// <summary>Starts one for the next attempt, unless one waits already or there is too little memory.</summary>
    /// <param name="dataset">The key of the data set that it will probably need.</param>
    public void Prepare(string dataset)
    {
        lock (_lock)
        {
            if (_isOver || options.StandbyBytes == 0 || hardware.ReadMemoryAvailable() < 2 * options.StandbyBytes)
                return;
            if (_waiting is { Exited.IsCompleted: false })
                return;
            _waiting?.Dispose();
            _waiting = null;
            try
            {
                DataFolder.Create(folder.Scratch);
                var trainer = TrainerProcess.Start(program, []);
                trainer.Say(new StandBy(folder.Scratch, options.DatasetFolder, DatasetCatalog.Find(dataset)?.Key ?? ""));
                _waiting = trainer;
                _ = WatchAsync(trainer);
            }
            catch (Exception e) when (e is TrainerMissingException or Win32Exception or IOException or UnauthorizedAccessException)
            {
                // The attempt that needs one says it where somebody reads it.
                logger.LogDebug(e, "No trainer could be started to stand by");
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
            _isOver = true;
        Remove()?.Dispose();
    }

    private async Task WatchAsync(TrainerProcess trainer)
    {
        using var looks = new PeriodicTimer(Look, time);
        while (await looks.WaitForNextTickAsync())
        {
            lock (_lock)
            {
                if (_waiting != trainer)
                    return;
                if (trainer.Exited.IsCompleted || ResidentBytes(trainer.Id) is not { } bytes || bytes <= options.StandbyBytes)
                    continue;
                // It would be the same with the next.
                (_isOver, _waiting) = (true, null);
                trainer.Dispose();
                logger.LogInformation(
                    "A trainer that stands by needs {Needed} MiB here, more than the {Allowed} that Hub:StandbyMebibytes allows; runs wait for "
                        + "theirs to load",
                    bytes >> 20, options.StandbyBytes >> 20);
                return;
            }
        }
    }

    private TrainerProcess? Remove()
    {
        lock (_lock)
        {
            var waiting = _waiting;
            _waiting = null;
            return waiting;
        }
    }

    /// <summary>null where the process is gone.</summary>
    private static long? ResidentBytes(int process)
    {
        try
        {
            // proc(5): all pages, resident pages, and others.
            var pages = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/statm")).Split(' ')[1];
            return long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
