using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Moves;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// What belongs to the moves of a run that has a training. The run is read before, and held by the first statement of each; see
/// <see cref="RunGate"/>.
/// </summary>
internal static class TrainingMoves
{
    /// <summary>A run that does not train takes the state that was asked for. It is written down that it was asked.</summary>
    /// <returns>false where it moved meanwhile.</returns>
    public static Task<bool> EndAsync(this TrackingDb db, Run run, RunStatus to, RunSignal wish, DateTime now, CancellationToken cancellation) =>
        db.TogetherAsync(async () => await db.MoveAsync(run.Number, run.Status, to, now, cancellation: cancellation)
            && await NoteAsync(db.Trainings.Where(t => t.RunNumber == run.Number), wish, now, cancellation), cancellation);

    /// <summary>A run that trains is asked to stop or to pause; the first time that it is asked counts.</summary>
    /// <param name="attempt">The attempt that is meant; null where any is.</param>
    /// <returns>false where it does not train (any more), or is to pause and was asked to stop before.</returns>
    public static Task<bool> AskAsync(this TrackingDb db, long run, RunSignal wish, DateTime now, int? attempt,
        CancellationToken cancellation = default) =>
        db.TogetherAsync(async () => await db.HoldAsync(run, RunStatus.Running, cancellation)
            && await NoteAsync(
                db.Trainings.Where(t => t.RunNumber == run && (attempt == null || t.CurrentAttempt == attempt)
                    && (wish == RunSignal.StopRequested || t.StopRequestedAt == null)),
                wish, now, cancellation), cancellation);

    /// <summary>Puts a run at the end of the queue, with nothing left of what was asked of it before or came of it.</summary>
    /// <param name="change">What changes of its training at the same time.</param>
    /// <returns>false where it moved meanwhile, or its experiment was deleted.</returns>
    public static Task<bool> QueueAgainAsync(this TrackingDb db, Run run, DateTime now, Func<Training, Task> change,
        CancellationToken cancellation) => db.TogetherAsync(async () =>
    {
        if (!await db.HoldExperimentAsync(run.ExperimentId, cancellation)
            || !await db.MoveAsync(run.Number, run.Status, RunStatus.Queued, now, cancellation: cancellation))
            return false;
        var training = (await db.Runs.FirstAsync(r => r.Number == run.Number, cancellation)).Training!;
        // It was in this state before, and has trained in between.
        if (training.CurrentAttempt != run.Training!.CurrentAttempt || training.PlannedEpochs != run.Training.PlannedEpochs)
            return false;
        await change(training);
        (training.StopRequestedAt, training.PauseRequestedAt, training.FinishReason) = (null, null, null);
        training.QueuePosition = await QueueEnd.NextAsync(db, cancellation);
        return true;
    }, cancellation);

    /// <returns>false where there is no such training.</returns>
    private static async Task<bool> NoteAsync(IQueryable<Training> training, RunSignal wish, DateTime now, CancellationToken cancellation) =>
        await training.ExecuteUpdateAsync(set =>
    {
        if (wish == RunSignal.StopRequested)
            set.SetProperty(t => t.StopRequestedAt, t => t.StopRequestedAt ?? now);
        else
            set.SetProperty(t => t.PauseRequestedAt, t => t.PauseRequestedAt ?? now);
    }, cancellation) > 0;
}
