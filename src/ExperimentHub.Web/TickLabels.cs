using System.Globalization;

namespace ExperimentHub.Web;

/// <summary>
/// What stands at the marks of an axis: as many digits as the steps between them need, and no more. tick-labels.js does the same in the browser;
/// tests/tick-labels.json holds both to the same words.
/// </summary>
public static class TickLabels
{
    /// <summary>What a rounded mark may be away from its place, as a part of the step to its neighbour.</summary>
    private const double Tolerated = 0.02;

    private const int MostDecimals = 20;
    private const int MostDigits = 15;

    /// <param name="ticks">The values at the marks of one axis.</param>
    /// <param name="fraction">They are shown as per cent.</param>
    /// <param name="log">The axis is logarithmic.</param>
    /// <returns>A text for each; an empty one where a mark stands on one before it.</returns>
    public static IReadOnlyList<string> Of(IReadOnlyList<double> ticks, bool fraction = false, bool log = false)
    {
        if (ticks.Count == 0)
            return [];
        var alone = StandAlone(ticks, log);
        List<double> marks = [.. ticks.Where((_, i) => alone[i])];
        var texts = new Queue<string>(fraction ? Fixed(marks, LeastStep(marks), 0.01, " %") : log ? Logarithmic(marks) : Linear(marks));
        return [.. alone.Select(has => has ? texts.Dequeue() : "")];
    }

    /// <summary>
    /// Whether each mark has a place of its own: one that only rounding tells apart from one before it is no step, and would write the same twice.
    /// </summary>
    private static List<bool> StandAlone(IReadOnlyList<double> ticks, bool log)
    {
        List<double> places = [.. ticks.Select(tick => log ? Math.Log10(tick) : tick)];
        var rounding = (places.Max() - places.Min()) * 1e-6;
        return [.. places.Select((place, i) => !places.Take(i).Any(other => Math.Abs(other - place) <= rounding))];
    }

    /// <summary>The shortest of the ways to write them that make sense for their size.</summary>
    private static IReadOnlyList<string> Linear(IReadOnlyList<double> ticks)
    {
        var step = LeastStep(ticks);
        // What rounding left of a zero.
        List<double> exact = [.. ticks.Select(value => double.IsFinite(step) && Math.Abs(value) < step * 1e-6 ? 0 : value)];
        var greatest = exact.Max(Math.Abs);
        List<IReadOnlyList<string>> ways = greatest < 1e15 ? [Fixed(exact, step, 1, "")] : [];
        if (greatest is >= 1e4 and < 1e7)
            ways.Add([.. Fixed(exact, step, 1000, " k").Zip(exact, (text, value) => value == 0 ? "0" : text)]);
        if (greatest is >= 1e7 or (> 0 and < 1e-4))
            ways.Add([.. exact.Select(value => value == 0 ? "0" : Exponential(value, Digits([value], _ => Near(value, step, 1))))]);
        return ways.MinBy(way => way.Max(text => text.Length))!;
    }

    /// <summary>All with the same number of decimals.</summary>
    private static IReadOnlyList<string> Fixed(IReadOnlyList<double> ticks, double step, double unit, string word)
    {
        List<double> scaled = [.. ticks.Select(value => value / unit)];
        var near = Near(scaled[0], step, unit);
        var decimals = 0;
        while (decimals < MostDecimals && scaled.Exists(value =>
            Math.Abs(Read(value.ToString($"F{decimals}", CultureInfo.InvariantCulture)) - value) > near))
            decimals++;
        return [.. scaled.Select(value => value.ToString($"N{decimals}", CultureInfo.InvariantCulture) + word)];
    }

    /// <summary>Each of its own size: all with as many digits as tell neighbours apart.</summary>
    private static IReadOnlyList<string> Logarithmic(IReadOnlyList<double> ticks)
    {
        var digits = Digits(ticks, value => ticks.Where(other => other != value).Select(other => Math.Abs(other - value)).Append(Math.Abs(value))
            .Min() * Tolerated);
        return
        [
            .. ticks.Select(value => Math.Abs(value) is >= 1e7 or < 1e-4
                ? Exponential(value, digits)
                : Rounded(value, digits).ToString("#,0.##################", CultureInfo.InvariantCulture)),
        ];
    }

    private static double LeastStep(IReadOnlyList<double> ticks)
    {
        List<double> sorted = [.. ticks.Order()];
        return sorted.Skip(1).Zip(sorted, (value, before) => value - before).Append(double.PositiveInfinity).Min();
    }

    /// <summary>How far a text may be from its value. Of a single value there is no step: it gets five digits at most.</summary>
    private static double Near(double value, double step, double unit) => double.IsFinite(step) ? step / unit * Tolerated : Math.Abs(value) * 5e-5;

    private static int Digits(IReadOnlyList<double> values, Func<double, double> near)
    {
        var digits = 1;
        while (digits < MostDigits && values.Any(value => Math.Abs(Rounded(value, digits) - value) > near(value)))
            digits++;
        return digits;
    }

    private static double Rounded(double value, int digits) => Read(value.ToString($"E{digits - 1}", CultureInfo.InvariantCulture));

    private static string Exponential(double value, int digits) => value.ToString($"0.{new string('#', digits - 1)}e0", CultureInfo.InvariantCulture);

    private static double Read(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
