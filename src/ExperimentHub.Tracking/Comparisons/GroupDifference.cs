using ExperimentHub.Tracking.Metrics;
using MathNet.Numerics.Distributions;

namespace ExperimentHub.Tracking.Comparisons;

/// <summary>What can be said of two groups of runs.</summary>
public enum GroupVerdict
{
    /// <summary>A group has fewer than two runs: how far seeds scatter is not known.</summary>
    TooFewRuns,

    /// <summary>The interval of the difference includes zero.</summary>
    WithinNoise,

    FirstIsBetter,
    SecondIsBetter,

    /// <summary>The interval does not include zero, and nobody says which values are better.</summary>
    Different,
}

/// <summary>
/// The difference of the means of two groups whose spreads may differ (Welch 1947). The probability takes the same t distribution for what is not
/// known of the difference: the usual answer without prior knowledge.
/// </summary>
/// <param name="Difference">Mean of the first minus mean of the second.</param>
/// <param name="Margin">Half the width of the difference's 95 % interval; null with <see cref="GroupVerdict.TooFewRuns"/>.</param>
/// <param name="FirstBetter">Probability that the first group's expected value is the better one; null with <see cref="GroupVerdict.TooFewRuns"/>,
/// and where neither values are better.</param>
public sealed record GroupDifference(double Difference, double? Margin, double? FirstBetter, GroupVerdict Verdict)
{
    public static GroupDifference Of(SampleStatistics first, SampleStatistics second, MetricDirection direction)
    {
        var difference = first.Mean - second.Mean;
        if (first.Count < 2 || second.Count < 2)
            return new GroupDifference(difference, null, null, GroupVerdict.TooFewRuns);
        var (a, b) = (Square(first.StandardError), Square(second.StandardError));
        var error = Math.Sqrt(a + b);
        if (error == 0)
            return new GroupDifference(difference, 0, Better(difference == 0 ? 0.5 : difference > 0 ? 1 : 0, direction),
                VerdictOf(difference, 0, direction));

        // Welch and Satterthwaite's degrees of freedom.
        var freedom = Square(a + b) / (Square(a) / (first.Count - 1) + Square(b) / (second.Count - 1));
        var margin = error * StudentT.InvCDF(0, 1, freedom, (1 + SampleStatistics.Confidence) / 2);
        var above = StudentT.CDF(0, 1, freedom, difference / error);
        return new GroupDifference(difference, margin, Better(above, direction), VerdictOf(difference, margin, direction));
    }

    private static GroupVerdict VerdictOf(double difference, double margin, MetricDirection direction) =>
        Math.Abs(difference) <= margin ? GroupVerdict.WithinNoise
        : direction == MetricDirection.None ? GroupVerdict.Different
        : difference > 0 == (direction == MetricDirection.HigherIsBetter) ? GroupVerdict.FirstIsBetter
        : GroupVerdict.SecondIsBetter;

    /// <param name="above">Probability that the first group's expected value is the greater one.</param>
    private static double? Better(double above, MetricDirection direction) => direction switch
    {
        MetricDirection.HigherIsBetter => above,
        MetricDirection.LowerIsBetter => 1 - above,
        _ => null,
    };

    private static double Square(double value) => value * value;
}
