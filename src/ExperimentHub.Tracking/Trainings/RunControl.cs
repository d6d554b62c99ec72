using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Moves;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

public enum PauseOutcome
{
    NotFound,

    /// <summary>It holds no device (any more) and waits for a person.</summary>
    Paused,

    /// <summary>The trainer has been asked; it saves where it is first.</summary>
    Pausing,

    /// <summary>It was asked to stop before, and a stop counts more.</summary>
    Stopping,

    /// <summary>It had ended before.</summary>
    AlreadyEnded,

    /// <summary>This hub does not train it, so there is nothing here to pause.</summary>
    NoTraining,
}

public enum ResumeOutcome
{
    NotFound,

    /// <summary>It waits at the end of the queue.</summary>
    Queued,

    /// <summary>It waits or trains already.</summary>
    StillActive,

    /// <summary>All its epochs are done; it can be trained for more.</summary>
    Finished,

    /// <summary>This hub did not train it, so there is nothing here to go on with.</summary>
    NoTraining,
}

/// <summary>What became of a wish: done, or why it was not. A sentence for a person.</summary>
/// <param name="NeedsConsent">It can be done all the same, by a person who knows this.</param>
public sealed record TrainOnResult(bool Queued, string? Refusal = null, bool NeedsConsent = false)
{
    public static TrainOnResult Done { get; } = new(true);

    public static TrainOnResult NotFound { get; } = new(false, "There is no such run any more.");

    public static TrainOnResult NoTraining { get; } = new(false, RunControl.NoTraining);
}

/// <summary>What a person does with runs that exist: pause, let go on, train for longer, do again.</summary>
public sealed class RunControl(
    IDbContextFactory<TrackingDb> databases, RunQueue queue, RunFeed feed, DeviceInventory devices, KeptWishes wishes, TimeProvider time)
{
    /// <summary>Said where somebody wants of a run what only a training can do.</summary>
    public const string NoTraining =
        "This hub does not train this run, so it cannot be stopped, paused, resumed or trained on from here. Once the program that logs it is gone, "
            + "mark it as ended.";

    /// <summary>
    /// Takes a run out of the queue, or off its device once its trainer has saved where it is. Asking twice changes nothing. During an outage a
    /// trainer of this process hears it at once, and the row follows.
    /// </summary>
    public Task<PauseOutcome> PauseAsync(RunId id, CancellationToken cancellation = default) =>
        wishes.AskAsync(id, RunSignal.PauseRequested, () => WritePauseAsync(id, cancellation), PauseOutcome.Pausing);

    private Task<PauseOutcome> WritePauseAsync(RunId id, CancellationToken cancellation) => databases.DecideAsync<PauseOutcome>(async db =>
    {
        switch (await db.Runs.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, cancellation))
        {
            case null:
                return PauseOutcome.NotFound;
            case { Training: null }:
                return PauseOutcome.NoTraining;
            case { Status: RunStatus.Paused }:
                return PauseOutcome.Paused;
            case { Status: RunStatus.Running, Training.StopRequestedAt: not null }:
                return PauseOutcome.Stopping;
            case { Status: RunStatus.Running } run:
                return await db.AskAsync(run.Number, RunSignal.PauseRequested, Now, attempt: null, cancellation)
                    ? Asked(PauseOutcome.Pausing) : Decision<PauseOutcome>.Overtaken;
            case var run when run.Status.CanMoveTo(RunStatus.Paused):
                return await db.EndAsync(run, RunStatus.Paused, RunSignal.PauseRequested, Now, cancellation)
                    ? Asked(PauseOutcome.Paused) : Decision<PauseOutcome>.Overtaken;
            default:
                return PauseOutcome.AlreadyEnded;
        }

        PauseOutcome Asked(PauseOutcome outcome)
        {
            feed.Publish(id, RunSignal.PauseRequested);
            return outcome;
        }
    }, cancellation);

    /// <summary>
    /// Puts a run that was paused, stopped, interrupted or failed at the end of the queue. It goes on from the furthest place that is safe.
    /// </summary>
    public Task<ResumeOutcome> ResumeAsync(RunId id, CancellationToken cancellation = default) => databases.DecideAsync<ResumeOutcome>(async db =>
    {
        switch (await db.Runs.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, cancellation))
        {
            case null:
                return ResumeOutcome.NotFound;
            case { Training: null }:
                return ResumeOutcome.NoTraining;
            case { Status: RunStatus.Queued or RunStatus.Running }:
                return ResumeOutcome.StillActive;
            case { Status: RunStatus.Finished }:
                return ResumeOutcome.Finished;
            case var run:
                if (!await QueueAsync(db, run, null, cancellation))
                    return Decision<ResumeOutcome>.Overtaken;
                feed.Publish(id, RunSignal.Queued);
                return ResumeOutcome.Queued;
        }
    }, cancellation);

    /// <summary>Plans more epochs for a run that does not train and lets it go on from where it is.</summary>
    /// <param name="epochs">Beyond those that are planned already.</param>
    /// <param name="consents">The person was told what <see cref="TrainOnResult.Refusal"/> says and wants it.</param>
    public Task<TrainOnResult> TrainOnAsync(RunId id, int epochs, bool consents = false, CancellationToken cancellation = default) =>
        databases.DecideAsync<TrainOnResult>(async db =>
    {
        if (await db.Runs.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, cancellation) is not { } run)
            return TrainOnResult.NotFound;
        if (run.Training is not { } training)
            return TrainOnResult.NoTraining;
        if (run.Status is not (RunStatus.Finished or RunStatus.Stopped or RunStatus.Paused))
            return new TrainOnResult(false,
                $"The run is {run.Status.Word()}; only a finished, stopped or paused one can be trained for more epochs.");
        if (epochs < 1 || epochs > TrainingSpec.MaxEpochs - training.Spec.Epochs)
        {
            return new TrainOnResult(false, training.Spec.Epochs == TrainingSpec.MaxEpochs
                ? $"A run has at most {TrainingSpec.MaxEpochs:N0} epochs, and this one has them."
                : $"The number of epochs must be a whole number from 1 to {TrainingSpec.MaxEpochs - training.Spec.Epochs:N0}.");
        }

        var total = training.Spec.Epochs + epochs;
        if (!consents && training.Spec.LearningRateSchedule is { DependsOnLength: true } schedule)
        {
            return new TrainOnResult(false,
                $"The learning rate ({schedule.Kind}) was laid out over {training.Spec.Epochs:N0} epochs. Over {total:N0} it is laid out anew, so "
                    + $"it jumps{Jump(training, schedule, total)} "
                + "where the run goes on, and the result is not that of a run planned this way from the start.", NeedsConsent: true);
        }

        var queued = await QueueAsync(db, run, async held =>
        {
            held.Spec = held.Spec with { Epochs = total };
            held.PlannedEpochs = total;
            held.Recipe = Evidence.Prolonged(held.Recipe, held.Spec, ForkSource.Of(held));
            await SpecParams.ReplaceAsync(db, held, cancellation);
        }, cancellation);
        if (!queued)
            return Decision<TrainOnResult>.Overtaken;
        feed.Publish(id, RunSignal.Queued);
        return TrainOnResult.Done;
    }, cancellation);

    /// <summary>Starts a finished run once more, from the same spec on the device that it really used, to see whether the same comes of it.</summary>
    public async Task<EnqueueResult> ReproduceAsync(RunId id, RunTrigger trigger = RunTrigger.Person, CancellationToken cancellation = default)
    {
        Run? run;
        await using (var db = await databases.CreateDbContextAsync(cancellation))
            run = await db.Runs.AsNoTracking().Include(r => r.Experiment).FirstOrDefaultAsync(r => r.Id == id, cancellation);
        if (run is { Training: null })
            return new EnqueueResult(null, [new SpecProblem("run", "This hub did not train this run, so it cannot do it again.")]);
        if (run is not { Status: RunStatus.Finished, Training: { Device: { } device } training })
            return new EnqueueResult(null,
                [new SpecProblem("run",
                    run is null ? "There is no such run any more." : $"The run is {run.Status.Word()}; only a finished one can be reproduced.")]);
        const string ending = " again";
        var name = NameRule.Cut(run.Name, Run.MaxNameLength - ending.Length);
        return await queue.EnqueueAsync(
            new RunRequest(run.Experiment.Name, name + ending, training.Spec with { Device = device.TorchName }, null, trigger,
                ForkSource.Of(training), id), cancellation);
    }

    /// <summary>From which rate to which; nothing where the steps are not known.</summary>
    private static string Jump(Training training, LearningRateSchedule schedule, int epochs)
    {
        if (training.StepsPerEpoch is not { } steps || training.EpochsDone == 0)
            return "";
        var next = (long)training.EpochsDone * steps;
        var (before, after) = (schedule.FactorAt(next - 1, steps, training.Spec.Epochs), schedule.FactorAt(next, steps, epochs));
        return string.Create(CultureInfo.InvariantCulture,
            $" from {before * training.Spec.Optimizer.LearningRate:G2} to {after * training.Spec.Optimizer.LearningRate:G2}");
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private Task<bool> QueueAsync(TrackingDb db, Run run, Func<Training, Task>? change, CancellationToken cancellation) =>
        db.QueueAgainAsync(run, Now, async held =>
    {
        if (change is not null)
            await change(held);
        // The machine may have gained or lost a GPU since.
        held.DeviceGroup = devices.GroupOf(DeviceRequest.Of(held.Spec));
    }, cancellation);
}
