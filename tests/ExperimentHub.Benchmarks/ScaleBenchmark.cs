using System.Diagnostics;
using System.Globalization;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Search;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Benchmarks;

/// <summary>How long the first page of a search takes at 20,000 and 100,000 runs, and whether a late page takes longer than an early one.</summary>
internal static class ScaleBenchmark
{
    public const int Seed = 20261124;
    private const int Pairs = 200;
    private const int PageSize = 50;
    private const string Columns =
        "params.optimizer.kind, params.learning_rate, params.batchSize, params.model, params.epochs, metrics.train_loss, "
            + "best(metrics.test_accuracy), at_best(metrics.test_loss), duration, tags.owner";

    /// <param name="options">Number of runs and the folder to keep the data in; see Program.</param>
    public static async Task<IReadOnlyList<Row>> RunAsync(int rounds, ScaleOptions options)
    {
        var rows = new List<Row>();
        foreach (var runs in options.Runs)
        {
            var folder = options.Folder is null ? null : Path.Combine(options.Folder, runs.ToString(CultureInfo.InvariantCulture));
            await using var hub = await EmptyHub.CreateAsync(existing: folder);
            var clock = Stopwatch.StartNew();
            await using (var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            {
                if (!await db.Runs.AnyAsync())
                {
                    await new ScaleData(runs, Seed).MakeAsync(hub);
                    Console.WriteLine(
                        $"{runs:N0} runs made in {clock.Elapsed.TotalSeconds:0} s, {new FileInfo(hub.Folder.HubDatabase).Length >> 20:N0} MiB");
                }
            }

            rows.AddRange(await FirstPagesAsync(hub, runs, rounds));
            rows.AddRange(await LatePagesAsync(hub, runs, rounds));
            rows.AddRange(await WritesAsync(hub, runs));
        }

        return rows;
    }

    private static async Task<IReadOnlyList<Row>> FirstPagesAsync(EmptyHub hub, int runs, int rounds)
    {
        var search = hub.Get<RunSearch>();
        var random = new Random(Seed);
        RunQuery[] queries = [.. Enumerable.Range(0, Pairs).Select(_ => new RunQuery(Filter(random), Order(random)))];
        foreach (var query in queries)
            await search.ListAsync(query, Columns, PageSize);
        List<double> middle = [], high = [], busy = [];
        for (var round = 0; round < rounds; round++)
        {
            var took = new List<(double Milliseconds, RunQuery Query)>();
            var processor = new List<double>();
            foreach (var query in queries)
            {
                var (clock, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
                var found = await search.ListAsync(query, Columns, PageSize);
                took.Add((clock.Elapsed.TotalMilliseconds, query));
                processor.Add((Environment.CpuUsage.TotalTime - before).TotalMilliseconds);
                if (found.Answer is null || found.Answer.Warnings.Count > 0)
                    throw new InvalidOperationException(
                        $"{query} was refused: {string.Join(' ', found.Problems.Select(problem => problem.Message))}");
            }

            took.Sort((a, b) => a.Milliseconds.CompareTo(b.Milliseconds));
            middle.Add(took[Pairs / 2].Milliseconds);
            high.Add(took[Pairs * 95 / 100].Milliseconds);
            busy.Add(processor.Order().ElementAt(Pairs * 95 / 100));
            if (round == 0)
                Console.WriteLine(
                    $"slowest: {string.Join("; ", took.TakeLast(5).Select(one => $"{one.Milliseconds:0.0} ms {one.Query.Filter} BY {one.Query.OrderBy}"))}");
        }

        return [new Row($"{runs:N0} runs: first page of {Pairs} filters and orders, p50", "ms", middle),
            new Row($"{runs:N0} runs: the same, p95", "ms", high), new Row($"{runs:N0} runs: the same, processor time, p95", "ms", busy)];
    }

    private static async Task<IReadOnlyList<Row>> LatePagesAsync(EmptyHub hub, int runs, int rounds)
    {
        var ratios = new List<double>();
        var search = hub.Get<RunSearch>();
        foreach (var query in (RunQuery[])[new("", "best(metrics.test_accuracy) desc"), new("", "params.batchSize"),
            new("params.optimizer = 'adam'", "metrics.train_loss"), new("", "name"), new()])
        {
            List<double> early = [], late = [];
            for (var round = 0; round < rounds; round++)
            {
                var took = new List<double>();
                string? token = null;
                // Three quarters of the way, by large pages that are not measured; then pages as a screen asks for them.
                for (var page = 0; page < 20; page++)
                {
                    var clock = Stopwatch.StartNew();
                    token = (await search.ListAsync(query, Columns, PageSize, token)).Answer!.NextPageToken;
                    took.Add(clock.Elapsed.TotalMilliseconds);
                }

                var passed = 20 * PageSize;
                var matching = (await search.CountAsync(query)).Answer!.Total;
                while (passed < matching * 3 / 4)
                {
                    token = (await search.ListAsync(query, "", RunSearch.MaxPageSize, token)).Answer!.NextPageToken;
                    passed += RunSearch.MaxPageSize;
                }

                early.Add(Median(took));
                took.Clear();
                for (var page = 0; page < 20 && token is not null; page++)
                {
                    var clock = Stopwatch.StartNew();
                    token = (await search.ListAsync(query, Columns, PageSize, token)).Answer!.NextPageToken;
                    took.Add(clock.Elapsed.TotalMilliseconds);
                }

                late.Add(Median(took));
            }

            Console.WriteLine($"{query.Filter} BY {query.OrderBy}: early {Median(early):0.00} ms, late {Median(late):0.00} ms");
            ratios.Add(Median(late) / Median(early));
        }

        return [new Row($"{runs:N0} runs: late page / early page, {ratios.Count} searches", "x", ratios)];
    }

    /// <summary>
    /// What the indices cost those who write: a run that is queued, and a flush of a training run's seven metrics. What was written is removed again.
    /// </summary>
    private static async Task<IReadOnlyList<Row>> WritesAsync(EmptyHub hub, int runs)
    {
        const int Times = 100;
        var writer = hub.Get<MetricWriter>();
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        List<double> enqueued = [], flushed = [];
        for (var i = 0; i < Times; i++)
        {
            var clock = Stopwatch.StartNew();
            await hub.EnqueueAsync(experiment: "writes");
            enqueued.Add(clock.Elapsed.TotalMilliseconds);
        }

        var number = await db.Runs.MaxAsync(run => run.Number);
        for (var i = 1; i <= Times; i++)
        {
            foreach (var metric in MetricNames.OfEveryRun)
                writer.Append(number, metric, [new MetricPoint(i, i, 1.0 / i)]);
            var clock = Stopwatch.StartNew();
            await writer.FlushAsync();
            flushed.Add(clock.Elapsed.TotalMilliseconds);
        }

        await db.Experiments.Where(experiment => experiment.Name == "writes").ExecuteDeleteAsync();
        return [new Row($"{runs:N0} runs: queueing one more", "ms", enqueued), new Row($"{runs:N0} runs: one flush of seven metrics", "ms", flushed)];
    }

    private static string Filter(Random random) => random.Next(3) switch
    {
        0 => Metric(random),
        1 => Param(random),
        _ => $"{Metric(random)} and {Param(random)}",
    };

    private static string Metric(Random random)
    {
        var figure = random.Next(4) switch { 0 => "best", 1 => "min", 2 => "max", _ => "last" };
        var metric = ScaleData.MetricList[random.Next(ScaleData.MetricList.Count)];
        if (figure == "best" && MetricMeaning.Supposed(metric).Direction == MetricDirection.None)
            figure = "at_best";
        return string.Create(CultureInfo.InvariantCulture,
            $"{figure}(metrics.{metric}) {(random.Next(2) == 0 ? '<' : '>')} {random.NextDouble():0.000}");
    }

    private static string Param(Random random)
    {
        var knob = 1 + random.Next(ScaleData.MoreParams.Count);
        return string.Create(CultureInfo.InvariantCulture, $"params.knob{knob:00} {(knob % 3) switch
        {
            0 => $"= {random.Next(8)}",
            1 => $"{(random.Next(2) == 0 ? '<' : '>')} {random.NextDouble():0.000}",
            _ => $"{(random.Next(4) == 0 ? "!=" : "=")} 'choice-{random.Next(12)}'",
        }}");
    }

    private static string Order(Random random)
    {
        var direction = random.Next(2) == 0 ? " desc" : "";
        if (random.Next(2) == 0)
            return $"params.knob{1 + random.Next(ScaleData.MoreParams.Count):00}{direction}";
        var figure = random.Next(3) switch { 0 => "min", 1 => "max", _ => "last" };
        return $"{figure}(metrics.{ScaleData.MetricList[random.Next(ScaleData.MetricList.Count)]}){direction}";
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}

/// <param name="Runs">One database each.</param>
/// <param name="Folder">Where the data stays for the next time; a temporary one where it is null.</param>
internal sealed record ScaleOptions(IReadOnlyList<int> Runs, string? Folder);
