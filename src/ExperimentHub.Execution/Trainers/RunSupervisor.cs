using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using ExperimentHub.Execution.Devices;
using ExperimentHub.Execution.Nodes;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Tracking.Telemetry;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// One attempt from its device to its ending. Promises: what the trainer says is recorded in its order; the attempt gets exactly one
/// ending, unless the database has already given the run to another attempt; no trainer outlives the call. Once the hub stops, whatever goes wrong is
/// the hub's end and not the run's failure.
/// </summary>
/// <remarks>
/// Disposing waits for the attempts that still end. Everything that they use was made before it, and is therefore disposed after it: this order is
/// what keeps a database from being taken away from an ending that is being written.
/// </remarks>
internal sealed class RunSupervisor(
    StandbyTrainer standby, HeldAttempts held, RunRecorder recorder, CheckpointRecorder checkpoints, StartingPoints startingPoints,
    RunHistory history, RunFeed feed, RunLogs logs, KeptLogs keptLogs,
    StorageWatch storage, DataFolder folder, ExecutionOptions options, DeviceInventory devices, RecordingPace pace, GpuWatch gpus, AppVersion version,
    TimeProvider time,
    ILogger<RunSupervisor> logger)
    : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Task, RunId> _active = new();

    private sealed record Ending(AttemptEnding Kind, string? Error = null, int? ExitCode = null, string? Reason = null)
    {
        /// <summary>UTC. Writing it may take as long as an outage of the database or its disk.</summary>
        public DateTime? At { get; init; }
    }

    /// <param name="run">Claimed, so that this attempt is its current one.</param>
    /// <param name="device">The device whose slot is held.</param>
    /// <param name="hubStops">Cancelled when the hub shuts down.</param>
    public async Task SuperviseAsync(ClaimedRun run, DeviceInfo device, CancellationToken hubStops)
    {
        var attempts = AttemptsAsync(run, device, hubStops);
        _active[attempts] = run.Key.Run;
        try
        {
            await attempts;
        }
        finally
        {
            _active.TryRemove(attempts, out _);
            if (!hubStops.IsCancellationRequested)
                standby.Prepare(run.Spec.Dataset);
        }
    }

    /// <summary>
    /// Waits until every attempt has its ending. They end by themselves, because the hub stops; how long that may take is the host's matter.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Task.WhenAll(_active.Keys);
        }
        catch (Exception e)
        {
            logger.LogError(e, "An attempt could not be ended with the hub; the next start tells what became of its run");
        }
    }

    private async Task AttemptsAsync(ClaimedRun run, DeviceInfo device, CancellationToken hubStops)
    {
        // For all attempts: a wish that comes while one gives way to the next is meant for whichever trains. Listening begins before the database is
        // asked, so that no wish falls between the two.
        using var wishes = new RunWishes(run.Key.Run, feed, hubStops);
        while (true)
        {
            var next = await AttemptAsync(run, device, wishes);
            // The next start does it for a hub that ends now.
            if (!wishes.HubStops)
                await keptLogs.KeepAsync(run.Key.Run, run.Key.Attempt, CancellationToken.None);
            if (next is not { } key)
                return;
            run = run with { Key = key };
        }
    }

    /// <returns>The attempt that follows; null where the run has its ending.</returns>
    private async Task<AttemptKey?> AttemptAsync(ClaimedRun run, DeviceInfo device, RunWishes wishes)
    {
        // Whatever is logged from here on, by whichever part of the hub, says whose attempt it is about.
        using var named = logger.BeginScope("Run {Run}, attempt {Attempt}", run.Key.Run, run.Key.Attempt);
        using var trace = RunTrace.StartAttempt(run.Key, device.TorchName);
        using var lease = held.Enter(run.Key, wishes);
        recorder.Begin(run.Key);
        using var log = new TrainerLog(() => logs.Append(run.Key.Run, run.Key.Attempt), logger);
        Ending? ending;
        try
        {
            ending = await TrainAsync(run, device, log, wishes, lease);
        }
        catch (OperationCanceledException) when (lease.IsLost)
        {
            ending = null;
        }
        catch (OperationCanceledException) when (wishes.Ending is { } wished)
        {
            ending = Wished(wished, null);
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

        if (ending is null || lease.IsLost)
        {
            logger.LogWarning(
                "Run {Run}, attempt {Attempt} is no longer this hub's; its trainer was ended, and nothing more is written",
                run.Key.Run, run.Key.Attempt);
            recorder.Lose(run.Key);
            return null;
        }

        if (ending.Error is not null)
            log.Write("error", ending.Error);
        // Trainers, disks and databases go away while a machine goes down. If the reason was a real one, the run meets it again when it goes on.
        if (wishes.HubStops && (ending.Kind == AttemptEnding.Failed || RunRecorder.IsTrainersOwn(ending.Kind)))
            ending = Wished(AttemptEnding.Interrupted, ending.ExitCode);
        logger.LogInformation("Run {Run}, attempt {Attempt}: {Ending}", run.Key.Run, run.Key.Attempt, ending.Kind);
        trace?.SetTag("experimenthub.ending", ending.Kind.ToString().ToLowerInvariant());
        if (ending.Kind == AttemptEnding.Failed || RunRecorder.IsTrainersOwn(ending.Kind))
            trace?.SetStatus(ActivityStatusCode.Error, ending.Error);
        if (RunRecorder.IsTrainersOwn(ending.Kind)
            && await recorder.RetryAsync(run.Key, ending.Kind, ending.Error, ending.ExitCode, ending.At) is { } next)
            return next;
        await recorder.EndAsync(run.Key, ending.Kind, ending.Error, ending.ExitCode, ending.Reason, ending.At);
        return null;
    }

    /// <returns>null where the run is no longer this attempt's.</returns>
    private async Task<Ending?> TrainAsync(ClaimedRun run, DeviceInfo device, TrainerLog log, RunWishes wishes, HeldLease lease)
    {
        using var scratch = new AttemptScratch(folder, run.Key, logger);
        // None of it needs a trainer, and all of it may have to wait for room on the disk. A wish that comes before the trainer is not answered by
        // starting one.
        using var unwanted = CancellationTokenSource.CreateLinkedTokenSource(wishes.Any, lease.LostToken);
        if (await storage.UntilDoneAsync(() => PrepareAsync(run, scratch, log, wishes), unwanted.Token) is not { } from)
            return Wished(wishes.Ending!.Value, null);
        unwanted.Token.ThrowIfCancellationRequested();

        using var trace = RunTrace.StartTrainer();
        using var trainer = standby.Take(log.Write, trace);
        trace?.SetTag("process.pid", trainer.Id);
        logger.LogInformation("Run {Run}, attempt {Attempt}: trainer {Pid} on {Device}", run.Key.Run, run.Key.Attempt, trainer.Id, device.TorchName);
        trainer.Say(new StartTraining(
            run.Key.Run.ToString(), run.Key.Attempt, run.Spec, device.TorchName, scratch.Path, from.OwnFolder
                ?? options.DatasetFolder, version.Text, from.Resume, from.Fork, from.Own));

        await using var watching = gpus.Watch(run.Key, device);
        var words = new TrainerWords(trainer.Lines, time);
        var minutes = new TrainerMinutes(run.Key, from, recorder, checkpoints, devices, pace);
        var watch = new TrainerWatch(trainer, words, wishes, lease, options, time);
        var recording = minutes.TakeAsync(words, wishes.Any);
        await watch.WatchAsync(recording);
        var at = time.GetUtcNow().UtcDateTime;
        words.End();
        await recording;
        var code = await trainer.WaitForExitAsync(TimeSpan.Zero);
        trace?.SetTag("process.exit.code", code);
        if (minutes.Refusal == Refusal.Stale)
            return null;
        if (watch.WasDeaf)
            log.Write("warn", "The trainer did not stop in time and was killed.");
        return EndingOf(run, from, minutes, watch, wishes.Ending, code, log) with { At = at };
    }

    /// <returns>null where a wish is known already.</returns>
    private async Task<StartingPoint?> PrepareAsync(ClaimedRun run, AttemptScratch scratch, TrainerLog log, RunWishes wishes)
    {
        if ((await history.FindAsync(run.Key.Run, CancellationToken.None))?.Run.Training is { } known)
            wishes.Remember(known.StopRequestedAt is not null, known.PauseRequestedAt is not null);
        if (wishes.Ending is not null)
            return null;
        scratch.Begin();
        return await startingPoints.FindAsync(run, scratch.Path, log, wishes.Any);
    }

    private Ending EndingOf(ClaimedRun run, StartingPoint from, TrainerMinutes minutes, TrainerWatch watch, AttemptEnding? wished, int? code,
        TrainerLog log) => minutes switch
        {
            { Refusal: Refusal.Garbled } =>
                new Ending(AttemptEnding.Garbled, $"The trainer wrote something that is not an event: {minutes.Refused}", code),
            { Refusal: Refusal.OtherDataset } => new Ending(AttemptEnding.Failed,
                $"The data set {run.Spec.Dataset} is not the one that the run to reproduce saw (its hash is {minutes.Refused}, not {from.Dataset}). "
                + "Bring back the files of that time, or start a run of its own.", code),
            { Last: TrainingFinished finished } => new Ending(AttemptEnding.Finished, ExitCode: code, Reason: finished.Reason),
            { Last: TrainingFailed failed } => new Ending(AttemptEnding.Failed, $"{failed.Reason} {failed.Remedy}".TrimEnd(), code),
            _ when wished is { } wish => Wished(wish, code),
            _ when watch.WasSilent =>
                new Ending(AttemptEnding.Hung, $"The trainer said nothing for {options.SilenceLimit.TotalSeconds:0} s and was killed.", code),
            // Whoever ends all programs of a machine may reach the trainer before the hub. Nobody wanted the run to stop, so it goes on if the hub
            // does.
            { Last: TrainingStopped } => new Ending(AttemptEnding.Crashed, "The trainer was told to stop by another program than the hub.", code),
            _ => new Ending(AttemptEnding.Crashed,
                $"The trainer ended without a last word: {ExitCodes.Explain(code)}. Its last lines:\n{log.LastLines()}".TrimEnd(), code),
        };

    private static Ending Wished(AttemptEnding kind, int? code) =>
        new(kind, kind == AttemptEnding.Interrupted ? "The hub was stopped while this run trained." : null, code);
}
