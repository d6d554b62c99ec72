using System.ComponentModel;
using System.Text.Json;
using ExperimentHub.Execution.Devices;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Runs;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// One attempt from its device to its ending. Promises: what the trainer says is recorded in its order; the attempt gets exactly one
/// ending, unless the database has already given the run to another attempt; no trainer outlives the call.
/// </summary>
internal sealed class RunSupervisor(
    TrainerProgram program, RunRecorder recorder, CheckpointRecorder checkpoints, StartingPoints startingPoints, RunHistory history, RunFeed feed, RunLogs logs,
    DatasetLibrary datasets, DataFolder folder, ExecutionOptions options, DeviceInventory devices, GpuWatch gpus, AppVersion version, TimeProvider time, ILogger<RunSupervisor> logger)
{
    private sealed record Ending(AttemptEnding Kind, string? Error = null, int? ExitCode = null, string? Reason = null);

    /// <param name="run">Claimed, so that this attempt is its current one.</param>
    /// <param name="device">The device whose slot is held.</param>
    /// <param name="hubStops">Cancelled when the hub shuts down.</param>
    public async Task SuperviseAsync(ClaimedRun run, DeviceInfo device, CancellationToken hubStops)
    {
        while (await AttemptAsync(run, device, hubStops) is { } next)
            run = run with { Key = next };
    }

    /// <returns>The attempt that follows; null where the run has its ending.</returns>
    private async Task<AttemptKey?> AttemptAsync(ClaimedRun run, DeviceInfo device, CancellationToken hubStops)
    {
        recorder.Begin(run.Key);
        using var log = new TrainerLog(logs.Open(run.Key.Run, run.Key.Attempt));
        Ending? ending;
        try
        {
            ending = await TrainAsync(run, device, log, hubStops);
        }
        catch (Exception e) when (e is TrainerMissingException or Win32Exception or IOException or UnauthorizedAccessException)
        {
            ending = new Ending(AttemptEnding.Failed, $"The trainer could not be started: {e.Message}");
        }
        catch (NoStartingPointException e)
        {
            ending = new Ending(AttemptEnding.Failed, e.Message);
        }
        catch (Exception e)
        {
            // A bug of ours. The run still gets its ending, and the log gets the story.
            logger.LogError(e, "Supervising run {Run} failed", run.Key.Run);
            ending = new Ending(AttemptEnding.Failed, $"The hub failed while it supervised the trainer: {e.Message}");
        }

        if (ending is null)
            return null;
        if (ending.Error is not null)
            log.Write("error", ending.Error);
        logger.LogInformation("Run {Run}, attempt {Attempt}: {Ending}", run.Key.Run, run.Key.Attempt, ending.Kind);
        if (RunRecorder.IsTrainersOwn(ending.Kind) && !hubStops.IsCancellationRequested
            && await recorder.RetryAsync(run.Key, ending.Kind, ending.Error, ending.ExitCode) is { } next)
            return next;
        await recorder.EndAsync(run.Key, ending.Kind, ending.Error, ending.ExitCode, ending.Reason);
        return null;
    }

    /// <returns>null where the run is no longer this attempt's.</returns>
    private async Task<Ending?> TrainAsync(ClaimedRun run, DeviceInfo device, TrainerLog log, CancellationToken hubStops)
    {
        var checkpointFolder = folder.CheckpointFolder(run.Key.Run);
        DataFolder.Create(checkpointFolder);

        // Listening begins before the database is asked, so that no request falls between the two.
        var stopAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var pauseAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listening = feed.Listen((id, signal) =>
        {
            if (id == run.Key.Run && signal is RunSignal.StopRequested or RunSignal.PauseRequested)
                (signal == RunSignal.StopRequested ? stopAsked : pauseAsked).TrySetResult();
        });
        var known = (await history.FindAsync(run.Key.Run, CancellationToken.None))?.Run;
        if (known?.StopRequestedAt is not null)
            stopAsked.TrySetResult();
        if (known?.PauseRequestedAt is not null)
            pauseAsked.TrySetResult();
        var hubStopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var stopping = hubStops.Register(() => hubStopping.TrySetResult());

        var from = await startingPoints.FindAsync(run, log);
        using var trainer = TrainerProcess.Start(program, [], log.Write);
        logger.LogInformation("Run {Run}, attempt {Attempt}: trainer {Pid} on {Device}", run.Key.Run, run.Key.Attempt, trainer.Id, device.TorchName);
        var own = datasets.FindOwn(run.Spec.Dataset)?.ToInfo();
        await trainer.SendAsync(new StartTraining(
            run.Key.Run.ToString(), run.Key.Attempt, run.Spec, device.TorchName, checkpointFolder, own is null ? options.DatasetFolder : folder.Datasets, version.Text, from.Resume, from.Fork, own));

        await using var watching = gpus.Watch(run.Key, device);
        Ending? wanted = null; // what it becomes because somebody asked, if the trainer says nothing else
        List<Task> requests = [hubStopping.Task, stopAsked.Task, pauseAsked.Task]; // each is heard once
        TrainerEvent? last = null;
        var deadline = time.GetUtcNow() + options.SilenceLimit;
        var line = trainer.ReadLineAsync(CancellationToken.None);
        while (true)
        {
            using var waiting = new CancellationTokenSource();
            var silence = Task.Delay(Max(deadline - time.GetUtcNow(), TimeSpan.Zero), time, waiting.Token);
            var cause = await Task.WhenAny([line, silence, .. requests]);
            await waiting.CancelAsync();

            if (cause == line)
            {
                if (await line is not { } text)
                    break;
                line = trainer.ReadLineAsync(CancellationToken.None);
                try
                {
                    last = ProtocolJson.Read<TrainerEvent>(text);
                }
                catch (Exception e) when (e is JsonException or NotSupportedException)
                {
                    trainer.Kill();
                    var exitCode = await trainer.WaitForExitAsync(options.StopGrace);
                    return new Ending(AttemptEnding.Garbled, $"The trainer wrote something that is not an event: {Shorten(text)}", exitCode);
                }

                if (last is TrainingStarted { DatasetSha256: { } data } && from.Dataset is { } expected && data != expected)
                {
                    trainer.Kill();
                    var exitCode = await trainer.WaitForExitAsync(options.StopGrace);
                    return new Ending(AttemptEnding.Failed, $"The data set {run.Spec.Dataset} is not the one that the run to reproduce saw (its hash is {data}, not {expected}). "
                        + "Bring back the files of that time, or start a run of its own.", exitCode);
                }

                if (!await RecordAsync(run.Key, last, from.Resume))
                {
                    logger.LogWarning("Run {Run}, attempt {Attempt} is stale; its trainer is ended", run.Key.Run, run.Key.Attempt);
                    return null;
                }

                // A trainer that was asked to stop gets its grace once; words do not prolong it.
                if (wanted is null)
                    deadline = time.GetUtcNow() + options.SilenceLimit;
            }
            else if (cause == silence)
            {
                trainer.Kill();
                var exitCode = await trainer.WaitForExitAsync(options.StopGrace);
                if (wanted is null)
                    return new Ending(AttemptEnding.Hung, $"The trainer said nothing for {options.SilenceLimit.TotalSeconds:0} s and was killed.", exitCode);
                log.Write("warn", "The trainer did not stop in time and was killed.");
                return wanted with { ExitCode = exitCode };
            }
            else
            {
                requests.Remove(cause);
                var hub = cause == hubStopping.Task;
                var grace = time.GetUtcNow() + (hub ? options.ShutdownGrace : options.StopGrace);
                deadline = wanted is null || grace < deadline ? grace : deadline;
                // What a person asked for stays that, even if the hub stops as well: only the patience gets shorter. A stop counts more than a pause.
                if (cause == stopAsked.Task)
                    wanted = new Ending(AttemptEnding.Stopped);
                else if (cause == pauseAsked.Task && wanted?.Kind != AttemptEnding.Stopped)
                    wanted = new Ending(AttemptEnding.Paused);
                else
                    wanted ??= new Ending(AttemptEnding.Interrupted, "The hub was stopped while this run trained.");
                await trainer.SendAsync(new StopTraining());
            }
        }

        var code = await trainer.WaitForExitAsync(options.StopGrace);
        return last switch
        {
            TrainingFinished finished => new Ending(AttemptEnding.Finished, ExitCode: code, Reason: finished.Reason),
            TrainingFailed failed => new Ending(AttemptEnding.Failed, $"{failed.Reason} {failed.Remedy}".TrimEnd(), code),
            TrainingStopped when wanted is null => new Ending(AttemptEnding.Stopped, ExitCode: code),
            _ when wanted is not null => wanted with { ExitCode = code },
            _ => new Ending(AttemptEnding.Crashed, $"The trainer ended without a last word: {ExitCodes.Explain(code)}. Its last lines:\n{log.LastLines()}".TrimEnd(), code),
        };
    }

    private async Task<bool> RecordAsync(AttemptKey key, TrainerEvent said, ResumePoint? resume)
    {
        switch (said)
        {
            case Preparing preparing:
                recorder.Preparing(key, preparing);
                return true;
            case TrainingProgress progress:
                recorder.Progress(key, progress);
                return true;
            case TrainingStarted started:
                return await recorder.StartedAsync(key, started, resume, RunEnvironment.Of(await devices.ReadHardwareAsync()));
            case EpochFinished epoch:
                return await recorder.EpochAsync(key, epoch);
            case EpochEvaluated evaluated:
                return await recorder.EvaluatedAsync(key, evaluated);
            case CheckpointSaved saved:
                return await checkpoints.SavedAsync(key, saved);
            case PausePointSaved saved:
                return await checkpoints.PausedAsync(key, saved);
            default:
                return true; // a heartbeat, or a last word that counts once the process has ended
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static string Shorten(string text) => text.Length <= 200 ? text : $"{text[..200]}...";
}
