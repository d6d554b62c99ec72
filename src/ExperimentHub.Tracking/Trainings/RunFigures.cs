using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>The epoch of each run that a row, a table or an answer speaks of.</summary>
public enum FigureEpoch
{
    /// <summary>The run's best epoch, by the metric that decides for its spec.</summary>
    Best,

    /// <summary>The newest finished epoch.</summary>
    Last,
}

/// <summary>What was measured of one epoch of a run, and of which: figures of different epochs never stand in one of these.</summary>
/// <param name="Epoch">Counts from 1.</param>
/// <param name="TrainLoss">Mean over the epoch's steps.</param>
/// <param name="TestAccuracy">Fraction 0..1.</param>
/// <param name="ValidationLoss">null without a validation split.</param>
public sealed record RunFigures(
    int Epoch, double TrainLoss, double TestLoss, double TestAccuracy, double? TrainAccuracy, double? ValidationLoss, double? ValidationAccuracy)
{
    /// <param name="run">With the row of that epoch among its <see cref="Training.EpochResults"/>.</param>
    /// <returns>null before the first epoch is finished, and of a run that has no epochs.</returns>
    public static RunFigures? Of(Run run, FigureEpoch at) =>
        NumberOf(run, at) is { } number && run.Training!.EpochResults.Find(epoch => epoch.Number == number) is { } row
            ? new RunFigures(number, row.TrainLoss, row.TestLoss, row.TestAccuracy, row.TrainAccuracy, row.ValidationLoss, row.ValidationAccuracy)
            : null;

    /// <summary>Which epoch of the run that is; null before the first is finished.</summary>
    public static int? NumberOf(Run run, FigureEpoch at) =>
        at == FigureEpoch.Best ? run.Training?.BestEpoch : run.Training is { EpochsDone: > 0 and var done } ? done : null;

    /// <summary>Gives runs that nobody tracks the rows of their best and their last epoch, and of no other.</summary>
    internal static async Task LoadAsync(TrackingDb db, IReadOnlyCollection<Run> runs, CancellationToken cancellation)
    {
        if (runs.Count == 0)
            return;
        long[] numbers = [.. runs.Select(run => run.Number)];
        var both = from epoch in db.Epochs.AsNoTracking()
                   join training in db.Trainings on epoch.RunNumber equals training.RunNumber
                   where numbers.Contains(training.RunNumber) && (epoch.Number == training.BestEpoch || epoch.Number == training.EpochsDone)
                   select epoch;
        foreach (var (run, rows) in runs.GroupJoin(await both.ToListAsync(cancellation), run => run.Number, epoch => epoch.RunNumber,
            (run, rows) => (run, rows)))
            run.Training?.EpochResults.AddRange(rows);
    }
}
