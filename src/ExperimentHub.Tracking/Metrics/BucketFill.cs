namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// Fills the buckets of one series from its chunks in their order: whole chunks by what their row says, the others by their points. Buckets are whole
/// numbers of steps, so that every division is exact and the database can do the same ones.
/// </summary>
internal sealed class BucketFill(MetricSeries series, long fromStep, long toStep, long stepsPerBucket)
{
    private readonly long[] _steps = new long[ChunkCodec.MaxPoints];
    private readonly MetricBuckets _buckets = new(series, fromStep, stepsPerBucket);
    private long _bucket;
    private ValueScan _scan = new();
    private long _lastStep;
    private double _last;
    private int _count;

    public long Points { get; private set; }

    /// <summary>A chunk that lies in the range and in one bucket.</summary>
    public void AddWhole(long firstStep, long lastStep, int count, int nonFinite, double? min, double? max, double? last)
    {
        Enter(firstStep);
        _scan.Add(min, max, count - nonFinite);
        Take(lastStep, last ?? double.NaN, count);
    }

    /// <summary>Any chunk; what lies outside the range is left out.</summary>
    public void AddPoints(ReadOnlySpan<byte> data)
    {
        var chunk = new ChunkView(data);
        if (!chunk.TryGetStride(out var stride))
            AddUneven(chunk);
        else if (chunk.FirstStep < 0 || (chunk.Count > 1 && (stride <= 0 || stride > (long.MaxValue - chunk.FirstStep) / (chunk.Count - 1))))
            throw new DamagedChunkException($"its steps begin at {chunk.FirstStep} and are {stride} apart");
        else
            AddEven(chunk, Math.Max(stride, 1));
    }

    public MetricBuckets Finish()
    {
        Leave();
        return _buckets;
    }

    private void AddEven(ChunkView chunk, long stride)
    {
        var (first, count) = (chunk.FirstStep, chunk.Count);
        var index = IndexAfter(fromStep - 1);
        var end = IndexAfter(toStep);
        while (index < end)
        {
            var step = first + index * stride;
            var next = Math.Min(end, IndexAfter(LastStepOfBucket(step)));
            AddRange(chunk, index, next, step, first + (next - 1) * stride);
            index = next;
        }

        // The index of the first point after a step.
        int IndexAfter(long step) => step < first ? 0 : (int)Math.Min((step - first) / stride + 1, count);
    }

    private void AddUneven(ChunkView chunk)
    {
        chunk.CopySteps(_steps);
        for (var i = 1; i < chunk.Count; i++)
        {
            if (_steps[i] <= _steps[i - 1])
                throw new DamagedChunkException($"step {_steps[i]} follows step {_steps[i - 1]}");
        }

        var index = 0;
        while (index < chunk.Count && _steps[index] < fromStep)
            index++;
        while (index < chunk.Count && _steps[index] <= toStep)
        {
            var border = Math.Min(toStep, LastStepOfBucket(_steps[index]));
            var next = index + 1;
            while (next < chunk.Count && _steps[next] <= border)
                next++;
            AddRange(chunk, index, next, _steps[index], _steps[next - 1]);
            index = next;
        }
    }

    private void AddRange(ChunkView chunk, int start, int end, long firstStep, long lastStep)
    {
        Enter(firstStep);
        if (chunk.IsSingle)
            _scan.Add(chunk.Singles[start..end]);
        else
            _scan.Add(chunk.Doubles[start..end]);
        Take(lastStep, chunk.ValueAt(end - 1), end - start);
    }

    private long LastStepOfBucket(long step)
    {
        var left = stepsPerBucket - 1 - (step - fromStep) % stepsPerBucket;
        return left > long.MaxValue - step ? long.MaxValue : step + left;
    }

    private void Enter(long step)
    {
        var bucket = (step - fromStep) / stepsPerBucket;
        if (bucket == _bucket)
            return;
        Leave();
        _bucket = bucket;
    }

    private void Take(long lastStep, double last, int count)
    {
        (_lastStep, _last) = (lastStep, last);
        _count += count;
        Points += count;
    }

    private void Leave()
    {
        if (_count > 0)
            _buckets.Add(_lastStep, _scan, _last, _count);
        (_scan, _count) = (new ValueScan(), 0);
    }
}
