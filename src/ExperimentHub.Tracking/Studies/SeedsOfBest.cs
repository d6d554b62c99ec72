using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Studies;

/// <summary>The best run of an experiment and the runs that differ from it in the seed alone.</summary>
/// <param name="Metric">What it is the best in.</param>
/// <param name="Runs">The best one first, then the newest; each training once, and none that diverged.</param>
public sealed record SeedsOfBestRun(Experiment Experiment, string Metric, BestRun Best, IReadOnlyList<Run> Runs);

/// <summary>Finds what is worth comparing first: how much of the best result was the luck of its seed.</summary>
public sealed class SeedsOfBest(IDbContextFactory<TrackingDb> databases, ExperimentResults results)
{
    /// <summary>As many as stand beside each other at a glance.</summary>
    private const int MostRuns = 20;

    /// <summary>Of the experiment with the newest run; null where it has no result yet.</summary>
    public async Task<SeedsOfBestRun?> ReadAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var newest = await db.Runs.AsNoTracking().Where(run => run.ArchivedAt == null).OrderByDescending(run => run.Number)
            .Select(run => run.Experiment).FirstOrDefaultAsync(cancellation);
        if (newest is null)
            return null;
        var metric = await results.UsualMetricAsync(newest, cancellation);
        var story = await results.ReadAsync(newest.Id, metric, cancellation: cancellation);
        if (story.Best is not { } best)
            return null;
        if (best.Run.Training is not { Recipe: var recipe })
            return new SeedsOfBestRun(newest, metric, best, [best.Run]);
        var same = await db.Runs.AsNoTracking()
            .Where(run => run.ExperimentId == newest.Id && run.ArchivedAt == null && run.Training!.Diverged != true && run.Training.EpochsDone > 0
                && run.Training.Recipe == recipe)
            .OrderByDescending(run => run.Number).ToListAsync(cancellation);
        var evidence = Evidence.Of(best.Run);
        var others = Evidence.CountedOnce(same.Where(run => Evidence.Of(run) != evidence && Evidence.Of(run).WithoutSeed == evidence.WithoutSeed));
        return new SeedsOfBestRun(newest, metric, best, [best.Run, .. others.Take(MostRuns - 1)]);
    }
}
