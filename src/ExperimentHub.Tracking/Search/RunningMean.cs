namespace ExperimentHub.Tracking.Search;

/// <summary>Mean and deviation of values that come one by one, without the loss of digits that sums of squares suffer (Welford's way).</summary>
internal struct RunningMean
{
    private double _squares;

    public long Count { get; private set; }

    public double Mean { get; private set; }

    /// <summary>Of the sample (n - 1); null below two values.</summary>
    public readonly double? Deviation => Count < 2 ? null : Math.Sqrt(_squares / (Count - 1));

    public void Add(double value)
    {
        Count++;
        var before = value - Mean;
        Mean += before / Count;
        _squares += before * (value - Mean);
    }
}
