using System.Diagnostics;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Metrics;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Benchmarks;

/// <summary>
/// The metric store beside tables with a row per point: points per second until all are durable, bytes per point, and the time that charts take to
/// read. Everything in this process and on the disk of the temporary folder, with the settings that the hub has. A round is one repetition of
/// everything.
/// </summary>
internal static class MetricBenchmark
{
    private const string Metric = "train_loss";
    private const int OurPoints = 4_000_000;
    private const int EfPoints = 100_000;
    private const int PreparedPoints = 1_000_000;

    /// <summary>About what the store writes in one transaction at full speed.</summary>
    private const int PerTransaction = 250_000;

    private const int StepsOfARun = 9_375;

    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds)
    {
        if (LossTrace.Train(StepsOfARun, seed: 1) is not { } trace)
            return [new Row("metric store", "", [], $"MNIST is not in {HubProcess.DatasetFolder}; the benchmark 'training' fetches it")];

        List<double> one = [], eight = [], ef = [], prepared = [];
        // The first, shorter round warms the code and does not count.
        for (var round = 0; round <= rounds; round++)
        {
            var part = round == 0 ? 10 : 1;
            one.Add(await StoreAsync(trace, 1, OurPoints / part));
            ef.Add(await RowsAsync(trace, viaEf: true, EfPoints / part, perTransaction: 1000));
            eight.Add(await StoreAsync(trace, 8, OurPoints / part));
            prepared.Add(await RowsAsync(trace, viaEf: false, PreparedPoints / part, PerTransaction));
            Console.WriteLine(
                $"round {round}: 1 run {one[^1]:N0}, 8 runs {eight[^1]:N0}, EF rows {ef[^1]:N0}, prepared rows {prepared[^1]:N0} points/s");
        }

        foreach (var samples in (List<double>[])[one, eight, ef, prepared])
            samples.RemoveAt(0);
        return
        [
            new Row("store, 1 run, until durable", "M points/s", [.. one.Select(rate => rate / 1e6)]),
            new Row("store, 8 runs at once, until durable", "M points/s", [.. eight.Select(rate => rate / 1e6)]),
            new Row("row per point, EF Core, 1,000 a transaction", "M points/s", [.. ef.Select(rate => rate / 1e6)]),
            new Row($"row per point, prepared, {PerTransaction:N0} a transaction", "M points/s", [.. prepared.Select(rate => rate / 1e6)]),
            new Row("store, 1 run / EF Core", "x", [.. one.Zip(ef, (a, b) => a / b)]),
            new Row("store, 1 run / prepared", "x", [.. one.Zip(prepared, (a, b) => a / b)]),
            .. await SizesAsync(),
            await SmallFlushesAsync(trace),
            .. await ReadsAsync(trace, rounds),
        ];
    }

    private static async Task<double> StoreAsync(MetricPoint[] trace, int runs, int count)
    {
        await using var hub = await HubWithRunsAsync(runs);
        var writer = hub.Get<MetricWriter>();
        var points = Stretch(trace, count / runs);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(1, runs).Select(run => Task.Run(async () =>
        {
            for (var i = 0; i < points.Length; i += 1000)
                await writer.AppendAsync(run, Metric, points.AsMemory(i, Math.Min(1000, points.Length - i)));
        })));
        await writer.FlushAsync();
        var rate = points.Length * runs / clock.Elapsed.TotalSeconds;
        var written = (await Task.WhenAll(Enumerable.Range(1, runs).Select(run => hub.Get<MetricReader>().SummariesAsync(run)))).Sum(s =>
            s.Single().Count);
        return written == points.Length * runs ? rate : throw new InvalidOperationException($"{written} points arrived.");
    }

    private static async Task<double> RowsAsync(MetricPoint[] trace, bool viaEf, int count, int perTransaction)
    {
        await using var rows = await RowPerPoint.CreateAsync(viaEf);
        var points = Stretch(trace, count);
        var clock = Stopwatch.StartNew();
        await rows.WriteAsync(1, points, perTransaction);
        return count / clock.Elapsed.TotalSeconds;
    }

    /// <summary>What the hub does four times a second while eight runs report nine metrics each.</summary>
    private static async Task<Row> SmallFlushesAsync(MetricPoint[] trace)
    {
        const int Runs = 8;
        const int Metrics = 9;
        await using var hub = await HubWithRunsAsync(Runs);
        var writer = hub.Get<MetricWriter>();
        var took = new List<double>();
        for (var i = 0; i < 2500; i += 25)
        {
            for (var series = 0; series < Runs * Metrics; series++)
                writer.Append(1 + series % Runs, $"metric {series / Runs}", trace.AsSpan(i, 25));
            var clock = Stopwatch.StartNew();
            await writer.FlushAsync();
            took.Add(clock.Elapsed.TotalMilliseconds);
        }

        return new Row($"flush of {Runs * Metrics} series with 25 points each", "ms", took[10..]);
    }

    /// <summary>The losses of real runs of five epochs, written as they come and then measured.</summary>
    private static async Task<IReadOnlyList<Row>> SizesAsync()
    {
        const int Runs = 8;
        var traces = Enumerable.Range(1, Runs).Select(seed => LossTrace.Train(StepsOfARun, seed)!).ToList();
        await using var hub = await HubWithRunsAsync(Runs);
        var path = hub.Folder.HubDatabase;
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await using var ef = await RowPerPoint.CreateAsync(viaEf: true);
        await using var prepared = await RowPerPoint.CreateAsync(viaEf: false);
        var (empty, emptyEf, emptyPrepared) = (await DatabaseFile.PackedBytesAsync(db, path), await ef.BytesAsync(), await prepared.BytesAsync());

        var writer = hub.Get<MetricWriter>();
        for (var i = 0; i < StepsOfARun; i += 500)
        {
            for (var run = 1; run <= Runs; run++)
                writer.Append(run, Metric, traces[run - 1].AsSpan(i, Math.Min(500, StepsOfARun - i)));
            await writer.FlushAsync();
        }

        for (var run = 1; run <= Runs; run++)
        {
            await ef.WriteAsync(run, traces[run - 1], 1000);
            await prepared.WriteAsync(run, traces[run - 1], PerTransaction);
        }

        double PerPoint(long bytes) => bytes / (double)(Runs * StepsOfARun);
        var live = PerPoint(await DatabaseFile.WrittenBackBytesAsync(db, path) - empty);
        var ours = PerPoint(await DatabaseFile.PackedBytesAsync(db, path) - empty);
        var rows = PerPoint(await ef.BytesAsync() - emptyEf);
        var lean = PerPoint(await prepared.BytesAsync() - emptyPrepared);
        return
        [
            new Row("store, losses of 8 real runs, as written live", "bytes/point", [live]),
            new Row("store, the same, vacuumed", "bytes/point", [ours]),
            new Row("row per point, EF Core's table, vacuumed", "bytes/point", [rows]),
            new Row("row per point, WITHOUT ROWID, vacuumed", "bytes/point", [lean]),
            new Row("EF Core's table / store", "x", [rows / ours]),
            new Row("WITHOUT ROWID / store", "x", [lean / ours]),
        ];
    }

    private static async Task<IReadOnlyList<Row>> ReadsAsync(MetricPoint[] trace, int rounds)
    {
        const int Runs = 100;
        await using var hub = await HubWithRunsAsync(Runs);
        var writer = hub.Get<MetricWriter>();
        var points = Stretch(trace, 1_000_000);
        await writer.AppendAsync(1, "million", points);
        await writer.AppendAsync(1, "fifty_thousand", points.AsMemory(0, 50_000));
        for (var i = 0; i < 10_000; i += 500)
        {
            for (var run = 1; run <= Runs; run++)
                await writer.AppendAsync(run, Metric, points.AsMemory(i, 500));
            await writer.FlushAsync();
        }

        var reader = hub.Get<MetricReader>();
        long[] all = [.. Enumerable.Range(1, Runs)];
        List<double> small = [], large = [], coarse = [], many = [];
        for (var round = 0; round <= rounds; round++)
        {
            small.Add(await MedianAsync(200, () => reader.BucketsAsync([1], ["fifty_thousand"], null, null, 1000)));
            large.Add(await MedianAsync(30, () => reader.BucketsAsync([1], ["million"], null, null, 1000)));
            coarse.Add(await MedianAsync(30, () => reader.BucketsAsync([1], ["million"], null, null, 100)));
            many.Add(await MedianAsync(30, () => reader.BucketsAsync(all, [Metric], null, null, 500)));
        }

        foreach (var samples in (List<double>[])[small, large, coarse, many])
            samples.RemoveAt(0);
        return
        [
            new Row("50,000 points to 1,000 buckets, p50", "ms", small),
            new Row("1,000,000 points to 1,000 buckets, p50", "ms", large),
            new Row("1,000,000 points to 100 buckets, p50", "ms", coarse),
            new Row("100 runs of 10,000 points to 500 buckets each, p50", "ms", many),
        ];
    }

    private static async Task<double> MedianAsync(int times, Func<Task> read)
    {
        var took = new List<double>();
        for (var i = 0; i < times; i++)
        {
            var clock = Stopwatch.StartNew();
            await read();
            took.Add(clock.Elapsed.TotalMilliseconds);
        }

        took.Sort();
        return took[times / 2];
    }

    /// <summary>As many points as asked for: the trace again and again, with steps and times that go on.</summary>
    private static MetricPoint[] Stretch(MetricPoint[] trace, int count)
    {
        var length = trace[^1].Time - trace[0].Time + 1;
        return [.. Enumerable.Range(0, count).Select(i =>
            new MetricPoint(i + 1, trace[i % trace.Length].Time + i / trace.Length * length, trace[i % trace.Length].Value))];
    }

    private static async Task<EmptyHub> HubWithRunsAsync(int runs)
    {
        var hub = await EmptyHub.CreateAsync();
        for (var i = 0; i < runs; i++)
            await hub.EnqueueAsync();
        return hub;
    }
}
