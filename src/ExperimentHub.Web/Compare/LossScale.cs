using System.Globalization;

namespace ExperimentHub.Web.Compare;

/// <summary>
/// How far up an axis of losses reaches, so that single values far from the others do not set it: the first epoch of a run that began badly, or a run
/// that exploded. compare/scale.js does the same on the page; tests/loss-scale.json holds both to the same figures.
/// </summary>
internal static class LossScale
{
    /// <summary>Of the points of a curve so many lie below what is usual for it.</summary>
    private const double UsualPart = 0.9;

    /// <summary>So many times what is usual is far.</summary>
    private const double Far = 4;

    /// <summary>What guessing costs among a hundred and fifty classes: below it lies where training begins, and that is never far.</summary>
    private const double Guess = 5;

    /// <summary>From so many on the quartiles say something.</summary>
    private const int Many = 4;

    /// <summary>What would win less room stays as it is.</summary>
    private const double Worth = 1.25;

    /// <summary>Where the axis ends; null where it shows all that there is.</summary>
    /// <param name="curves">The values of each of them; those that are not finite are left out.</param>
    public static double? TopOf(IEnumerable<IEnumerable<double>> curves)
    {
        List<List<double>> known = [.. curves.Select(values => values.Where(double.IsFinite).Order().ToList()).Where(values => values.Count > 0)];
        if (known.Count == 0)
            return null;
        var begins = GreatestUsual([.. known.Select(values => values[^1])]);
        var usual = GreatestUsual([.. known.Select(values => values[(int)(UsualPart * (values.Count - 1))])]);
        // Below zero there is no size to compare with.
        return (begins <= Math.Max(Guess, Far * usual) ? begins : Far * usual) is > 0 and var top
            && known.Max(values => values[^1]) > Worth * Rounded(top) ? Rounded(top) : null;
    }

    /// <summary>The greatest that is not far from the others; not a number where all are below zero.</summary>
    private static double GreatestUsual(List<double> values)
    {
        values.Sort();
        var limit = Math.Max(Far * values[(values.Count - 1) / 2], values.Count < Many ? 0 : RobustScale.Of(values).High);
        var place = values.FindLastIndex(value => value <= limit);
        return place < 0 ? double.NaN : values[place];
    }

    private static double Rounded(double value)
    {
        var step = Math.Pow(10, Math.Floor(Math.Log10(value))) / 5;
        var top = Math.Ceiling(value / step - 1e-9) * step;
        return double.Parse(top.ToString("G12", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }
}
