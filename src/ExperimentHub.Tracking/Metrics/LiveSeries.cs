namespace ExperimentHub.Tracking.Metrics;

/// <summary>Series as they are at this moment: what is written and what still waits to be. No point is missed and none comes twice.</summary>
public sealed class LiveSeries(MetricReader reader, MetricWriter writer)
{
    /// <summary>Points of a series in few entries: the last point of each group, with the least and the greatest value of the group.</summary>
    /// <param name="StepsPerBucket">0 where every entry is a point.</param>
    public sealed record Drawing(
        long Run, string Metric, long StepsPerBucket, IReadOnlyList<long> Steps, IReadOnlyList<double> Values, IReadOnlyList<double> Min,
        IReadOnlyList<double> Max);

    /// <summary>As <see cref="MetricReader.BucketsAsync"/> and up to this moment; what waits follows after the buckets, point by point.</summary>
    public async Task<IReadOnlyList<Drawing>> DrawAsync(
        IReadOnlyCollection<long> runs, IReadOnlyCollection<string> metrics, long? fromStep, long? toStep, int maxBuckets,
        CancellationToken cancellation = default)
    {
        (long Run, string Metric)[] wanted = [.. runs.SelectMany(run => metrics.Select(metric => (run, metric)))];
        // In this order: points only ever move from memory to the database.
        var waiting = wanted.ToDictionary(one => one, one => writer.PendingAfter(one.Run, one.Metric, (fromStep ?? 0) - 1));
        var written = (await reader.BucketsAsync(runs, metrics, fromStep, toStep, maxBuckets, cancellation)).ToDictionary(buckets =>
            (buckets.RunNumber, buckets.Metric));
        var drawings = new List<Drawing>();
        foreach (var one in wanted)
        {
            var buckets = written.GetValueOrDefault(one);
            var last = buckets is { Steps: [.., var step] } ? step : -1;
            List<MetricPoint> rest = [.. waiting[one].Where(point => point.Step > last && point.Step <= (toStep ?? long.MaxValue))];
            if (buckets is null && rest.Count == 0)
                continue;
            drawings.Add(new Drawing(one.Run, one.Metric, buckets?.StepsPerBucket ?? 0,
                [.. buckets?.Steps ?? [], .. rest.Select(point => point.Step)], [.. buckets?.Last ?? [], .. rest.Select(point => point.Value)],
                [.. buckets?.Min ?? [], .. rest.Select(point => point.Value)], [.. buckets?.Max ?? [], .. rest.Select(point => point.Value)]));
        }

        return drawings;
    }

    /// <summary>The points of a series after a step; the cost does not grow with what came before.</summary>
    public async Task<IReadOnlyList<MetricPoint>> AfterAsync(long run, string metric, long step, CancellationToken cancellation = default)
    {
        var waiting = writer.PendingAfter(run, metric, step);
        List<MetricPoint> points = [.. await reader.ReadAsync(run, metric, step + 1, cancellation: cancellation)];
        var last = points.Count > 0 ? points[^1].Step : step;
        points.AddRange(waiting.Where(point => point.Step > last));
        return points;
    }

    /// <summary>What is appended to a run from now on.</summary>
    internal FreshPoints Listen(long run) => writer.Listen(run);

    /// <summary>The metrics of a run that have points which are not written yet.</summary>
    internal IReadOnlyCollection<string> MetricsWaiting(long run) => writer.PendingMetricsOf(run);

    /// <summary>The newest point of a series that is not written yet; null where none waits.</summary>
    public MetricPoint? LastWaiting(long run, string metric) => writer.PendingAfter(run, metric, -1) is [.., var last] ? last : null;
}
