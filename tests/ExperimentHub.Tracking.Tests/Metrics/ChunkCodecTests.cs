using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Tracking.Tests.Metrics;

public sealed class ChunkCodecTests
{
    private static readonly double[] Odd =
    [
        0.0, -0.0, double.NaN, BitConverter.Int64BitsToDouble(0x7FF0_0000_0000_0001), BitConverter.Int64BitsToDouble(0x7FF8_DEAD_BEEF_0001),
        BitConverter.Int64BitsToDouble(unchecked((long)0xFFF8_0000_0000_0000)), double.PositiveInfinity, double.NegativeInfinity,
        double.MaxValue, double.MinValue, double.Epsilon, float.MaxValue, float.Epsilon, 0.1, 0.1f,
    ];

    [Fact]
    public void Decode_RandomChunks_GivesBackEveryBit()
    {
        var random = new Random(1);
        for (var round = 0; round < 3000; round++)
        {
            var (steps, times, values) = RandomColumns(random, random.Next(1, ChunkCodec.MaxPoints + 1));
            AssertComesBack(steps, times, values);
        }
    }

    [Fact]
    public void Decode_Extremes_GivesBackEveryBit()
    {
        AssertComesBack([long.MinValue, long.MaxValue, 0, -1, long.MinValue], [long.MaxValue, long.MinValue, 5, 5, 4], [1, 2, 3, 4, 5]);
        AssertComesBack([long.MaxValue], [long.MinValue], [double.NaN]);
        foreach (var value in Odd)
            AssertComesBack([7], [8], [value]);
        AssertComesBack([.. Odd.Select((_, i) => (long)i)], [.. Odd.Select(_ => 9L)], Odd);
    }

    [Fact]
    public void Encode_LossesOfEveryStep_TakesLittleMoreThanTheirFourBytes()
    {
        var random = new Random(2);
        long[] steps = [.. Enumerable.Range(0, 1024).Select(i => 5_000_000L + i)];
        double[] values = [.. steps.Select(_ => (double)random.NextSingle())];
        long[] even = [.. steps.Select((_, i) => 1_800_000_000_000 + i)];
        long[] uneven = [.. steps.Select((_, i) => 1_800_000_000_000 + 3 * i + random.Next(3))];
        Assert.Equal(20 + 4 * 1024 + 1 + 1, Encode(steps, even, values).Length);
        Assert.Equal(20 + 4 * 1024 + 1 + 1023, Encode(steps, uneven, values).Length);
    }

    [Fact]
    public void Decode_CutAtAnyLength_IsRefused()
    {
        var random = new Random(3);
        for (var round = 0; round < 50; round++)
        {
            var (steps, times, values) = RandomColumns(random, random.Next(1, 60));
            var bytes = Encode(steps, times, values);
            for (var length = 0; length < bytes.Length; length++)
            {
                var cut = bytes[..length];
                Assert.Throws<DamagedChunkException>(() => Decode(cut));
            }

            Assert.Throws<DamagedChunkException>(() => Decode([.. bytes, 0]));
        }
    }

    [Fact]
    public void Decode_DamagedBytes_GivesAChunkOrIsRefused()
    {
        var random = new Random(4);
        var refused = 0;
        for (var round = 0; round < 50_000; round++)
        {
            var (steps, times, values) = RandomColumns(random, random.Next(1, 40));
            var bytes = Encode(steps, times, values);
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                bytes[random.Next(random.Next(2) == 0 ? Math.Min(bytes.Length, 24) : bytes.Length)] ^= (byte)(1 << random.Next(8));
            refused += IsRefused(() => Decode(bytes)) ? 1 : 0;

            // What draws buckets reads fewer columns and trusts the steps; it must come to an end as well.
            var series = new MetricSeries { Name = "x" };
            IsRefused(() => new BucketFill(series, 10, 1_000_000, 1 + random.Next(100_000)).AddPoints(bytes));
        }

        Assert.InRange(refused, 10_000, 49_999);
    }

    [Fact]
    public void Decode_RandomBytes_GivesAChunkOrIsRefused()
    {
        var random = new Random(5);
        for (var round = 0; round < 50_000; round++)
        {
            var bytes = new byte[random.Next(100)];
            random.NextBytes(bytes);
            if (bytes.Length > 4)
                (bytes[0], bytes[1], bytes[3]) = (ChunkCodec.Version, (byte)random.Next(9), 0);
            IsRefused(() => Decode(bytes));
        }
    }

    [Fact]
    public void Scan_AnyLengthAndMixture_FindsTheFiniteExtremes()
    {
        var random = new Random(6);
        for (var round = 0; round < 5000; round++)
        {
            double[] values = [.. Enumerable.Range(0, random.Next(70))
                .Select(_ => random.Next(20) == 0 ? Odd[random.Next(Odd.Length)] : random.NextDouble() - 0.5)];
            var finite = values.Where(double.IsFinite).ToList();
            var scan = new ValueScan();
            scan.Add<double>(values);
            Assert.Equal(finite.Count, scan.Finite);
            Assert.Equal(finite.Count == 0 ? null : finite.Min() + 0.0, scan.Min);
            Assert.Equal(finite.Count == 0 ? null : finite.Max() + 0.0, scan.Max);
        }
    }

    internal static byte[] Encode(long[] steps, long[] times, double[] values)
    {
        var bytes = new byte[ChunkCodec.MaxLength(steps.Length)];
        return bytes[..ChunkCodec.Encode(steps, times, values, bytes)];
    }

    private static (long[] Steps, long[] Times, double[] Values) Decode(byte[] bytes)
    {
        var chunk = new ChunkView(bytes);
        var (steps, times, values) = (new long[chunk.Count], new long[chunk.Count], new double[chunk.Count]);
        chunk.CopyColumns(steps, times, values);
        return (steps, times, values);
    }

    private static bool IsRefused(Action decode)
    {
        try
        {
            decode();
            return false;
        }
        catch (DamagedChunkException)
        {
            return true;
        }
    }

    private static void AssertComesBack(long[] steps, long[] times, double[] values)
    {
        var decoded = Decode(Encode(steps, times, values));
        Assert.Equal(steps, decoded.Steps);
        Assert.Equal(times, decoded.Times);
        Assert.Equal(values.Select(BitConverter.DoubleToInt64Bits), decoded.Values.Select(BitConverter.DoubleToInt64Bits));
    }

    private static (long[] Steps, long[] Times, double[] Values) RandomColumns(Random random, int count)
    {
        var stride = random.Next(3) switch { 0 => 1L, 1 => random.NextInt64(1, 1000), _ => 0L };
        var wild = random.Next(10) == 0;
        var (step, time) = (random.NextInt64(1L << random.Next(1, 62)), random.NextInt64(1L << random.Next(1, 62)));
        var (steps, times, values) = (new long[count], new long[count], new double[count]);
        var kind = random.Next(3);
        for (var i = 0; i < count; i++)
        {
            (steps[i], times[i]) = (step, time);
            values[i] = kind switch { 0 => random.NextSingle(), 1 => random.NextDouble(), _ => Odd[random.Next(Odd.Length)] };
            step = wild ? random.NextInt64(long.MinValue, long.MaxValue) : step + (stride > 0 ? stride : random.NextInt64(1, 300));
            time = wild ? random.NextInt64(long.MinValue, long.MaxValue) : time + random.Next(-5, 200);
        }

        return (steps, times, values);
    }
}
