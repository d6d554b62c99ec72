using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Studies;

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
/// <param name="Said">What the experiment's runs say of the metric. Where they do not agree which values are better, none is best, and there are no
/// points.</param>
/// <param name="Best">The earliest on a tie; null while no run has the metric.</param>
/// <param name="Points">Of the newest runs that have the metric, the earliest end first.</param>
/// <param name="Before">The best value of the runs before these; null where there are none.</param>
/// <param name="Runs">How many have the metric; those that diverged are not among them unless they were asked for.</param>
/// <param name="Repeats">Of the newest runs those that are no points, because another one is the same training.</param>
/// <param name="Diverged">How many have the metric and were left out because they diverged.</param>
public sealed record MetricStory(
    IReadOnlyList<string> Metrics, DirectionsSaid Said, BestRun? Best, IReadOnlyList<ResultPoint> Points, double? Before, int Runs, int Repeats = 0,
    int Diverged = 0);

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
    /// What decides which of an experiment's runs is best: what decides for the best epoch of its settings, so the accuracy on images that are held
    /// back where they hold any back. While no run has that, the accuracy on the test set; while none has that either, because other programs
    /// measured something else, what comes nearest to it of all that can be better or worse.
    /// </summary>
    public async Task<string> UsualMetricAsync(Experiment experiment, CancellationToken cancellation = default)
    {
        var wanted = BestMetrics.Of(experiment.DefaultSpec);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var runs = db.Runs.Where(run => run.ExperimentId == experiment.Id && run.ArchivedAt == null);
        foreach (var metric in new[] { wanted, BestMetrics.TestAccuracy }.Distinct())
        {
            if (await runs.AnyAsync(run => db.MetricSeries.Any(series => series.RunNumber == run.Number && series.Name == metric), cancellation))
                return metric;
        }

        var all = await SeriesOfNewestAsync(db, runs, cancellation);
        var directions = await KnownNames.DirectionsAsync(db, [.. all.Select(series => series.Name)], experiment.Name, cancellation);
        return all.Where(series => directions[series.Name].Agreed != MetricDirection.None)
            .OrderBy(series => series.Role switch { MetricRole.Accuracy => 0, MetricRole.Loss => 1, _ => 2 })
            .ThenBy(series => series.Split switch { MetricSplit.Validation => 0, MetricSplit.Test => 1, MetricSplit.None => 2, _ => 3 })
            .ThenBy(series => series.Name, StringComparer.Ordinal).FirstOrDefault()?.Name ?? wanted;
    }

    /// <summary>Which values of a metric are better by what the runs of an experiment say.</summary>
    public async Task<DirectionsSaid> SaidAsync(Experiment experiment, string metric, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return (await KnownNames.DirectionsAsync(db, [metric], experiment.Name, cancellation))[metric];
    }

    /// <param name="withDiverged">Runs that diverged count as well.</param>
    public async Task<MetricStory> ReadAsync(int experiment, string metric, bool withDiverged = false, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var runs = db.Runs.AsNoTracking().Where(run => run.ExperimentId == experiment && run.ArchivedAt == null);
        List<string> names = [.. (await SeriesOfNewestAsync(db, runs, cancellation)).Select(series => series.Name).Distinct()];
        var called = await db.Experiments.Where(e => e.Id == experiment).Select(e => e.Name).FirstOrDefaultAsync(cancellation);
        var directions = await KnownNames.DirectionsAsync(db, [.. names, metric], called, cancellation);
        List<string> choice = [.. names.Where(name => directions[name].Agreed != MetricDirection.None).Order(StringComparer.Ordinal)];
        var said = directions[metric];
        if (said.Agreed == MetricDirection.None)
            return new MetricStory(choice, said, null, [], null, 0);
        var lower = said.Agreed == MetricDirection.LowerIsBetter;
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
                row.Run.Id, row.Run.Training!.Recipe, (long?)row.Run.Training.Seed, row.Run.Training.DatasetSha256, row.Run.Training.Dataset,
                row.Run.Training.DeviceKind ?? row.Run.Training.DeviceGroup),
            Rank = new EvidenceRank(row.Run.Status == RunStatus.Finished, row.Run.EndedAt, (int?)row.Run.Training.EpochsDone ?? 0, row.Run.Number),
        }).ToListAsync(cancellation);
        List<ResultPoint> points = [.. newestValues.GroupBy(row => row.Evidence).Select(same => same.MinBy(row => row.Rank)!.Point)];
        var best = await (lower ? values.OrderBy(row => row.Value) : values.OrderByDescending(row => row.Value)).ThenBy(row => row.Run.Number)
            .FirstOrDefaultAsync(cancellation);
        var (count, before) = (newestValues.Count, (double?)null);
        if (newestValues.Count == MostPoints)
        {
            var oldest = newestValues[^1].Point.Number;
            var older = values.Where(row => row.Run.Number < oldest).Select(row => (double?)row.Value);
            count += await older.CountAsync(cancellation);
            before = await (lower ? older.MinAsync(cancellation) : older.MaxAsync(cancellation));
        }

        return new MetricStory(
            choice, said,
            best is null ? null : await WithCheckpointAsync(db, new BestRun(best.Run, best.Value, best.Step, false), cancellation),
            [.. points.OrderBy(point => point.At).ThenBy(point => point.Number)], before, count,
            newestValues.Count - points.Count, withDiverged ? 0 : await measured.CountAsync(row => row.Run.Training!.Diverged == true, cancellation));
    }

    private static Task<List<NamedSeries>> SeriesOfNewestAsync(TrackingDb db, IQueryable<Run> runs, CancellationToken cancellation)
    {
        var newest = runs.OrderByDescending(run => run.Number).Take(AskedForMetrics).Select(run => run.Number);
        return db.MetricSeries.Where(series => newest.Contains(series.RunNumber))
            .Select(series => new NamedSeries(series.Name, series.Role, series.Split)).Distinct().ToListAsync(cancellation);
    }

    private static async Task<BestRun> WithCheckpointAsync(TrackingDb db, BestRun best, CancellationToken cancellation) => best with
    {
        // In the middle of an epoch nothing was saved.
        IsSaved = best.Step % best.Run.Training?.StepsPerEpoch == 0
            && await db.Checkpoints.AnyAsync(c => c.RunNumber == best.Run.Number && c.Epoch == best.Epoch, cancellation),
    };

    private sealed record NamedSeries(string Name, MetricRole Role, MetricSplit Split);
}
