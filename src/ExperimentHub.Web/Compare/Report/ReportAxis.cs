using System.Globalization;

namespace ExperimentHub.Web.Compare.Report;

/// <summary>An axis of a drawing: which pixel a value lies at, and the marks beside it. Words have the places 0, 1, 2 and so on.</summary>
public sealed class ReportAxis
{
    private const int Marks = 5;
    private const double LeastOnLog = 1e-200;

    private readonly (double Low, double High) _range;
    private readonly (double First, double Last) _pixels;
    private readonly IReadOnlyList<string>? _words;
    private readonly bool _log;
    private readonly bool _fraction;

    private ReportAxis((double Low, double High) range, (double First, double Last) pixels, IReadOnlyList<string>? words, bool log, bool fraction) =>
        (_range, _pixels, _words, _log, _fraction) = (range, pixels, words, log, fraction);

    /// <summary>An axis that reaches from the least to the greatest of some values, and between two pixels.</summary>
    /// <param name="values">Those that cannot be drawn are left out.</param>
    /// <param name="fraction">The marks are per cent.</param>
    public static ReportAxis OfNumbers(IEnumerable<double> values, double first, double last, bool log = false, bool fraction = false)
    {
        List<double> drawn = [.. values.Where(value => double.IsFinite(value) && (!log || IsOnLog(value)))
            .Select(value => log ? Math.Log10(value) : value)];
        return new ReportAxis(drawn.Count == 0 ? (0, 0) : (drawn.Min(), drawn.Max()), (first, last), null, log, fraction);
    }

    /// <summary>Whether a logarithmic axis has a place for a value; charts.js says the same. Below it numbers lose their digits.</summary>
    public static bool IsOnLog(double value) => value >= LeastOnLog;

    /// <summary>The axis of what runs differ in.</summary>
    public static ReportAxis Of(CompareVariable variable, double first, double last) => variable.Numbers is { } numbers
        ? OfNumbers(numbers.OfType<double>(), first, last, variable.IsLogarithmic, variable.IsFraction)
        : new ReportAxis((0, variable.Words.Count - 1), (first, last), variable.Words, false, false);

    /// <summary>Where the marks are, and what stands there.</summary>
    public IEnumerable<(double At, string Text)> Ticks
    {
        get
        {
            if (_words is not null)
                return _words.Select((word, i) => (Pixel(i), word));
            IReadOnlyList<double> places = _log ? Decades() : [.. Round()];
            return places.Select(Pixel).Zip(TickLabels.Of([.. places.Select(value => _log ? Math.Pow(10, value) : value)], _fraction, _log));
        }
    }

    /// <summary>The pixel of a value; null where it cannot be drawn.</summary>
    public double? At(double? value) =>
        value is not { } number || !double.IsFinite(number) || (_log && !IsOnLog(number)) ? null : Pixel(_log ? Math.Log10(number) : number);

    /// <summary>The pixel of what a run has of the axis's own variable.</summary>
    /// <param name="run">The run's place among the compared ones.</param>
    public double? At(CompareVariable variable, int run) =>
        At(_words is null ? variable.Numbers?[run] : variable.Texts[run] is { } word ? _words.ToList().IndexOf(word) : null);

    /// <summary>A pixel as SVG writes it.</summary>
    public static string Text(double pixel) => pixel.ToString("0.#", CultureInfo.InvariantCulture);

    private double Pixel(double scaled) =>
        _pixels.First + (_pixels.Last - _pixels.First) * (_range.High == _range.Low ? 0.5 : (scaled - _range.Low) / (_range.High - _range.Low));

    /// <summary>About five round numbers.</summary>
    private IEnumerable<double> Round()
    {
        if (_range.High == _range.Low)
            return [_range.Low];
        var rough = (_range.High - _range.Low) / Marks;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        var first = Math.Ceiling(_range.Low / step - 1e-9);
        return Enumerable.Range(0, (int)(Math.Floor(_range.High / step + 1e-9) - first) + 1).Select(i => (first + i) * step);
    }

    /// <summary>The powers of ten; the ends where there is at most one.</summary>
    private IReadOnlyList<double> Decades()
    {
        var (first, last) = ((int)Math.Ceiling(_range.Low - 1e-9), (int)Math.Floor(_range.High + 1e-9));
        return last > first ? [.. Enumerable.Range(first, last - first + 1).Select(power => (double)power)] : [_range.Low, _range.High];
    }
}
