using ExperimentHub.Tracking.Moves;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

public enum MarkOutcome
{
    NotFound,
    Ended,
    AlreadyEnded,

    /// <summary>This hub trains it; it is stopped.</summary>
    IsTraining,
}

/// <summary>
/// What a person can do with a run that another program logs. Whether that program still runs, nobody here knows: a run that nobody ends would be
/// running for ever, and could never be deleted.
/// </summary>
public sealed class LoggedRuns(IDbContextFactory<TrackingDb> databases, RunFeed feed, TimeProvider time)
{
    /// <summary>What it means, for whoever is asked whether he wants it.</summary>
    public const string Meaning = "A program that still logs it is not stopped by this, and what it logs is kept.";

    /// <summary>Kept with the run, for whoever wonders later.</summary>
    public const string Reason = "It was marked as ended here. The program that logged it was not stopped by this.";

    /// <summary>For whoever asks it of a training.</summary>
    public const string IsTraining = "This hub trains this run. Stop it instead: then its trainer saves where it is and ends.";

    /// <summary>Marks a run as stopped that this hub does not train.</summary>
    public async Task<MarkOutcome> EndAsync(RunId id, CancellationToken cancellation = default)
    {
        var outcome = await databases.DecideAsync<MarkOutcome>(async db =>
        {
            var now = time.GetUtcNow().UtcDateTime;
            return await db.Runs.AsNoTracking().FirstOrDefaultAsync(run => run.Id == id, cancellation) switch
            {
                null => MarkOutcome.NotFound,
                // Never one later either, so that it need not stand in the condition.
                { Training: not null } => MarkOutcome.IsTraining,
                { Status: var status } run when status.IsActive() =>
                    await db.MoveAsync(run.Number, status, RunStatus.Stopped, now, Reason, cancellation)
                        ? MarkOutcome.Ended : Decision<MarkOutcome>.Overtaken,
                _ => MarkOutcome.AlreadyEnded,
            };
        }, cancellation);
        if (outcome == MarkOutcome.Ended)
            feed.Publish(id, RunSignal.Status);
        return outcome;
    }
}
