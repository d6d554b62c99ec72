namespace ExperimentHub.Tracking.Metrics;

/// <summary>The points of the chunk in work, column by column. Used again for one chunk after the other; not thread-safe.</summary>
internal sealed class ChunkBuilder
{
    private readonly long[] _steps = new long[ChunkCodec.MaxPoints];
    private readonly long[] _times = new long[ChunkCodec.MaxPoints];
    private readonly double[] _values = new double[ChunkCodec.MaxPoints];
    private readonly byte[] _bytes = new byte[ChunkCodec.MaxLength(ChunkCodec.MaxPoints)];

    public int Count { get; private set; }

    public bool IsFull => Count == ChunkCodec.MaxPoints;

    public ReadOnlySpan<long> Steps => _steps.AsSpan(0, Count);

    public ReadOnlySpan<long> Times => _times.AsSpan(0, Count);

    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    public void Clear() => Count = 0;

    /// <summary>Starts from a chunk that was written before.</summary>
    public void Load(ReadOnlySpan<byte> encoded)
    {
        var chunk = new ChunkView(encoded);
        chunk.CopyColumns(_steps, _times, _values);
        Count = chunk.Count;
        for (var i = 1; i < Count; i++)
        {
            if (_steps[i] <= _steps[i - 1])
                throw new DamagedChunkException($"step {_steps[i]} follows step {_steps[i - 1]}");
        }
    }

    /// <summary>Takes points until it is full, leaving out those whose step is not after the one before.</summary>
    /// <param name="lastStep">The step that the next point has to be after, -1 at the beginning; moved on.</param>
    /// <returns>How many of <paramref name="points"/> are dealt with.</returns>
    public int Add(ReadOnlySpan<MetricPoint> points, ref long lastStep)
    {
        for (var i = 0; i < points.Length; i++)
        {
            var point = points[i];
            if (point.Step <= lastStep)
                continue;
            if (IsFull)
                return i;
            _steps[Count] = point.Step;
            _times[Count] = point.Time;
            _values[Count] = point.Value;
            Count++;
            lastStep = point.Step;
        }

        return points.Length;
    }

    /// <summary>Forgets the points after a step.</summary>
    public void CutAfter(long step)
    {
        var end = Steps.BinarySearch(step);
        Count = end >= 0 ? end + 1 : ~end;
    }

    /// <summary>The row of the points so far; there is at least one.</summary>
    public MetricChunk Build(long series, int ordinal)
    {
        var scan = new ValueScan();
        scan.Add(Values);
        var length = ChunkCodec.Encode(Steps, Times, Values, _bytes);
        return new MetricChunk
        {
            SeriesId = series,
            Ordinal = ordinal,
            FirstStep = _steps[0],
            LastStep = _steps[Count - 1],
            FirstTime = _times[0],
            LastTime = _times[Count - 1],
            Count = Count,
            NonFinite = Count - scan.Finite,
            Min = scan.Min,
            Max = scan.Max,
            First = NullIfNaN(_values[0]),
            Last = NullIfNaN(_values[Count - 1]),
            Data = _bytes.AsSpan(0, length).ToArray(),
        };
    }

    /// <summary>The first step with a value that is there.</summary>
    public long StepOf(double value)
    {
        // Not by IndexOf: 0 and -0 are the same here, as they are in the scan.
        for (var i = 0; i < Count; i++)
        {
            if (_values[i] == value)
                return _steps[i];
        }

        throw new ArgumentException($"{value} is not among the {Count} values.", nameof(value));
    }

    private static double? NullIfNaN(double value) => double.IsNaN(value) ? null : value;
}
