using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// Trainings that nobody holds any more (<see cref="AttemptLeases.Free"/>): of a former life of this node, or of a node that is lost. What a living
/// node holds goes on, and so does a run without a training, which is somebody else's.
/// </summary>
public sealed class OrphanedRuns(
    IDbContextFactory<TrackingDb> databases, AttemptWriter attempts, RunRecorder recorder, AttemptLeases leases, StorageWatch storage,
    TimeProvider time)
{
    /// <summary>Takes them from whoever held them. They are interrupted then, or what a person wanted of them before.</summary>
    /// <returns>Those that were taken.</returns>
    public async Task<IReadOnlyList<RunId>> InterruptAsync(CancellationToken cancellation = default)
    {
        var orphans = await storage.UntilDoneAsync(async () =>
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            var free = db.Attempts.Where(leases.Free());
            return await db.Trainings.Where(t => t.Run.Status == RunStatus.Running)
                .Join(free, t => new { t.RunNumber, Number = t.CurrentAttempt }, a => new { a.RunNumber, a.Number },
                    (t, a) => new { t.Run.Number, t.Run.Id, t.CurrentAttempt, a.Node })
                .ToListAsync(cancellation);
        }, cancellation);
        List<RunId> interrupted = [];
        foreach (var orphan in orphans)
        {
            if (await TakeAsync(new AttemptKey(orphan.Number, orphan.Id, orphan.CurrentAttempt), leases.Because(orphan.Node)))
                interrupted.Add(orphan.Id);
        }

        return interrupted;
    }

    /// <returns>false where somebody else took it, or its node lives after all.</returns>
    private async Task<bool> TakeAsync(AttemptKey key, string reason)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var taken = await attempts.WriteIfAsync(key, null, async (db, training) =>
        {
            // Held from here: a beat of its node that comes after finds it ended, and one that came before is seen.
            if (await db.Attempts.Where(a => a.RunNumber == key.RunNumber && a.Number == key.Attempt && a.EndedAt == null).Where(leases.Free())
                .ExecuteUpdateAsync(set => set.SetProperty(a => a.EndedAt, now)) == 0)
                return false;
            await RunRecorder.WriteEndingAsync(db, training, key, AttemptEnding.Interrupted, reason, null, null, now);
            return true;
        });
        if (taken)
            await recorder.TellEndAsync(key, written: true);
        return taken;
    }
}
