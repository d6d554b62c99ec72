using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>What is known of a figure from a few runs that differ in their seed alone.</summary>
/// <param name="Count">Runs with a finite value.</param>
/// <param name="Mean">NaN where there is none.</param>
/// <param name="StandardDeviation">Of one run, with n - 1; NaN below two runs.</param>
public sealed record SampleStatistics(int Count, double Mean, double StandardDeviation)
{
    /// <summary>How sure the intervals of comparisons are.</summary>
    public const double Confidence = 0.95;

    /// <summary>Half the width of the mean's 95 % interval, Student's t; null below two runs, from which no spread can be told.</summary>
    public double? Margin => MarginFactor(Count) * StandardDeviation;

    internal double StandardError => StandardDeviation / Math.Sqrt(Count);

    /// <summary>How many standard deviations of one run the <see cref="Margin"/> of so many runs is; null below two.</summary>
    public static double? MarginFactor(int count) => count < 2 ? null : StudentT.InvCDF(0, 1, count - 1, (1 + Confidence) / 2) / Math.Sqrt(count);

    /// <summary>Values that are no numbers are left out.</summary>
    public static SampleStatistics Of(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        var (mean, deviation) = finite.MeanStandardDeviation();
        return new SampleStatistics(finite.Length, mean, deviation);
    }
}
