using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// Wishes that the database does not take now, of runs whose trainers live in this process: the trainer hears of them at once, and the row follows as
/// soon as it can be written. For any other run a wish that cannot be written is refused, because nobody would hear it.
/// </summary>
public sealed class KeptWishes(IDbContextFactory<TrackingDb> databases, StorageWatch storage, LiveRuns live, RunFeed feed, TimeProvider time,
    ILogger<KeptWishes> logger)
{
    /// <summary>Writes a wish, or keeps it where an outage is known or comes with the writing.</summary>
    /// <param name="run">Whom it is about.</param>
    /// <param name="wish"><see cref="RunSignal.StopRequested"/> or <see cref="RunSignal.PauseRequested"/>.</param>
    /// <param name="kept">The answer where it is kept.</param>
    internal async Task<T> AskAsync<T>(RunId run, RunSignal wish, Func<Task<T>> write, T kept)
    {
        if (storage.Outage is not null && Keep(run, wish))
            return kept;
        try
        {
            return await write();
        }
        catch (Exception e) when (storage.Note(e) && Keep(run, wish))
        {
            return kept;
        }
    }

    /// <returns>false where the run has no trainer here.</returns>
    private bool Keep(RunId run, RunSignal wish)
    {
        if (live.Find(run) is not { Attempt: var attempt } training)
            return false;
        training.Ask(wish);
        feed.Publish(run, wish);
        _ = WriteAsync(run, attempt, wish, time.GetUtcNow().UtcDateTime);
        return true;
    }

    private async Task WriteAsync(RunId run, int attempt, RunSignal wish, DateTime at)
    {
        try
        {
            await storage.UntilDoneAsync(async () =>
            {
                await using var db = await databases.CreateDbContextAsync();
                // Only of this attempt: a run that has ended meanwhile, and perhaps goes on, was not meant.
                if (await db.Runs.Where(r => r.Id == run).Select(r => (long?)r.Number).FirstOrDefaultAsync() is { } number)
                    await db.AskAsync(number, wish, at, attempt);
            });
            feed.Publish(run, RunSignal.Status);
        }
        catch (Exception e)
        {
            // The trainer has heard it; what is lost is that it was asked, if the hub ends before the trainer does.
            logger.LogError(e, "That run {Run} was asked to stop or to pause could not be written", run);
        }
    }
}
