using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Web.Experiments;

/// <summary>Metrics as a person reads them.</summary>
internal static class MetricWords
{
    public static string Of(string metric) => metric.Replace('_', ' ');

    /// <summary>Accuracies are fractions; everything else is written with four digits.</summary>
    public static bool IsFraction(string metric) => MetricNames.UnitOf(metric) == MetricUnit.Fraction;

    /// <summary>Why an experiment has no best run by a metric.</summary>
    public static string WhyNone(string metric, DirectionsSaid said) => said.Contradict
        ? $"Some of these runs say that {Of(metric)} should be high and others that it should be low, so none is best by it."
        : $"Shown once a run has {Of(metric)}.";

    public static string Value(string metric, double value) => IsFraction(metric) ? Figures.Accuracy(value) : Figures.Loss(value);
}
