using System.Data;
using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>Reads what is in the database. For what waits to be written see <see cref="MetricWriter.PendingAfter"/>.</summary>
public sealed class MetricReader(IDbContextFactory<TrackingDb> databases)
{
    public const int MaxBuckets = 10_000;

    /// <summary>The metrics of a run by name.</summary>
    public Task<IReadOnlyList<MetricSeries>> SummariesAsync(long runNumber, CancellationToken cancellation = default) =>
        SummariesAsync([runNumber], cancellation);

    /// <summary>The metrics of several runs, by name.</summary>
    public async Task<IReadOnlyList<MetricSeries>> SummariesAsync(IReadOnlyCollection<long> runNumbers, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.MetricSeries.AsNoTracking().Where(s => runNumbers.Contains(s.RunNumber)).OrderBy(s => s.Name).ThenBy(s => s.RunNumber)
            .ToListAsync(cancellation);
    }

    /// <summary>All metrics at the end of the run's best epoch; null where none was marked.</summary>
    public async Task<MetricSnapshot?> BestAsync(long runNumber, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.MetricSnapshots.AsNoTracking().FirstOrDefaultAsync(s => s.RunNumber == runNumber, cancellation);
    }

    /// <summary>The points of a series within a range, both ends included; empty where there is no such series.</summary>
    /// <exception cref="DamagedChunkException">A chunk cannot be read.</exception>
    public async Task<IReadOnlyList<MetricPoint>> ReadAsync(
        long runNumber, string metric, long fromStep = 0, long toStep = long.MaxValue, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var series = await db.MetricSeries.AsNoTracking().FirstOrDefaultAsync(s => s.RunNumber == runNumber && s.Name == metric, cancellation);
        return series is null ? [] : await ReadAsync(db, series, fromStep, toStep, cancellation);
    }

    /// <summary>
    /// Draws series with at most <paramref name="maxBuckets"/> points each: of buckets of equally many steps the least, the greatest and the last
    /// value, exact and the same on each call. A series that has no more points in the range comes back as it is.
    /// </summary>
    /// <param name="fromStep">Included; where not given, each series begins with its first step.</param>
    /// <param name="toStep">Included; where not given, each series ends with its last step.</param>
    /// <param name="maxBuckets">1 to <see cref="MaxBuckets"/>.</param>
    /// <returns>The series that exist, run by run in the order asked for, and within a run in the order of the metrics.</returns>
    /// <exception cref="DamagedChunkException">A chunk cannot be read.</exception>
    public async Task<IReadOnlyList<MetricBuckets>> BucketsAsync(
        IReadOnlyCollection<long> runNumbers, IReadOnlyCollection<string> metrics, long? fromStep, long? toStep, int maxBuckets,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBuckets, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxBuckets, MaxBuckets);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var known = await db.MetricSeries.AsNoTracking().Where(s => runNumbers.Contains(s.RunNumber) && metrics.Contains(s.Name))
            .ToDictionaryAsync(s => (s.RunNumber, s.Name), cancellation);
        await db.Database.OpenConnectionAsync(cancellation);
        await using var chunks = ChunkQuery(db.Database.GetDbConnection());
        var answer = new List<MetricBuckets>();
        foreach (var run in runNumbers)
        {
            foreach (var metric in metrics)
            {
                if (!known.TryGetValue((run, metric), out var series))
                    continue;
                // What is written meanwhile lies after the last step known here, and is left for the next call.
                var from = Math.Max(fromStep ?? 0, series.FirstStep);
                var to = Math.Min(toStep ?? long.MaxValue, series.LastStep);
                answer.Add(await DrawAsync(db, chunks, series, from, to, maxBuckets, cancellation));
            }
        }

        return answer;
    }

    /// <summary>
    /// When which step was, from the ends of the series' chunks: at most <paramref name="most"/> pairs of step and Unix time in milliseconds, the
    /// first and the last included. Between two of them time is as good as even.
    /// </summary>
    public async Task<IReadOnlyList<(long Step, long Time)>> TimesAsync(long runNumber, string metric, int most,
        CancellationToken cancellation = default) =>
        (await TimesAsync([runNumber], metric, most, cancellation)).GetValueOrDefault(runNumber, []);

    /// <summary>The same of several runs, by their numbers; without those that have no such series.</summary>
    public async Task<IReadOnlyDictionary<long, IReadOnlyList<(long Step, long Time)>>> TimesAsync(
        IReadOnlyCollection<long> runNumbers, string metric, int most, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var ends = await db.MetricSeries.Where(s => s.Name == metric && runNumbers.Contains(s.RunNumber))
            .Join(db.MetricChunks, s => s.Id, c => c.SeriesId,
                (s, c) => new { s.RunNumber, c.Ordinal, c.FirstStep, c.FirstTime, c.LastStep, c.LastTime })
            .OrderBy(end => end.RunNumber).ThenBy(end => end.Ordinal).ToListAsync(cancellation);
        return ends.GroupBy(end => end.RunNumber).ToDictionary(
            run => run.Key, IReadOnlyList<(long, long)> (run) =>
                Thinned([.. run.SelectMany(c => new[] { (c.FirstStep, c.FirstTime), (c.LastStep, c.LastTime) }).Distinct()], most));
    }

    private static List<(long Step, long Time)> Thinned(List<(long Step, long Time)> times, int most)
    {
        var stride = (times.Count + most - 1) / most;
        return stride < 2 ? times : [.. times.Where((_, i) => i % stride == 0 || i == times.Count - 1)];
    }

    private static async Task<MetricBuckets> DrawAsync(
        TrackingDb db, DbCommand chunks, MetricSeries series, long from, long to, int maxBuckets, CancellationToken cancellation)
    {
        if (from > to)
            return new MetricBuckets(series, from, 0);
        return series.Count > maxBuckets && await FillAsync(chunks, series, from, to, maxBuckets, cancellation) is { } filled
            ? filled
            : await PointsAsync(db, series, from, to, cancellation);
    }

    /// <summary>Null where the range has no more points than there may be buckets.</summary>
    private static async Task<MetricBuckets?> FillAsync(DbCommand chunks, MetricSeries series, long from, long to, int maxBuckets,
        CancellationToken cancellation)
    {
        var width = (to - from) / maxBuckets + 1;
        var fill = new BucketFill(series, from, to, width);
        chunks.Parameters[0].Value = series.Id;
        chunks.Parameters[1].Value = from;
        chunks.Parameters[2].Value = to;
        chunks.Parameters[3].Value = width;
        await using var row = await chunks.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            if (row.IsDBNull(0))
                fill.AddWhole(row.GetInt64(1), row.GetInt64(2), row.GetInt32(3), row.GetInt32(4), NumberAt(row, 5), NumberAt(row, 6),
                    NumberAt(row, 7));
            else
                fill.AddPoints(row.GetFieldValue<byte[]>(0));
        }

        return fill.Points > maxBuckets ? fill.Finish() : null;
    }

    private static async Task<MetricBuckets> PointsAsync(TrackingDb db, MetricSeries series, long from, long to, CancellationToken cancellation)
    {
        var points = new MetricBuckets(series, from, 0);
        foreach (var point in await ReadAsync(db, series, from, to, cancellation))
            points.Add(point);
        return points;
    }

    /// <summary>The chunks that overlap a range; without their points where they lie within it and within one bucket.</summary>
    private static DbCommand ChunkQuery(DbConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText = """
            SELECT CASE WHEN "FirstStep" >= @from AND "LastStep" <= @to AND ("FirstStep" - @from) / @width = ("LastStep" - @from) / @width THEN NULL ELSE "Data" END,
                "FirstStep", "LastStep", "Count", "NonFinite", "Min", "Max", "Last"
            FROM "MetricChunks" WHERE "SeriesId" = @series AND "LastStep" >= @from AND "FirstStep" <= @to ORDER BY "Ordinal"
            """;
        foreach (var name in (ReadOnlySpan<string>)["@series", "@from", "@to", "@width"])
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.DbType = DbType.Int64;
            command.Parameters.Add(parameter);
        }

        return command;
    }

    private static async Task<IReadOnlyList<MetricPoint>> ReadAsync(TrackingDb db, MetricSeries series, long from, long to,
        CancellationToken cancellation)
    {
        var points = new List<MetricPoint>();
        var chunk = new ChunkBuilder();
        var chunks = db.MetricChunks.Where(c => c.SeriesId == series.Id && c.LastStep >= from && c.FirstStep <= to).OrderBy(c => c.Ordinal)
            .Select(c => c.Data);
        await foreach (var data in chunks.AsAsyncEnumerable().WithCancellation(cancellation))
        {
            chunk.Load(data);
            for (var i = 0; i < chunk.Count; i++)
            {
                if (chunk.Steps[i] >= from && chunk.Steps[i] <= to)
                    points.Add(new MetricPoint(chunk.Steps[i], chunk.Times[i], chunk.Values[i]));
            }
        }

        return points;
    }

    private static double? NumberAt(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDouble(column);
}
