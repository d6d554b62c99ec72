using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>A run and the best value that a metric ever had in it.</summary>
/// <param name="Step">The first step with that value.</param>
/// <param name="IsSaved">There is a checkpoint of the weights that it was measured with.</param>
public sealed record BestRun(Run Run, double Value, long? Step, bool IsSaved)
{
    /// <summary>The epoch that the step belongs to, counted from 1; null where the run does not know its steps.</summary>
    public int? Epoch => Run.Training?.StepsPerEpoch is { } steps && Step is { } step ? (int)Math.Max(1, (step + steps - 1) / steps) : null;
}

/// <summary>The best value of one run.</summary>
/// <param name="At">When it ended; when it began where it goes on.</param>
public sealed record ResultPoint(long Number, RunId Id, string Name, DateTime At, double Value);

/// <summary>How an experiment did by one metric.</summary>
/// <param name="Metrics">Those that its runs have and that can be better or worse, by name.</param>
/// <param name="Best">The earliest on a tie; null while no run has the metric.</param>
/// <param name="Points">Of the newest runs that have the metric, the earliest end first.</param>
/// <param name="Before">The best value of the runs before these; null where there are none.</param>
/// <param name="Runs">How many have the metric; those that diverged are not among them unless they were asked for.</param>
/// <param name="Repeats">Of the newest runs those that are no points, because another one is the same training.</param>
/// <param name="Diverged">How many have the metric and were left out because they diverged.</param>
public sealed record MetricStory(IReadOnlyList<string> Metrics, BestRun? Best, IReadOnlyList<ResultPoint> Points, double? Before, int Runs, int Repeats = 0, int Diverged = 0);

/// <summary>
/// Reads the results of an experiment's runs from the summaries of their metrics, never from points. Archived runs are out of the way here too.
/// </summary>
public sealed class ExperimentResults(IDbContextFactory<TrackingDb> databases)
{
    /// <summary>As many dots as a chart can show beside each other.</summary>
    public const int MostPoints = 1_000;

    /// <summary>So many of the newest runs say which metrics there are.</summary>
    private const int AskedForMetrics = 200;

    /// <summary>
    /// What decides which of an experiment's runs is best: what decides for the best epoch of its settings, so the accuracy on images that are held back where they hold any back. While no run has
    /// that, the accuracy on the test set.
    /// </summary>
    public async Task<string> UsualMetricAsync(Experiment experiment, CancellationToken cancellation = default)
    {
        var wanted = BestMetrics.Of(experiment.DefaultSpec);
        if (wanted == BestMetrics.TestAccuracy)
            return wanted;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var runs = db.Runs.Where(run => run.ExperimentId == experiment.Id && run.ArchivedAt == null).Select(run => run.Number);
        var measured = db.MetricSeries.Where(series => runs.Contains(series.RunNumber));
        return await measured.AnyAsync(series => series.Name == wanted, cancellation) || !await measured.AnyAsync(series => series.Name == BestMetrics.TestAccuracy, cancellation)
            ? wanted : BestMetrics.TestAccuracy;
    }

    /// <param name="metric">One with a direction.</param>
    /// <param name="withDiverged">Runs that diverged count as well.</param>
    public async Task<MetricStory> ReadAsync(int experiment, string metric, bool withDiverged = false, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var runs = db.Runs.AsNoTracking().Where(run => run.ExperimentId == experiment && run.ArchivedAt == null);
        var newest = runs.OrderByDescending(run => run.Number).Take(AskedForMetrics).Select(run => run.Number);
        var names = await db.MetricSeries.Where(series => newest.Contains(series.RunNumber)).Select(series => series.Name).Distinct().ToListAsync(cancellation);
        var lower = MetricNames.DirectionOf(metric) == MetricDirection.LowerIsBetter;
        // Least and greatest stand in an index, the best does not.
        var measured = from run in runs
                       join series in db.MetricSeries on run.Number equals series.RunNumber
                       where series.Name == metric
                       let value = lower ? series.Min : series.Max
                       where value != null
                       select new { Run = run, Value = value.Value, Step = lower ? series.MinStep : series.MaxStep };
        var values = withDiverged ? measured : measured.Where(row => row.Run.Training!.Diverged != true);
        var newestValues = await values.OrderByDescending(row => row.Run.Number).Take(MostPoints).Select(row => new
        {
            Point = new ResultPoint(row.Run.Number, row.Run.Id, row.Run.Name, row.Run.EndedAt ?? row.Run.StartedAt ?? row.Run.CreatedAt, row.Value),
            Evidence = Evidence.Told(
                row.Run.Id, row.Run.Training!.Recipe, (long?)row.Run.Training.Seed, row.Run.Training.DatasetSha256, row.Run.Training.Dataset, row.Run.Training.DeviceKind ?? row.Run.Training.DeviceGroup),
            Rank = new EvidenceRank(row.Run.Status == RunStatus.Finished, row.Run.EndedAt, (int?)row.Run.Training.EpochsDone ?? 0, row.Run.Number),
        }).ToListAsync(cancellation);
        List<ResultPoint> points = [.. newestValues.GroupBy(row => row.Evidence).Select(same => same.MinBy(row => row.Rank)!.Point)];
        var best = await (lower ? values.OrderBy(row => row.Value) : values.OrderByDescending(row => row.Value)).ThenBy(row => row.Run.Number).FirstOrDefaultAsync(cancellation);
        var (count, before) = (newestValues.Count, (double?)null);
        if (newestValues.Count == MostPoints)
        {
            var oldest = newestValues[^1].Point.Number;
            var older = values.Where(row => row.Run.Number < oldest).Select(row => (double?)row.Value);
            count += await older.CountAsync(cancellation);
            before = await (lower ? older.MinAsync(cancellation) : older.MaxAsync(cancellation));
        }

        return new MetricStory(
            [.. names.Where(name => MetricNames.DirectionOf(name) != MetricDirection.None).Order(StringComparer.Ordinal)],
            best is null ? null : await WithCheckpointAsync(db, new BestRun(best.Run, best.Value, best.Step, false), cancellation), [.. points.OrderBy(point => point.At).ThenBy(point => point.Number)], before, count,
            newestValues.Count - points.Count, withDiverged ? 0 : await measured.CountAsync(row => row.Run.Training!.Diverged == true, cancellation));
    }

    private static async Task<BestRun> WithCheckpointAsync(TrackingDb db, BestRun best, CancellationToken cancellation) => best with
    {
        // In the middle of an epoch nothing was saved.
        IsSaved = best.Step % best.Run.Training?.StepsPerEpoch == 0 && await db.Checkpoints.AnyAsync(c => c.RunNumber == best.Run.Number && c.Epoch == best.Epoch, cancellation),
    };
}
