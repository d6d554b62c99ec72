using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Evaluations;

/// <summary>An evaluation and its place among its run's.</summary>
public sealed record EvaluationDetails(Evaluation Evaluation, ClassScores Scores, bool Best, bool Last);

/// <summary>Reads what networks said of test images.</summary>
public sealed class EvaluationStore(IDbContextFactory<TrackingDb> databases)
{
    /// <summary>At most two, the earlier epoch first: the best and the last.</summary>
    public async Task<IReadOnlyList<EvaluationDetails>> OfRunAsync(RunId id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var run = await db.Runs.AsNoTracking().Where(r => r.Id == id).Select(r => new { r.Number, r.Training!.BestEpoch })
            .FirstOrDefaultAsync(cancellation);
        if (run is null)
            return [];
        var found = await db.Evaluations.AsNoTracking().Where(e => e.RunNumber == run.Number).OrderBy(e => e.Epoch).ToListAsync(cancellation);
        return [.. found.Select(e => new EvaluationDetails(e, ClassScores.Of(e.Classes, e.Confusion), e.Epoch == run.BestEpoch, e == found[^1]))];
    }

    /// <summary>Those of the runs that have an evaluation.</summary>
    public async Task<IReadOnlySet<RunId>> RunsWithAsync(IReadOnlyCollection<RunId> ids, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await db.Runs.Where(r => ids.Contains(r.Id) && r.Evaluations.Any()).Select(r => r.Id).ToListAsync(cancellation)).ToHashSet();
    }
}
