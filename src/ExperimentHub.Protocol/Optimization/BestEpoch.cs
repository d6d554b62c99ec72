namespace ExperimentHub.Protocol.Optimization;

/// <summary>
/// Which epoch of a run is best: the first that no other is better than, by one of <see cref="BestMetrics"/>. The trainer decides by it while it
/// trains, and the hub wherever it looks back, so that both say the same of the same figures. A value that is no number is worse than every other.
/// </summary>
public static class BestEpoch
{
    /// <summary>What an epoch has of a metric; null where it does not have it.</summary>
    /// <param name="metric">One of <see cref="BestMetrics"/>.</param>
    public static double? ValueOf(string metric, double trainLoss, double testLoss, double testAccuracy, double? validationLoss,
        double? validationAccuracy) => metric switch
        {
            BestMetrics.TestLoss => testLoss,
            BestMetrics.ValidationAccuracy => validationAccuracy,
            BestMetrics.ValidationLoss => validationLoss,
            BestMetrics.TrainLoss => trainLoss,
            _ => testAccuracy,
        };

    public static bool HigherIsBetter(string metric) => metric is BestMetrics.TestAccuracy or BestMetrics.ValidationAccuracy;

    /// <summary>By more than <paramref name="by"/>, in the metric's own unit.</summary>
    public static bool IsBetter(string metric, double value, double than, double by = 0) =>
        double.IsNaN(than) ? !double.IsNaN(value) : HigherIsBetter(metric) ? value > than + by : value < than - by;

    /// <summary>The place of the best value, the first on a tie; null where there is none.</summary>
    public static int? Of(string metric, IReadOnlyList<double> values)
    {
        int? best = null;
        for (var i = 0; i < values.Count; i++)
        {
            if (best is not { } known || IsBetter(metric, values[i], values[known]))
                best = i;
        }

        return best;
    }
}
