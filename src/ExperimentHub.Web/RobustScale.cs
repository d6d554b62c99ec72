namespace ExperimentHub.Web;

/// <summary>A scale that single values far from the others do not set.</summary>
internal static class RobustScale
{
    /// <summary>So many times the distance between the quartiles a value may lie from the median.</summary>
    private const double Reach = 2;

    /// <summary>
    /// Where quartiles are the same, everything else would be far away: a hundredth of a per cent is seen of values between 0 and 1.
    /// </summary>
    private const double LeastSpread = 1e-4;

    /// <summary>From the least to the greatest value, but no further from the median than twice the distance of the quartiles.</summary>
    /// <returns>0 to 1 where there are no values.</returns>
    public static (double Low, double High) Of(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
            return (0, 1);
        List<double> sorted = [.. values.Order()];
        var quarter = sorted.Count / 4;
        var median = sorted[sorted.Count / 2];
        var spread = Math.Max(sorted[^(quarter + 1)] - sorted[quarter], LeastSpread);
        return (Math.Max(sorted[0], median - (Reach * spread)), Math.Min(sorted[^1], median + (Reach * spread)));
    }
}
