using System.Runtime.InteropServices;

namespace ExperimentHub.Tracking.Metrics;

internal readonly record struct SeriesKey(long Run, string Metric)
{
    /// <exception cref="ArgumentException">The name is empty or longer than <see cref="MetricNames.MaxLength"/>.</exception>
    public static SeriesKey Of(long run, string metric)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(metric);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(metric.Length, MetricNames.MaxLength, nameof(metric));
        return new SeriesKey(run, metric);
    }
}

/// <summary>What waits of one series.</summary>
/// <param name="Meaning">What was said of it last; null where nothing was.</param>
internal readonly record struct PendingSeries(List<MetricPoint> Points, MetricMeaning? Meaning);

/// <summary>Something to note of a whole run once its points are written.</summary>
internal readonly record struct MetricMark(long Run, long Step, bool IsBest);

/// <summary>What waits for the disk, in the order it came. Not thread-safe.</summary>
internal sealed class PendingMetrics
{
    /// <summary>Lists are kept for the next batch while all of them together have room for no more points than this (24 bytes each).</summary>
    private const int MaxSpare = 1 << 19;

    private readonly Dictionary<SeriesKey, PendingSeries> _series = [];
    private readonly List<MetricMark> _marks = [];
    private readonly Stack<List<MetricPoint>> _spare = [];
    private int _spareCapacity;

    public int Count { get; private set; }

    public bool IsEmpty => Count == 0 && _marks.Count == 0;

    public IEnumerable<KeyValuePair<SeriesKey, PendingSeries>> Series => _series;

    public IReadOnlyList<MetricMark> Marks => _marks;

    /// <param name="meaning">What is said of the series; null where nothing is, and then what was said before stays.</param>
    public void Add(SeriesKey key, ReadOnlySpan<MetricPoint> points, MetricMeaning? meaning)
    {
        ref var series = ref CollectionsMarshal.GetValueRefOrAddDefault(_series, key, out _);
        series = new PendingSeries(series.Points ?? Spare(), meaning ?? series.Meaning);
        series.Points.AddRange(points);
        Count += points.Length;
    }

    public void Add(MetricMark mark) => _marks.Add(mark);

    public ReadOnlySpan<MetricPoint> Of(SeriesKey key) => CollectionsMarshal.AsSpan(_series.GetValueOrDefault(key).Points);

    /// <summary>Forgets what a run has after a step.</summary>
    public void CutAfter(long run, long step)
    {
        foreach (var (key, series) in _series)
        {
            if (key.Run == run)
                Count -= series.Points.RemoveAll(point => point.Step > step);
        }

        _marks.RemoveAll(mark => mark.Run == run && mark.Step > step);
    }

    public void Clear()
    {
        foreach (var (list, _) in _series.Values)
        {
            list.Clear();
            if (_spareCapacity + list.Capacity > MaxSpare)
                continue;
            _spareCapacity += list.Capacity;
            _spare.Push(list);
        }

        _series.Clear();
        _marks.Clear();
        Count = 0;
    }

    private List<MetricPoint> Spare()
    {
        if (!_spare.TryPop(out var list))
            return [];
        _spareCapacity -= list.Capacity;
        return list;
    }
}
