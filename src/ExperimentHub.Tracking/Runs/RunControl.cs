using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Storage;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

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
}

/// <summary>What became of a wish: done, or why it was not. A sentence for a person.</summary>
/// <param name="NeedsConsent">It can be done all the same, by a person who knows this.</param>
public sealed record TrainOnResult(bool Queued, string? Refusal = null, bool NeedsConsent = false)
{
    public static TrainOnResult Done { get; } = new(true);

    public static TrainOnResult NotFound { get; } = new(false, "There is no such run any more.");
}

/// <summary>What a person does with runs that exist: pause, let go on, train for longer, do again.</summary>
public sealed class RunControl(
    IDbContextFactory<TrackingDb> databases, RunQueue queue, RunFeed feed, DeviceInventory devices, StorageWatch storage, KeptWishes wishes, TimeProvider time)
{
    /// <summary>
    /// Takes a run out of the queue, or off its device once its trainer has saved where it is. Asking twice changes nothing. During an outage a trainer of this
    /// process hears it at once, and the row follows.
    /// </summary>
    public async Task<PauseOutcome> PauseAsync(RunId id, CancellationToken cancellation = default)
    {
        if (storage.Outage is not null && wishes.Keep(id, RunSignal.PauseRequested))
            return PauseOutcome.Pausing;
        try
        {
            return await WritePauseAsync(id, cancellation);
        }
        catch (Exception e) when (storage.Note(e) && wishes.Keep(id, RunSignal.PauseRequested))
        {
            return PauseOutcome.Pausing;
        }
    }

    private async Task<PauseOutcome> WritePauseAsync(RunId id, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Runs.FirstOrDefaultAsync(r => r.Id == id, cancellation) is not { } run)
            return PauseOutcome.NotFound;
        if (run.Status == RunStatus.Paused)
            return PauseOutcome.Paused;
        if (run.Status == RunStatus.Running && run.StopRequestedAt is not null)
            return PauseOutcome.Stopping;
        var outcome = PauseOutcome.Pausing;
        if (run.Status != RunStatus.Running)
        {
            if (run.MoveTo(RunStatus.Paused, Now) is not null)
                return PauseOutcome.AlreadyEnded;
            outcome = PauseOutcome.Paused;
        }

        run.PauseRequestedAt ??= Now;
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        feed.Publish(id, RunSignal.PauseRequested);
        return outcome;
    }

    /// <summary>Puts a run that was paused, stopped, interrupted or failed at the end of the queue. It goes on from the furthest place that is safe.</summary>
    public async Task<ResumeOutcome> ResumeAsync(RunId id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Runs.FirstOrDefaultAsync(r => r.Id == id, cancellation) is not { } run)
            return ResumeOutcome.NotFound;
        if (run.Status.IsActive())
            return ResumeOutcome.StillActive;
        if (run.Status == RunStatus.Finished)
            return ResumeOutcome.Finished;
        await QueueAsync(db, run, cancellation);
        await transaction.CommitAsync(cancellation);
        feed.Publish(id, RunSignal.Queued);
        return ResumeOutcome.Queued;
    }

    /// <summary>Plans more epochs for a run that does not train and lets it go on from where it is.</summary>
    /// <param name="epochs">Beyond those that are planned already.</param>
    /// <param name="consents">The person was told what <see cref="TrainOnResult.Refusal"/> says and wants it.</param>
    public async Task<TrainOnResult> TrainOnAsync(RunId id, int epochs, bool consents = false, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Runs.FirstOrDefaultAsync(r => r.Id == id, cancellation) is not { } run)
            return TrainOnResult.NotFound;
        if (run.Status is not (RunStatus.Finished or RunStatus.Stopped or RunStatus.Paused))
            return new TrainOnResult(false, $"The run is {run.Status.Word()}; only a finished, stopped or paused one can be trained for more epochs.");
        if (epochs < 1 || epochs > TrainingSpec.MaxEpochs - run.Spec.Epochs)
        {
            return new TrainOnResult(false, run.Spec.Epochs == TrainingSpec.MaxEpochs
                ? $"A run has at most {TrainingSpec.MaxEpochs:N0} epochs, and this one has them."
                : $"The number of epochs must be a whole number from 1 to {TrainingSpec.MaxEpochs - run.Spec.Epochs:N0}.");
        }

        var total = run.Spec.Epochs + epochs;
        if (!consents && run.Spec.LearningRateSchedule is { DependsOnLength: true } schedule)
        {
            return new TrainOnResult(false, $"The learning rate ({schedule.Kind}) was laid out over {run.Spec.Epochs:N0} epochs. Over {total:N0} it is laid out anew, so it jumps{Jump(run, schedule, total)} "
                + "where the run goes on, and the result is not that of a run planned this way from the start.", NeedsConsent: true);
        }

        run.Spec = run.Spec with { Epochs = total };
        run.Epochs = total;
        run.Recipe = Evidence.Prolonged(run.Recipe, run.Spec, ForkSource.Of(run));
        await SpecParams.ReplaceAsync(db, run, cancellation);
        await QueueAsync(db, run, cancellation);
        await transaction.CommitAsync(cancellation);
        feed.Publish(id, RunSignal.Queued);
        return TrainOnResult.Done;
    }

    /// <summary>Starts a finished run once more, from the same spec on the device that it really used, to see whether the same comes of it.</summary>
    public async Task<EnqueueResult> ReproduceAsync(RunId id, RunTrigger trigger = RunTrigger.Person, CancellationToken cancellation = default)
    {
        Run? run;
        await using (var db = await databases.CreateDbContextAsync(cancellation))
            run = await db.Runs.AsNoTracking().Include(r => r.Experiment).FirstOrDefaultAsync(r => r.Id == id, cancellation);
        if (run is not { Status: RunStatus.Finished, Device: { } device })
            return new EnqueueResult(null, [new SpecProblem("run", run is null ? "There is no such run any more." : $"The run is {run.Status.Word()}; only a finished one can be reproduced.")]);
        const string ending = " again";
        var name = NameRule.Cut(run.Name, Run.MaxNameLength - ending.Length);
        return await queue.EnqueueAsync(
            new RunRequest(run.Experiment.Name, name + ending, run.Spec with { Device = device.TorchName }, null, trigger, ForkSource.Of(run), id), cancellation);
    }

    /// <summary>From which rate to which; nothing where the steps are not known.</summary>
    private static string Jump(Run run, LearningRateSchedule schedule, int epochs)
    {
        if (run.StepsPerEpoch is not { } steps || run.EpochsDone == 0)
            return "";
        var next = (long)run.EpochsDone * steps;
        var (before, after) = (schedule.FactorAt(next - 1, steps, run.Spec.Epochs), schedule.FactorAt(next, steps, epochs));
        return string.Create(CultureInfo.InvariantCulture, $" from {before * run.Spec.Optimizer.LearningRate:G2} to {after * run.Spec.Optimizer.LearningRate:G2}");
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private async Task QueueAsync(TrackingDb db, Run run, CancellationToken cancellation)
    {
        if (run.QueueAgain(await QueueEnd.NextAsync(db, cancellation), Now) is { } refused)
            throw new InvalidOperationException(refused.ToString());
        // The machine may have gained or lost a GPU since.
        run.DeviceGroup = devices.GroupOf(DeviceRequest.Of(run.Spec));
        await db.SaveChangesAsync(cancellation);
    }
}
