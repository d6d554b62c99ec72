using System.Numerics;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>Smallest and greatest of the finite values, and how many there were. Empty where <see cref="Finite"/> is 0.</summary>
internal struct ValueScan()
{
    private double _min = double.PositiveInfinity;
    private double _max = double.NegativeInfinity;

    public int Finite { get; private set; }

    // Adding 0 makes -0 to 0: which of the two is found depends on the order of comparing, and the answer must not.
    public readonly double? Min => Finite == 0 ? null : _min + 0.0;

    public readonly double? Max => Finite == 0 ? null : _max + 0.0;

    /// <summary>Takes in what an earlier scan of <paramref name="finite"/> finite values found.</summary>
    public void Add(double? min, double? max, int finite)
    {
        if (finite == 0)
            return;
        _min = Math.Min(_min, min!.Value);
        _max = Math.Max(_max, max!.Value);
        Finite += finite;
    }

    public void Add<T>(ReadOnlySpan<T> values)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        var lows = new Vector<T>(T.PositiveInfinity);
        var highs = new Vector<T>(T.NegativeInfinity);
        for (; values.Length >= Vector<T>.Count; values = values[Vector<T>.Count..])
        {
            var lane = new Vector<T>(values);
            // NaN and the infinities, taken from themselves, are NaN; everything else is 0.
            if (Vector.EqualsAll(lane - lane, Vector<T>.Zero))
            {
                lows = Vector.Min(lows, lane);
                highs = Vector.Max(highs, lane);
                Finite += Vector<T>.Count;
            }
            else
                AddOneByOne(values[..Vector<T>.Count]);
        }

        for (var i = 0; i < Vector<T>.Count; i++)
        {
            _min = Math.Min(_min, double.CreateTruncating(lows[i]));
            _max = Math.Max(_max, double.CreateTruncating(highs[i]));
        }

        AddOneByOne(values);
    }

    private void AddOneByOne<T>(ReadOnlySpan<T> values)
        where T : struct, IBinaryFloatingPointIeee754<T>
    {
        foreach (var value in values)
        {
            if (!T.IsFinite(value))
                continue;
            var number = double.CreateTruncating(value);
            _min = Math.Min(_min, number);
            _max = Math.Max(_max, number);
            Finite++;
        }
    }
}
