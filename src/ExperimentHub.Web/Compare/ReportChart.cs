using System.Globalization;
using System.Text;

namespace ExperimentHub.Web.Compare;

/// <summary>A curve in a report.</summary>
/// <param name="Points">In the order of their places; a value that is not finite makes a gap.</param>
public sealed record ReportCurve(string Name, RunTint Tint, IReadOnlyList<(double X, double Y)> Points);

/// <summary>Curves of one metric as numbers of an SVG picture, which needs no script to be seen.</summary>
public sealed class ReportChart
{
    public const int Width = 900;
    public const int Height = 300;
    public const int Left = 64;
    public const int Bottom = 268;

    private const int Right = 888;
    private const int Top = 10;
    private const int Marks = 5;

    private readonly (double Low, double High) _x;
    private readonly (double Low, double High) _y;
    private readonly bool _log;
    private readonly bool _fraction;

    public ReportChart(string metric, IReadOnlyList<ReportCurve> curves, bool log)
    {
        (Metric, _log, _fraction) = (metric, log, metric.Contains("accuracy", StringComparison.Ordinal));
        Curves = [.. curves.Where(curve => curve.Points.Any(IsDrawn))];
        var points = Curves.SelectMany(curve => curve.Points).Where(IsDrawn).ToList();
        if (points.Count == 0)
            return;
        _x = (Math.Min(0, points.Min(point => point.X)), points.Max(point => point.X));
        _y = (points.Min(point => Scaled(point.Y)), points.Max(point => Scaled(point.Y)));
    }

    public string Metric { get; }

    /// <summary>Those that have something to draw.</summary>
    public IReadOnlyList<ReportCurve> Curves { get; }

    /// <summary>Marks of the axis upwards: where, and what stands there.</summary>
    public IEnumerable<(string At, string Text)> Rows => (_log ? Decades(_y) : Round(_y)).Select(value => (Text(Y(value)), Words(value)));

    public IEnumerable<(string At, string Text)> Columns => Round(_x).Select(value => (Text(X(value)), Figures.Compact(value)));

    /// <summary>The path of a curve in SVG's words.</summary>
    public string Path(ReportCurve curve)
    {
        var path = new StringBuilder();
        var pen = 'M';
        foreach (var point in curve.Points)
        {
            if (!IsDrawn(point))
            {
                pen = 'M';
                continue;
            }

            path.Append(CultureInfo.InvariantCulture, $"{pen}{Text(X(point.X))} {Text(Y(Scaled(point.Y)))}");
            pen = 'L';
        }

        return path.ToString();
    }

    /// <summary>About five round numbers within a range.</summary>
    private static IEnumerable<double> Round((double Low, double High) range)
    {
        if (range.High == range.Low)
            return [range.Low];
        var rough = (range.High - range.Low) / Marks;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        var step = power * (rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        var first = Math.Ceiling(range.Low / step - 1e-9);
        return Enumerable.Range(0, (int)(Math.Floor(range.High / step + 1e-9) - first) + 1).Select(i => (first + i) * step);
    }

    /// <summary>The powers of ten within a range of logarithms; its ends where there is at most one.</summary>
    private static IReadOnlyList<double> Decades((double Low, double High) range)
    {
        var (first, last) = ((int)Math.Ceiling(range.Low - 1e-9), (int)Math.Floor(range.High + 1e-9));
        return last > first ? [.. Enumerable.Range(first, last - first + 1)] : [range.Low, range.High];
    }

    private bool IsDrawn((double X, double Y) point) => double.IsFinite(point.X) && double.IsFinite(point.Y) && (!_log || point.Y > 0);

    private double Scaled(double value) => _log ? Math.Log10(value) : value;

    private string Words(double scaled) => (_log ? Math.Pow(10, scaled) : scaled) is var value && _fraction ? Figures.Accuracy(value) : Figures.Compact(value);

    private double X(double value) => Left + (Right - Left) * (_x.High == _x.Low ? 0.5 : (value - _x.Low) / (_x.High - _x.Low));

    private double Y(double scaled) => Bottom - (Bottom - Top) * (_y.High == _y.Low ? 0.5 : (scaled - _y.Low) / (_y.High - _y.Low));

    private static string Text(double pixel) => pixel.ToString("0.#", CultureInfo.InvariantCulture);
}
