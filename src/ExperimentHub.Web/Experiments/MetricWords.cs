using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Web.Experiments;

/// <summary>Metrics as a person reads them.</summary>
internal static class MetricWords
{
    public static string Of(string metric) => metric.Replace('_', ' ');

    /// <summary>Accuracies are fractions; everything else is written with four digits.</summary>
    public static bool IsFraction(string metric) => MetricNames.UnitOf(metric) == MetricUnit.Fraction;

    public static string Value(string metric, double value) => IsFraction(metric) ? Figures.Accuracy(value) : Figures.Loss(value);
}
