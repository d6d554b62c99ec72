using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Compare.Report;

/// <summary>Reads the curves of a report: those that the page shows, over its axis, smoothed and grouped as there.</summary>
internal sealed class ReportCurves(RunHistory history, MetricReader reader, LiveSeries series, DatasetLibrary datasets)
{
    /// <summary>For each curve.</summary>
    public const int Buckets = 200;

    // A stretch is cut out of the whole curve, so the whole has to be finer.
    private const int BucketsOfZoomed = 1_000;
    private const int Times = 200;
    private const double BytesPerMebibyte = 1 << 20;

    /// <summary>Whether so many curves fit into a report.</summary>
    public static bool Fits(int runs, int metrics) => (long)runs * metrics * Buckets <= Limits.ReportEntries;

    /// <param name="kept">For each run, whether it is kept in view; null for all.</param>
    public async Task<IReadOnlyList<ReportChart>> ReadAsync(ComparedRuns compared, RunTints tints, CompareAddress address, IReadOnlyList<bool>? kept,
        CancellationToken cancellation)
    {
        var runs = compared.Runs;
        var paces = (await history.PacesAsync([.. runs.Select(run => run.Id)], cancellation)).ToDictionary(pace => pace.Id);
        long[] numbers = [.. runs.Select(run => run.Number)];
        var drawn =
            (await series.DrawAsync(numbers, [.. address.Metrics], null, null,
                address.Zoom is null ? Buckets : Math.Clamp(Limits.ReportEntries / (numbers.Length * Math.Max(1, address.Metrics.Count)), Buckets,
                    BucketsOfZoomed), cancellation))
            .ToDictionary(drawing => (drawing.Run, drawing.Metric));
        var times = address.Axis == CompareAxis.Time ? await reader.TimesAsync(numbers, MetricNames.TrainLoss, Times, cancellation) : null;
        return
        [
            .. address.Metrics.Select(metric =>
            {
                List<IReadOnlyList<CurvePoint>> points = [.. runs.Select(run => Points(run, metric))];
                return new ReportChart(metric, address.Seeds ? Means(points) : Single(points), address.Log.Contains(metric), address.Zoom,
                    address.Whole.Contains(metric), address.Seeds ? "group" : "run");
            }),
        ];

        IReadOnlyList<CurvePoint> Points(Run run, string metric)
        {
            if (!drawn.TryGetValue((run.Number, metric), out var drawing) || !paces.TryGetValue(run.Id, out var pace))
                return [];
            var placeOf = CurvePlaces.Of(address.Axis, pace, Comparison.SamplesPerEpoch(run, datasets.Find),
                times?.GetValueOrDefault(run.Number) ?? []);
            var unit = ReportChart.IsMemory(metric) ? BytesPerMebibyte : 1;
            List<CurvePoint> points =
            [
                .. drawing.Steps.Select((step, i) => (Place: placeOf(step), Step: step, Index: i)).Where(point => point.Place is not null)
                    .Select(point => new CurvePoint(point.Step, point.Place!.Value, drawing.Values[point.Index] / unit,
                        drawing.Min[point.Index] / unit, drawing.Max[point.Index] / unit)),
            ];
            return ReportChart.IsNoisy(metric) ? CurvePoint.Smoothed(points, address.Smoothing) : points;
        }

        IEnumerable<ReportCurve> Single(List<IReadOnlyList<CurvePoint>> points) =>
            runs.Select((run, i) => new ReportCurve(run.Name, tints.Tints[i], [.. points[i].Select(point => (point.X, point.Y))],
                address.Bands && points[i].Any(point => point.Low < point.High)
                    ? [.. points[i].Select(point => (point.X, point.Low, point.High))] : [], kept?[i] == false));

        // The mean of each group of seeds, as far as all of its runs have come, with its interval.
        IEnumerable<ReportCurve> Means(List<IReadOnlyList<CurvePoint>> points)
        {
            foreach (var group in compared.Groups)
            {
                List<int> members = [.. group.Seeds.Counted.Runs.Select(run => runs.ToList().IndexOf(run))];
                List<List<CurvePoint>> own = [.. members.Select(i => points[i].Where(point => double.IsFinite(point.Y)).ToList())
                    .Where(curve => curve.Count > 0)];
                if (own.Count == 0)
                    continue;
                var mean = CurvePoint.Mean(own);
                yield return new ReportCurve($"{group.Name} ({own.Count})", tints.Tints[members[0]], [.. mean.Select(point => (point.X, point.Y))],
                    own.Count > 1 ? [.. mean.Select(point => (point.X, point.Low, point.High))] : [], kept is not null
                        && !members.Exists(i => kept[i]));
            }
        }
    }
}

/// <summary>A point of a curve, or a bucket of points; compare/curves.js and charts.js do the same with them in the browser.</summary>
/// <param name="X">How much the run had spent by then.</param>
/// <param name="Low">The bucket's least value, or the lower end of a mean's interval.</param>
internal readonly record struct CurvePoint(long Step, double X, double Y, double Low, double High)
{
    private const int SmoothedFrom = 50;

    /// <summary>As many points as a curve can show beside each other.</summary>
    private const int MostApart = 600;

    /// <summary>
    /// Weighted towards the newest points, corrected for the start, where there is nothing to average with. The weight is that of a point as far back
    /// as points are apart on a screen. A short curve stays as it is.
    /// </summary>
    public static IReadOnlyList<CurvePoint> Smoothed(IReadOnlyList<CurvePoint> points, double weight)
    {
        if (points.Count <= SmoothedFrom || weight == 0)
            return points;
        var apart = (points[^1].X - points[0].X) / Math.Min(points.Count, MostApart) is > 0 and var known ? known : 1;
        var (sum, norm, last) = (0.0, 0.0, points[0].X - apart);
        return
        [
            .. points.Select(point =>
            {
                if (!double.IsFinite(point.Y))
                    return point;
                var kept = Math.Pow(weight, (point.X - last) / apart);
                (sum, norm, last) = (sum * kept + point.Y * (1 - kept), norm * kept + (1 - kept), point.X);
                return point with { Y = sum / norm };
            }),
        ];
    }

    /// <summary>The mean of curves step by step, at the mean of where they were by then, with its 95 % interval.</summary>
    /// <param name="curves">None is empty, and all values are finite.</param>
    public static IReadOnlyList<CurvePoint> Mean(IReadOnlyList<IReadOnlyList<CurvePoint>> curves)
    {
        var end = curves.Min(curve => curve[^1].Step);
        return
        [
            .. curves[0].Where(point => point.Step <= end).Select(point =>
            {
                List<CurvePoint> here = [.. curves.Select(curve => At(curve, point.Step))];
                var statistics = SampleStatistics.Of(here.Select(one => one.Y));
                var margin = statistics.Margin ?? 0;
                // What is never negative has no interval that is: a loss, an accuracy, a speed.
                var least = here.TrueForAll(one => one.Y >= 0) ? 0 : double.NegativeInfinity;
                return new CurvePoint(point.Step, here.Average(one => one.X), statistics.Mean, Math.Max(least, statistics.Mean - margin),
                    statistics.Mean + margin);
            }),
        ];
    }

    /// <summary>A curve at a step; between two points as good as straight.</summary>
    private static CurvePoint At(IReadOnlyList<CurvePoint> curve, long step)
    {
        var (after, end) = (0, curve.Count);
        while (after < end)
        {
            var middle = (after + end) / 2;
            (after, end) = curve[middle].Step < step ? (middle + 1, end) : (after, middle);
        }

        if (after == 0 || after == curve.Count || curve[after].Step == step)
            return curve[Math.Min(after, curve.Count - 1)];
        var (low, high) = (curve[after - 1], curve[after]);
        var part = (double)(step - low.Step) / (high.Step - low.Step);
        return low with { X = low.X + part * (high.X - low.X), Y = low.Y + part * (high.Y - low.Y) };
    }
}
