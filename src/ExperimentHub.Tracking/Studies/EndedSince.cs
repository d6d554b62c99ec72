using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Studies;

/// <summary>A run that is better than all that ended before.</summary>
/// <param name="Metric">What decides which of the experiment's runs is best.</param>
/// <param name="Before">The best value until then.</param>
public sealed record NewBest(Experiment Experiment, Run Run, string Metric, double Value, double Before);

/// <summary>What ended since a moment; archived runs are out of the way here too.</summary>
/// <param name="Finished">Without those that diverged.</param>
/// <param name="Bests">The experiments with the newest ends first; one whose first result this is has nothing to be better than.</param>
public sealed record EndedSince(int Finished, int Diverged, int Failed, int Stopped, int Interrupted, IReadOnlyList<NewBest> Bests)
{
    public int Total => Finished + Diverged + Failed + Stopped + Interrupted;
}

/// <summary>Tells somebody who was away what came out meanwhile.</summary>
public sealed class EndedRuns(IDbContextFactory<TrackingDb> databases, ExperimentResults results)
{
    /// <summary>So many experiments are looked at for a new best.</summary>
    private const int MostExperiments = 20;

    /// <param name="since">UTC.</param>
    /// <param name="mostBests">So many new bests are named.</param>
    public async Task<EndedSince> ReadAsync(DateTime since, int mostBests, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var ended = db.Runs.AsNoTracking().Where(run => run.ArchivedAt == null && run.EndedAt >= since);
        var counts = await ended.GroupBy(run => new { run.Status, Diverged = run.Training!.Diverged == true && run.Status == RunStatus.Finished })
            .Select(group => new { group.Key.Status, group.Key.Diverged, Count = group.Count() }).ToListAsync(cancellation);
        var experiments = await ended.Where(run => run.Training!.Diverged != true).GroupBy(run => run.ExperimentId)
            .Select(group => new { Id = group.Key, Last = group.Max(run => run.EndedAt) })
            .OrderByDescending(experiment => experiment.Last).Take(MostExperiments).Select(experiment => experiment.Id).ToListAsync(cancellation);
        var bests = new List<NewBest>();
        foreach (var id in experiments)
        {
            if (bests.Count < mostBests && await db.Experiments.AsNoTracking()
                .FirstOrDefaultAsync(experiment => experiment.Id == id, cancellation) is { } experiment
                && await NewBestAsync(db, experiment, since, cancellation) is { } best)
                bests.Add(best);
        }

        return new EndedSince(
            Of(RunStatus.Finished), counts.Where(count => count.Diverged).Sum(count => count.Count), Of(RunStatus.Failed), Of(RunStatus.Stopped),
            Of(RunStatus.Interrupted), bests);

        int Of(RunStatus status) => counts.Where(count => count.Status == status && !count.Diverged).Sum(count => count.Count);
    }

    private async Task<NewBest?> NewBestAsync(TrackingDb db, Experiment experiment, DateTime since, CancellationToken cancellation)
    {
        var metric = await results.UsualMetricAsync(experiment, cancellation);
        var direction = (await results.SaidAsync(experiment, metric, cancellation)).Agreed;
        if (direction == MetricDirection.None)
            return null;
        var lower = direction == MetricDirection.LowerIsBetter;
        var values = from run in db.Runs.AsNoTracking()
                     where run.ExperimentId == experiment.Id && run.ArchivedAt == null && run.Training!.Diverged != true && run.EndedAt != null
                     join series in db.MetricSeries on run.Number equals series.RunNumber
                     where series.Name == metric
                     let value = lower ? series.Min : series.Max
                     where value != null
                     select new { Run = run, Value = value.Value };
        var ordered = lower ? values.OrderBy(row => row.Value) : values.OrderByDescending(row => row.Value);
        var newest = await ordered.ThenBy(row => row.Run.Number).FirstOrDefaultAsync(row => row.Run.EndedAt >= since, cancellation);
        var before = await ordered.FirstOrDefaultAsync(row => row.Run.EndedAt < since, cancellation);
        return newest is not null && before is not null && (lower ? newest.Value < before.Value : newest.Value > before.Value)
            ? new NewBest(experiment, newest.Run, metric, newest.Value, before.Value) : null;
    }
}
