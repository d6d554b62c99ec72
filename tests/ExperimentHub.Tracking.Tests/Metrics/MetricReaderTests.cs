using ExperimentHub.Tracking.Metrics;
using static ExperimentHub.Tracking.Tests.Metrics.MetricHub;

namespace ExperimentHub.Tracking.Tests.Metrics;

public sealed class MetricReaderTests
{
    [Fact]
    public async Task Buckets_RandomSeriesRangesAndCounts_AreWhatAPlainEvaluationGives()
    {
        var random = new Random(1);
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        for (var series = 0; series < 40; series++)
        {
            var points = RandomSeries(random);
            var name = $"metric {series}";
            for (var rest = points.AsMemory(); rest.Length > 0;)
            {
                var part = rest[..random.Next(1, rest.Length + 1)];
                writer.Append(1, name, part.Span);
                await writer.FlushAsync();
                rest = rest[part.Length..];
            }

            for (var round = 0; round < 100; round++)
            {
                var (a, b) = (points[random.Next(points.Length)].Step + random.Next(-3, 4), points[random.Next(points.Length)].Step
                    + random.Next(-3, 4));
                long? from = random.Next(3) == 0 ? null : Math.Min(a, b);
                long? to = random.Next(3) == 0 ? null : Math.Max(a, b);
                var max = random.Next(4) == 0 ? random.Next(1, 6) : random.Next(1, 3000);
                var expected = Plain(points, from, to, max);
                var drawn = Assert.Single(await hub.Reader.BucketsAsync([1], [name], from, to, max));
                Assert.True(drawn.Steps.Count <= max);
                // By bits: NaN equals itself and the answer is the same on each call.
                Assert.Equal(expected, Rows(drawn));
            }
        }
    }

    [Fact]
    public async Task Buckets_OfRunsAndMetrics_ComeInTheOrderAskedFor()
    {
        await using var hub = await CreateAsync(runs: 3);
        var writer = hub.NewWriter();
        foreach (var run in new[] { 1, 3 })
            writer.Append(run, "b", Points(1, 2000, step => step));
        writer.Append(1, "a", Points(5, 6));
        await writer.FlushAsync();
        var answer = await hub.Reader.BucketsAsync([3, 2, 1], ["b", "a", "c"], null, null, 100);
        Assert.Equal([(3L, "b"), (1L, "b"), (1L, "a")], answer.Select(series => (series.RunNumber, series.Metric)));
        Assert.Equal((1, 20, 100), (answer[0].FromStep, answer[0].StepsPerBucket, answer[0].Steps.Count));
        Assert.Equal((20, 1.0, 20.0, 20.0, 20), (answer[0].Steps[0], answer[0].Min[0], answer[0].Max[0], answer[0].Last[0], answer[0].Counts[0]));
        Assert.Equal([5, 6], answer[2].Steps);
        Assert.Equal(0, answer[2].StepsPerBucket);
    }

    [Fact]
    public async Task Buckets_ARangeBesideTheSeries_AreEmpty()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        writer.Append(1, "train_loss", Points(100, 200));
        await writer.FlushAsync();
        Assert.Empty(Assert.Single(await hub.Reader.BucketsAsync([1], ["train_loss"], 201, null, 10)).Steps);
        Assert.Empty(Assert.Single(await hub.Reader.BucketsAsync([1], ["train_loss"], null, 99, 10)).Steps);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => hub.Reader.BucketsAsync([1], ["train_loss"], null, null, 0));
    }

    [Fact]
    public async Task Buckets_StepsUpToTheGreatest_AreExact()
    {
        await using var hub = await CreateAsync();
        var writer = hub.NewWriter();
        MetricPoint[] points = [.. Enumerable.Range(0, 3000).Select(i => new MetricPoint(long.MaxValue / 3000 * i, i, i)),
            new(long.MaxValue, 3000, -1)];
        writer.Append(1, "x", points);
        await writer.FlushAsync();
        foreach (var max in new[] { 1, 2, 1000, 2999 })
            Assert.Equal(Plain(points, null, null, max), Rows(Assert.Single(await hub.Reader.BucketsAsync([1], ["x"], null, null, max))));
    }

    private static MetricPoint[] RandomSeries(Random random)
    {
        var points = new MetricPoint[random.Next(1, 9000)];
        var step = random.NextInt64(0, 5000);
        var stride = random.Next(4) == 0 ? 0 : random.Next(1, 5);
        var odd = random.Next(3) == 0 ? 5 : 0;
        var single = random.Next(2) == 0;
        for (var i = 0; i < points.Length; i++)
        {
            var value = random.Next(100) < odd ? random.Next(3) switch
            {
                0 =>
                double.NaN,
                1 => double.PositiveInfinity,
                _ => -0.0
            } : random.NextDouble() - 0.5;
            points[i] = new MetricPoint(step, i, single ? (float)value : value);
            step += stride > 0 ? stride : random.Next(1, random.Next(20) == 0 ? 2000 : 10);
        }

        return points;
    }

    /// <summary>The promise of <see cref="MetricReader.BucketsAsync"/>, as plainly as it can be written.</summary>
    private static List<(long Step, long Min, long Max, long Last, int Count)> Plain(MetricPoint[] series, long? from, long? to, int max)
    {
        var start = Math.Max(from ?? 0, series[0].Step);
        var end = Math.Min(to ?? long.MaxValue, series[^1].Step);
        var points = series.Where(point => point.Step >= start && point.Step <= end).ToList();
        var width = points.Count <= max ? 1 : (end - start) / max + 1;
        return [.. points.GroupBy(point => (point.Step - start) / width).Select(bucket =>
        {
            var finite = bucket.Select(point => point.Value).Where(double.IsFinite).DefaultIfEmpty(double.NaN).ToList();
            return (bucket.Last().Step, Bits(finite.Min() + 0.0), Bits(finite.Max() + 0.0), Bits(bucket.Last().Value), bucket.Count());
        })];
    }

    private static List<(long Step, long Min, long Max, long Last, int Count)> Rows(MetricBuckets drawn) =>
        [.. drawn.Steps.Select((step, i) => (step, Bits(drawn.Min[i]), Bits(drawn.Max[i]), Bits(drawn.Last[i]), drawn.Counts[i]))];

    private static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);
}
