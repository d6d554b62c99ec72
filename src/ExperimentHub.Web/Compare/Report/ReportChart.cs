using System.Text;
using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Web.Compare.Report;

/// <summary>A curve in a report.</summary>
/// <param name="Points">In the order of their places; a value that is not finite makes a gap.</param>
/// <param name="Band">The area behind it; empty where it has none.</param>
/// <param name="Dimmed">It is of runs that are not kept in view.</param>
public sealed record ReportCurve(string Name, RunTint Tint, IReadOnlyList<(double X, double Y)> Points,
    IReadOnlyList<(double X, double Low, double High)> Band, bool Dimmed = false);

/// <summary>Curves of one metric as numbers of an SVG picture, which needs no script to be seen.</summary>
public sealed class ReportChart
{
    public const int Width = 900;
    public const int Height = 300;
    public const int Left = 64;
    public const int Right = 888;
    public const int Top = 10;
    public const int Bottom = 268;

    private const int MostDots = 50;
    private const int MostNamed = 3;

    private readonly ReportAxis _x;
    private readonly ReportAxis _y;

    /// <param name="zoom">The stretch of the axis that is drawn; null for all of it.</param>
    /// <param name="whole">The axis of a loss reaches as far as the furthest value (<see cref="LossScale"/>).</param>
    /// <param name="curveWord">What a curve is of.</param>
    public ReportChart(string metric, IEnumerable<ReportCurve> curves, bool log, (double From, double To)? zoom = null, bool whole = false,
        string curveWord = "run")
    {
        Title = CompareVariable.WordsOf(IsMemory(metric) ? metric.Replace("bytes", "MiB", StringComparison.Ordinal) : metric);
        List<ReportCurve> all = [.. curves];
        Curves = [.. all.Where(curve => curve.Points.Any(point => IsSeen(point) && (!log || ReportAxis.IsOnLog(point.Y))))];
        LeftOut = log
            ? LeftOutWords(
                [.. all.SelectMany(curve => curve.Points.Where(IsSeen).Select(point => point.Y).Where(value => !ReportAxis.IsOnLog(value)))]) : null;
        var values = Curves.SelectMany(curve => curve.Points.Where(IsSeen).Select(point => point.Y)
            .Concat(curve.Band.Where(point => IsSeen((point.X, point.Low))).SelectMany(point => new[] { point.Low, point.High })));
        _x = ReportAxis.OfNumbers(zoom is { } part ? [part.From, part.To] : Curves.SelectMany(curve => curve.Points.Where(IsSeen))
            .Select(point => point.X).Append(0), Left, Right);
        if (metric.Contains("loss", StringComparison.Ordinal) && !log && !whole
            && LossScale.TopOf(Curves.Select(curve => curve.Points.Where(IsSeen).Select(point => point.Y))) is { } top)
        {
            values = values.Where(value => value <= top).Append(top);
            Beyond = [.. Curves.Select(curve => (curve, curve.Points.Where(IsSeen).MaxBy(point => point.Y))).Where(one => one.Item2.Y > top)
                .Select(one => (one.curve, one.Item2.X))];
            BeyondWords =
                $"{Beyond.Count} {curveWord}{(Beyond.Count == 1 ? " leaves" : "s leave")} the picture above {Figures.Loss(top)}: {string.Join(", ", Beyond.Take(MostNamed).Select(one => one.Curve.Name))}"
                + $"{(Beyond.Count > MostNamed ? $" and {Figures.Count(Beyond.Count - MostNamed)} more" : "")}.";
        }

        _y = ReportAxis.OfNumbers(values, Bottom, Top, log, CompareVariable.IsFractionOf(metric));

        bool IsSeen((double X, double Y) point) =>
            double.IsFinite(point.X) && double.IsFinite(point.Y) && (zoom is not { } part || (point.X >= part.From && point.X <= part.To));
    }

    public string Title { get; }

    /// <summary>Those that have something to draw.</summary>
    public IReadOnlyList<ReportCurve> Curves { get; }

    /// <summary>Which values its logarithmic axis has no place for; null where it shows all.</summary>
    public string? LeftOut { get; }

    /// <summary>The curves that leave the picture, and where on the axis they are furthest beyond it.</summary>
    public IReadOnlyList<(ReportCurve Curve, double X)> Beyond { get; } = [];

    /// <summary>The same in words; null where none does. compare/curves.js has the same words for the page.</summary>
    public string? BeyondWords { get; }

    /// <summary>Marks at the upper edge for the curves that leave the picture.</summary>
    public IEnumerable<(ReportCurve Curve, double X)> Marks => Beyond.Select(one => (one.Curve, _x.At(one.X)!.Value));

    /// <summary>Marks of the axis upwards: where, and what stands there.</summary>
    public IEnumerable<(double At, string Text)> Rows => _y.Ticks;

    public IEnumerable<(double At, string Text)> Columns => _x.Ticks;

    /// <summary>Noisy enough for the page to smooth it; run/panels.js says the same.</summary>
    public static bool IsNoisy(string metric) => !CompareVariable.IsFractionOf(metric) && !IsMemory(metric) && metric != MetricNames.LearningRate;

    public static bool IsMemory(string metric) => metric is MetricNames.MemoryBytes or MetricNames.GpuMemoryBytes;

    /// <summary>The path of a curve in SVG's words.</summary>
    public string Path(ReportCurve curve) => Line(curve.Points.Select(point => (_x.At(point.X), _y.At(point.Y))));

    /// <summary>Where the points of a curve are; none of one with so many that they would hide it. A curve of one point is nothing else.</summary>
    public IEnumerable<(double X, double Y)> Dots(ReportCurve curve) => curve.Points.Count > MostDots ? []
        : curve.Points.Select(point => (X: _x.At(point.X), Y: _y.At(point.Y))).Where(dot => dot is { X: not null, Y: not null })
            .Select(dot => (dot.X!.Value, dot.Y!.Value));

    /// <summary>The path of the area behind a curve.</summary>
    public string Area(ReportCurve curve)
    {
        List<(double? X, double? Low, double? High)> drawn =
            [.. curve.Band.Select(point => (_x.At(point.X), _y.At(point.Low), _y.At(point.High)))
                .Where(point => point is { Item1: not null, Item2: not null, Item3: not null })];
        return drawn.Count < 2
            ? "" : $"{Line(drawn.Select(point => (point.X, point.Low)).Concat(drawn.AsEnumerable().Reverse().Select(point => (point.X, point.High))))}Z";
    }

    /// <summary>The same words as on the page; charts.js has them.</summary>
    private static string? LeftOutWords(IReadOnlyCollection<double> values)
    {
        string[] kinds =
        [
            .. new[] { ("zero", values.Any(value => value == 0)), ("negative", values.Any(value => value < 0)),
                ("less than 1e-200", values.Any(value => value > 0)) }.Where(kind => kind.Item2).Select(kind => kind.Item1),
        ];
        return kinds.Length == 0
            ? null : $"A logarithmic axis cannot show values that are {string.Join(" or ", kinds)}{(values.Min() is < 0 and var least ? $" (down to {Figures.Loss(least)})" : "")}.";
    }

    /// <summary>A path through points in SVG's words; one without a place makes a gap.</summary>
    public static string Line(IEnumerable<(double? X, double? Y)> points)
    {
        var path = new StringBuilder();
        var pen = 'M';
        foreach (var point in points)
        {
            if (point is not ({ } x, { } y))
            {
                pen = 'M';
                continue;
            }

            path.Append(pen).Append(ReportAxis.Text(x)).Append(' ').Append(ReportAxis.Text(y));
            pen = 'L';
        }

        return path.ToString();
    }
}
