using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Compare;

/// <summary>Reads the curves of a report: those that the page shows, over its axis, smoothed as there.</summary>
internal sealed class ReportCurves(RunHistory history, MetricReader reader, LiveSeries series, DatasetLibrary datasets)
{
    private const int Buckets = 200;
    private const int Times = 200;
    private const int SmoothedFrom = 50;

    public async Task<IReadOnlyList<ReportChart>> ReadAsync(ComparedRuns compared, RunTints tints, CompareAddress address, CancellationToken cancellation)
    {
        var runs = compared.Runs;
        var paces = (await history.PacesAsync([.. runs.Select(run => run.Id)], cancellation)).ToDictionary(pace => pace.Id);
        long[] numbers = [.. runs.Select(run => run.Number)];
        var drawn = (await series.DrawAsync(numbers, [.. address.Metrics], null, null, Buckets, cancellation)).ToDictionary(drawing => (drawing.Run, drawing.Metric));
        var times = address.Axis == CompareAxis.Time ? await reader.TimesAsync(numbers, MetricNames.TrainLoss, Times, cancellation) : null;
        return [.. address.Metrics.Select(metric => new ReportChart(metric, [.. runs.Zip(tints.Tints).SelectMany(one => Curve(one.First, one.Second, metric))], address.Log.Contains(metric)))];

        IEnumerable<ReportCurve> Curve(Run run, RunTint tint, string metric)
        {
            if (!drawn.TryGetValue((run.Number, metric), out var drawing) || !paces.TryGetValue(run.Id, out var pace))
                yield break;
            var placeOf = CurvePlaces.Of(address.Axis, pace, Comparison.SamplesPerEpoch(run, datasets.Find), times?.GetValueOrDefault(run.Number) ?? []);
            List<(double X, double Y)> points = [.. drawing.Steps.Zip(drawing.Values, (step, value) => (placeOf(step), value)).Where(point => point.Item1 is not null).Select(point => (point.Item1!.Value, point.value))];
            yield return new ReportCurve(run.Name, tint, points.Count > SmoothedFrom && metric.Contains("train", StringComparison.Ordinal) ? Smoothed(points, address.Smoothing) : points);
        }
    }

    /// <summary>Weighted towards the newest points, corrected for the start, where there is nothing to average with.</summary>
    private static List<(double X, double Y)> Smoothed(List<(double X, double Y)> points, double weight)
    {
        var (sum, norm) = (0.0, 0.0);
        return points.ConvertAll(point =>
        {
            if (!double.IsFinite(point.Y))
                return point;
            (sum, norm) = (sum * weight + point.Y * (1 - weight), norm * weight + (1 - weight));
            return (point.X, sum / norm);
        });
    }
}
