using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>
/// The one number that stands for a metric of a run where runs are counted together: its best value where it was measured once an epoch, and the mean over the last
/// epoch where it was measured at every step, since the best of many noisy steps is luck.
/// </summary>
public static class FinalFigure
{
    /// <param name="epochs">How many the run has finished.</param>
    /// <returns>Null where there is no finite value.</returns>
    public static double? Of(MetricSeries series, int epochs)
    {
        var figure = IsNoisy(series, epochs) ? series.EpochMean ?? series.Last : series.Best ?? series.Last;
        return figure is { } value && double.IsFinite(value) ? value : null;
    }

    private static bool IsNoisy(MetricSeries series, int epochs) => series.Count > Math.Max(1, epochs);
}
