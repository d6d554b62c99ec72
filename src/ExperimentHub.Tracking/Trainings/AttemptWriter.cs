using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// The door that every write of progress of a training goes through: it names its attempt, and one that is not the run's current attempt, or whose
/// run no longer trains, changes nothing: its first statement is a conditional write (<see cref="RunGate"/>). While the database or its disk is in
/// trouble a write waits and is tried again until it is written.
/// </summary>
public sealed class AttemptWriter(IDbContextFactory<TrackingDb> databases, StorageWatch storage, RunFeed feed, ILogger<AttemptWriter> logger)
{
    /// <param name="tell">What screens are told once it is written; nothing where the caller tells them later.</param>
    /// <param name="write">May be called more than once, each time with a context that knows nothing of the time before.</param>
    /// <returns>false where the attempt is stale: its trainer is to be ended.</returns>
    internal Task<bool> WriteAsync(AttemptKey key, RunSignal? tell, Func<TrackingDb, Training, Task> write) =>
        WriteIfAsync(key, tell, async (db, training) =>
        {
            await write(db, training);
            return true;
        });

    /// <param name="write">As in <see cref="WriteAsync"/>; where it says false nothing of it is written.</param>
    internal Task<bool> WriteIfAsync(AttemptKey key, RunSignal? tell, Func<TrackingDb, Training, Task<bool>> write) =>
        storage.UntilDoneAsync(() => TryAsync(key, tell, write));

    private async Task<bool> TryAsync(AttemptKey key, RunSignal? tell, Func<TrackingDb, Training, Task<bool>> write)
    {
        // No token: what a trainer said is written even while the hub shuts down.
        await using var db = await databases.CreateDbContextAsync();
        await using var transaction = await db.Database.BeginTransactionAsync();
        // Held from here: what is read of the run and its training stays until it is written.
        var trains = await db.HoldAsync(key.RunNumber, RunStatus.Running);
        var run = await db.Runs.FirstOrDefaultAsync(r => r.Number == key.RunNumber);
        if (!trains || run?.Training is not { } training || training.CurrentAttempt != key.Attempt)
        {
            logger.LogWarning("Refused a write of attempt {Attempt} of run {Run}: the run is {Status} with attempt {Current}",
                key.Attempt, key.Run, run?.Status.Word() ?? "deleted", run?.Training?.CurrentAttempt);
            return false;
        }

        if (!await write(db, training))
            return false;
        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        if (tell is { } what)
            feed.Publish(key.Run, what);
        return true;
    }
}
