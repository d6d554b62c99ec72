using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Moves;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Telemetry;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>A run that now belongs to one attempt.</summary>
public sealed record ClaimedRun(AttemptKey Key, string Name, TrainingSpec Spec, ForkSource? Fork = null, RunId? Reproduces = null);

/// <summary>Names an attempt in every write of progress, so that the database can refuse a stale one.</summary>
public readonly record struct AttemptKey(long RunNumber, RunId Run, int Attempt);

public enum StopOutcome
{
    NotFound,

    /// <summary>It had not started and is stopped now.</summary>
    Stopped,

    /// <summary>The trainer has been asked.</summary>
    Stopping,

    /// <summary>It had ended before.</summary>
    AlreadyEnded,

    /// <summary>This hub does not train it, so there is nobody here to stop.</summary>
    NoTraining,
}

/// <summary>The queue is the database: runs enter it, are claimed in its order, and are asked to stop.</summary>
public sealed class RunQueue(
    IDbContextFactory<TrackingDb> databases, NewRuns newRuns, RunFeed feed, DeviceInventory devices, DivergenceJudge judge, KeptWishes wishes,
    AttemptLeases leases, TimeProvider time)
{
    public async Task<EnqueueResult> EnqueueAsync(RunRequest request, CancellationToken cancellation = default)
    {
        var made = await EnqueueAllAsync([request], cancellation);
        return new EnqueueResult(made.Runs is [var run] ? run : null, made.Problems, made.Repeated);
    }

    /// <summary>
    /// All of them or none, in one transaction and with one time of creation. Where each has an idempotency key, asking again after a lost answer
    /// makes none twice.
    /// </summary>
    public async Task<EnqueuedRuns> EnqueueAllAsync(IReadOnlyList<RunRequest> requests, CancellationToken cancellation = default)
    {
        if (newRuns.Problems(requests) is { Count: > 0 } problems)
            return EnqueuedRuns.Refused(problems);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var (made, isNew) = await newRuns.MakeAsync(db, requests, cancellation);
        if (made.Problems.Count > 0)
            return made;
        await transaction.CommitAsync(cancellation);
        Tell(isNew);
        return made;
    }

    /// <summary>
    /// One run as part of what the caller's transaction writes; what the context tracks is saved or forgotten. Once it is committed,
    /// <see cref="Tell"/> says so.
    /// </summary>
    internal async Task<(EnqueueResult Result, IReadOnlyList<RunId> New)> EnqueueWithinAsync(TrackingDb db, RunRequest request,
        CancellationToken cancellation)
    {
        if (newRuns.Problems([request]) is { Count: > 0 } problems)
            return (new EnqueueResult(null, problems), []);
        var (made, isNew) = await newRuns.MakeAsync(db, [request], cancellation);
        return (new EnqueueResult(made.Runs is [var run] ? run : null, made.Problems, made.Repeated), isNew);
    }

    internal void Tell(IReadOnlyList<RunId> queued)
    {
        foreach (var run in queued)
        {
            RunTrace.Queued(run);
            feed.Publish(run, RunSignal.Queued);
        }
    }

    /// <summary>
    /// Gives the first waiting run of a group whose device is free to a new attempt. The order is the queue's; a run that waits for a busy
    /// device does not hold up the ones behind it.
    /// </summary>
    /// <param name="group">Execution group.</param>
    /// <param name="tryTake">
    /// Takes a free device for a request, or says no. Where somebody else claims the run first it is asked again for another, and what it took before
    /// is to be given back.
    /// </param>
    public async Task<ClaimedRun?> ClaimAsync(string group, Func<DeviceRequest, bool> tryTake, CancellationToken cancellation = default)
    {
        var claimed = await databases.DecideAsync<ClaimedRun?>(async db =>
        {
            if (await FirstAsync(db, group, tryTake, cancellation) is not { Training: { } waiting } run)
                return (ClaimedRun?)null;
            var (now, attempt) = (time.GetUtcNow().UtcDateTime, waiting.CurrentAttempt + 1);
            var moved = await db.TogetherAsync(async () =>
            {
                // Its place as well: it may have been paused and resumed meanwhile, and stands behind others now.
                if (!await db.MoveAsync(waiting.RunNumber, RunStatus.Queued, RunStatus.Running, now, cancellation: cancellation)
                    || await db.Trainings
                        .Where(t => t.RunNumber == waiting.RunNumber && t.CurrentAttempt == waiting.CurrentAttempt
                            && t.QueuePosition == waiting.QueuePosition && t.DeviceGroup == group)
                        .ExecuteUpdateAsync(set => set.SetProperty(t => t.CurrentAttempt, attempt), cancellation) == 0)
                    return false;
                await leases.BeginAsync(db, waiting.RunNumber, attempt, now, cancellation);
                return true;
            }, cancellation);
            if (!moved)
                return Decision<ClaimedRun?>.Overtaken;
            RunTrace.Claimed(run.Id, group, attempt == 1 ? run.CreatedAt : null, now);
            return new ClaimedRun(new AttemptKey(run.Number, run.Id, attempt), run.Name, waiting.Spec, ForkSource.Of(waiting), waiting.Reproduces);
        }, cancellation);
        if (claimed is not null)
            feed.Publish(claimed.Key.Run, RunSignal.Status);
        return claimed;
    }

    private static async Task<Run?> FirstAsync(TrackingDb db, string group, Func<DeviceRequest, bool> tryTake, CancellationToken cancellation)
    {
        var waiting = db.Runs.AsNoTracking().Where(r => r.Status == RunStatus.Queued && r.Training!.DeviceGroup == group)
            .OrderBy(r => r.Training!.QueuePosition).ThenBy(r => r.Number);
        await foreach (var candidate in waiting.AsAsyncEnumerable().WithCancellation(cancellation))
        {
            var asked = DeviceRequest.Of(candidate.Training!.Spec);
            if (tryTake(asked.Kind == DeviceRequest.Auto ? asked with { Kind = group } : asked))
                return candidate;
        }

        return null;
    }

    /// <summary>The group in which a run waits; null where it does not wait (any more).</summary>
    public async Task<string?> WaitingGroupAsync(RunId id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await Waiting(db).Where(t => t.Run.Id == id).Select(t => t.DeviceGroup).FirstOrDefaultAsync(cancellation);
    }

    /// <summary>How many runs wait in each group.</summary>
    public async Task<IReadOnlyDictionary<string, int>> WaitingAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await Waiting(db).GroupBy(t => t.DeviceGroup).ToDictionaryAsync(g => g.Key, g => g.Count(), cancellation);
    }

    /// <summary>Decides <c>auto</c> anew for every waiting run: the machine may have gained or lost a GPU since.</summary>
    public async Task ResolveAutoAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        foreach (var training in await Waiting(db).AsNoTracking().ToListAsync(cancellation))
        {
            var group = devices.GroupOf(DeviceRequest.Of(training.Spec));
            if (group != training.DeviceGroup)
            {
                await db.Trainings.Where(t => t.RunNumber == training.RunNumber && t.CurrentAttempt == training.CurrentAttempt
                    && t.DeviceGroup == training.DeviceGroup)
                    .ExecuteUpdateAsync(set => set.SetProperty(t => t.DeviceGroup, group), cancellation);
            }
        }
    }

    /// <summary>
    /// Puts interrupted trainings back into the queue, each at its old place. One that was asked to stop or to pause before, under a hub that did not
    /// say so yet, becomes what was asked.
    /// </summary>
    public async Task<IReadOnlyList<RunId>> RequeueInterruptedAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        List<RunId> requeued = [];
        foreach (var run in await db.Runs.AsNoTracking().Where(r => r.Status == RunStatus.Interrupted && r.Training != null)
            .ToListAsync(cancellation))
        {
            var to = run.Training!.StopRequestedAt is not null ? RunStatus.Stopped : run.Training.PauseRequestedAt is not null
                ? RunStatus.Paused : RunStatus.Queued;
            // Whoever was faster, a person or another hub, has decided.
            if (await db.TogetherAsync(() => db.MoveAsync(run.Number, RunStatus.Interrupted, to, time.GetUtcNow().UtcDateTime,
                cancellation: cancellation), cancellation)
                && to == RunStatus.Queued)
                requeued.Add(run.Id);
        }

        foreach (var run in requeued)
            feed.Publish(run, RunSignal.Queued);

        return requeued;
    }

    /// <summary>
    /// Ends a run that waits, or asks its trainer to. During an outage a trainer of this process hears it at once, and the row follows.
    /// </summary>
    public Task<StopOutcome> RequestStopAsync(RunId id, CancellationToken cancellation = default) =>
        wishes.AskAsync(id, RunSignal.StopRequested, () => WriteStopAsync(id, cancellation), StopOutcome.Stopping);

    private async Task<StopOutcome> WriteStopAsync(RunId id, CancellationToken cancellation)
    {
        var (outcome, number) = await databases.DecideAsync<(StopOutcome, long)>(async db =>
        {
            var now = time.GetUtcNow().UtcDateTime;
            switch (await db.Runs.AsNoTracking().FirstOrDefaultAsync(r => r.Id == id, cancellation))
            {
                case null:
                    return (StopOutcome.NotFound, 0);
                case { Training: null } run:
                    return (StopOutcome.NoTraining, run.Number);
                case { Status: RunStatus.Running } run:
                    return await db.AskAsync(run.Number, RunSignal.StopRequested, now, attempt: null, cancellation)
                        ? (StopOutcome.Stopping, run.Number)
                        : Decision<(StopOutcome, long)>.Overtaken;
                case var run when run.Status.CanMoveTo(RunStatus.Stopped):
                    return await db.EndAsync(run, RunStatus.Stopped, RunSignal.StopRequested, now, cancellation)
                        ? (StopOutcome.Stopped, run.Number)
                        : Decision<(StopOutcome, long)>.Overtaken;
                case var run:
                    return (StopOutcome.AlreadyEnded, run.Number);
            }
        }, cancellation);
        if (outcome == StopOutcome.Stopped)
            await judge.JudgeAsync(number);
        if (outcome is StopOutcome.Stopped or StopOutcome.Stopping)
            feed.Publish(id, RunSignal.StopRequested);
        return outcome;
    }

    private static IQueryable<Training> Waiting(TrackingDb db) => db.Trainings.Where(t => t.Run.Status == RunStatus.Queued);
}
