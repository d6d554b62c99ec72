using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>
/// The one number that stands for a metric of a run where runs are counted together: its value at the epoch that is asked for where it was measured
/// once an epoch, and the mean over the last epoch where it was measured at every step, since one of many noisy steps is luck.
/// </summary>
public static class FinalFigure
{
    /// <returns>Null where there is no finite value.</returns>
    public static double? Of(MetricSeries series, Run run, FigureEpoch at)
    {
        // The training loss of an epoch is kept with the epoch.
        var figure = series.Name == MetricNames.TrainLoss && RunFigures.Of(run, at) is { } epoch ? epoch.TrainLoss
            : IsNoisy(series, run.Training?.EpochsDone ?? 0) ? series.EpochMean ?? series.Last
            // What has no epochs has no best one.
            : at == FigureEpoch.Last || run.Training?.BestEpoch is null ? series.Last : series.AtBest;
        return figure is { } value && double.IsFinite(value) ? value : null;
    }

    /// <summary>Measured at every step.</summary>
    /// <param name="epochs">How many the run has finished.</param>
    public static bool IsNoisy(MetricSeries series, int epochs) => series.Count > Math.Max(1, epochs);
}
