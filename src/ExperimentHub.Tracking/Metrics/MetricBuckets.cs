namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// A series drawn with few points, column by column, one entry per bucket that holds points. Bucket <c>i</c> covers the steps from
/// <see cref="FromStep"/> +
/// <c>i</c> x <see cref="StepsPerBucket"/>; where the series has no more points than were asked for, each entry is a point (and
/// <see cref="StepsPerBucket"/> is 0).
/// </summary>
public sealed class MetricBuckets
{
    private readonly List<long> _steps = [];
    private readonly List<double> _mins = [];
    private readonly List<double> _maxs = [];
    private readonly List<double> _lasts = [];
    private readonly List<int> _counts = [];

    internal MetricBuckets(MetricSeries series, long fromStep, long stepsPerBucket) =>
        (RunNumber, Metric, FromStep, StepsPerBucket) = (series.RunNumber, series.Name, fromStep, stepsPerBucket);

    public long RunNumber { get; }

    public string Metric { get; }

    public long FromStep { get; }

    public long StepsPerBucket { get; }

    /// <summary>The step of the bucket's last point.</summary>
    public IReadOnlyList<long> Steps => _steps;

    /// <summary>Over finite values; NaN where there is none.</summary>
    public IReadOnlyList<double> Min => _mins;

    /// <summary>As <see cref="Min"/>.</summary>
    public IReadOnlyList<double> Max => _maxs;

    /// <summary>The value of the bucket's last point, whatever it is.</summary>
    public IReadOnlyList<double> Last => _lasts;

    /// <summary>Points, the non-finite ones included.</summary>
    public IReadOnlyList<int> Counts => _counts;

    internal void Add(long step, ValueScan scan, double last, int count)
    {
        _steps.Add(step);
        _mins.Add(scan.Min ?? double.NaN);
        _maxs.Add(scan.Max ?? double.NaN);
        _lasts.Add(last);
        _counts.Add(count);
    }

    internal void Add(MetricPoint point)
    {
        var scan = new ValueScan();
        scan.Add<double>([point.Value]);
        Add(point.Step, scan, point.Value, 1);
    }
}
