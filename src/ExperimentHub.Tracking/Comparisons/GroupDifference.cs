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
}

/// <summary>
/// The difference of the means of two groups whose spreads may differ (Welch 1947). The probability takes the same t distribution for what is not known of
/// the difference: the usual answer without prior knowledge.
/// </summary>
/// <param name="Difference">Mean of the first minus mean of the second.</param>
/// <param name="Margin">Half the width of the difference's 95 % interval; null with <see cref="GroupVerdict.TooFewRuns"/>.</param>
/// <param name="FirstBetter">Probability that the first group's expected value is the better one; null with <see cref="GroupVerdict.TooFewRuns"/>.</param>
public sealed record GroupDifference(double Difference, double? Margin, double? FirstBetter, GroupVerdict Verdict)
{
    public static GroupDifference Of(SampleStatistics first, SampleStatistics second, bool higherIsBetter)
    {
        var difference = first.Mean - second.Mean;
        if (first.Count < 2 || second.Count < 2)
            return new GroupDifference(difference, null, null, GroupVerdict.TooFewRuns);
        var (a, b) = (Square(first.StandardError), Square(second.StandardError));
        var error = Math.Sqrt(a + b);
        if (error == 0)
            return new GroupDifference(difference, 0, difference == 0 ? 0.5 : difference > 0 == higherIsBetter ? 1 : 0, VerdictOf(difference, 0, higherIsBetter));

        // Welch and Satterthwaite's degrees of freedom.
        var freedom = Square(a + b) / (Square(a) / (first.Count - 1) + Square(b) / (second.Count - 1));
        var margin = error * StudentT.InvCDF(0, 1, freedom, (1 + SampleStatistics.Confidence) / 2);
        var above = StudentT.CDF(0, 1, freedom, difference / error);
        return new GroupDifference(difference, margin, higherIsBetter ? above : 1 - above, VerdictOf(difference, margin, higherIsBetter));
    }

    private static GroupVerdict VerdictOf(double difference, double margin, bool higherIsBetter) =>
        Math.Abs(difference) <= margin ? GroupVerdict.WithinNoise
        : difference > 0 == higherIsBetter ? GroupVerdict.FirstIsBetter
        : GroupVerdict.SecondIsBetter;

    private static double Square(double value) => value * value;
}
