using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// What is written of a whole run, once an epoch or more rarely, and therefore through EF: the ends of epochs, the best epoch, going back.
/// Every method runs in its caller's transaction, reads what it needs and may be repeated.
/// </summary>
internal static class MetricMarks
{
    /// <summary>Notes the ends of epochs, and takes the mean of each series over the steps of the last.</summary>
    /// <param name="steps">The last step of each epoch, in the order in which they ended.</param>
    public static async Task EndEpochsAsync(TrackingDb db, long run, IReadOnlyList<long> steps)
    {
        if (!await ExistsAsync(db, run))
            return;
        var (first, last) = (steps.Min(), steps.Max());
        var known = await db.MetricEpochs.Where(e => e.RunNumber == run && e.EndStep >= first && e.EndStep <= last).Select(e => e.EndStep)
            .ToListAsync();
        db.MetricEpochs.AddRange(steps.Except(known).Select(step => new MetricEpoch { RunNumber = run, EndStep = step }));
        await db.SaveChangesAsync();
        await TakeMeansAsync(db, run, await db.MetricSeries.Where(s => s.RunNumber == run).ToListAsync(), steps[^1]);
        await db.SaveChangesAsync();
    }

    /// <summary>Keeps the value that each series had at a step.</summary>
    public static async Task MarkBestAsync(TrackingDb db, MetricMark mark)
    {
        if (!await ExistsAsync(db, mark.Run))
            return;
        var values = new SortedDictionary<string, double>(StringComparer.Ordinal);
        // The chunk that the step lies in: the next one begins after it.
        var chunks = db.MetricChunks.Where(c => c.FirstStep <= mark.Step
            && !db.MetricChunks.Any(next => next.SeriesId == c.SeriesId && next.Ordinal == c.Ordinal + 1 && next.FirstStep <= mark.Step));
        var chunk = new ChunkBuilder();
        foreach (var found in await db.MetricSeries.Where(s => s.RunNumber == mark.Run)
            .Join(chunks, s => s.Id, c => c.SeriesId, (series, c) => new { Series = series, c.Data }).ToListAsync())
        {
            chunk.Load(found.Data);
            chunk.CutAfter(mark.Step);
            values[found.Series.Name] = chunk.Values[^1];
            found.Series.AtBest = double.IsNaN(chunk.Values[^1]) ? null : chunk.Values[^1];
        }

        if (await db.MetricSnapshots.FindAsync(mark.Run) is { } snapshot)
            (snapshot.Step, snapshot.Values) = (mark.Step, values);
        else
            db.MetricSnapshots.Add(new MetricSnapshot { RunNumber = mark.Run, Step = mark.Step, Values = values });
        await db.SaveChangesAsync();
    }

    /// <summary>Removes everything of a run that lies after a step.</summary>
    public static async Task RewindAsync(TrackingDb db, long run, long step)
    {
        await db.MetricEpochs.Where(e => e.RunNumber == run && e.EndStep > step).ExecuteDeleteAsync();
        if (await db.MetricSnapshots.Where(s => s.RunNumber == run && s.Step > step).ExecuteDeleteAsync() > 0)
            await db.MetricSeries.Where(s => s.RunNumber == run).ExecuteUpdateAsync(set => set.SetProperty(s => s.AtBest, (double?)null));
        var lastEpoch = await db.MetricEpochs.Where(e => e.RunNumber == run).MaxAsync(e => (long?)e.EndStep);
        var withoutMean = new List<MetricSeries>();
        foreach (var series in await db.MetricSeries.Where(s => s.RunNumber == run && (s.LastStep > step || s.EpochStep > step)).ToListAsync())
        {
            if (series.LastStep > step)
                await CutAsync(db, series, step);
            if (series.Count == 0)
                db.Remove(series);
            else if (series.EpochStep > step)
                withoutMean.Add(series);
        }

        await TakeMeansAsync(db, run, withoutMean, lastEpoch);
        await db.SaveChangesAsync();
    }

    private static async Task CutAsync(TrackingDb db, MetricSeries series, long step)
    {
        await db.MetricChunks.Where(c => c.SeriesId == series.Id && c.FirstStep > step).ExecuteDeleteAsync();
        if (await db.MetricChunks.Where(c => c.SeriesId == series.Id && c.LastStep > step).SingleOrDefaultAsync() is { } cut)
        {
            var points = new ChunkBuilder();
            points.Load(cut.Data);
            points.CutAfter(step);
            var row = points.Build(series.Id, cut.Ordinal);
            db.Entry(cut).CurrentValues.SetValues(row);
            await db.SaveChangesAsync();
        }

        var chunks = await db.MetricChunks.Where(c => c.SeriesId == series.Id).OrderBy(c => c.Ordinal)
            .Select(c => new { c.Ordinal, c.LastStep, c.LastTime, c.Count, c.NonFinite, c.Min, c.Max, c.Last }).ToListAsync();
        series.Count = chunks.Sum(c => (long)c.Count);
        if (chunks is not [.., var last])
            return;
        series.Chunks = chunks.Count;
        series.NonFinite = chunks.Sum(c => (long)c.NonFinite);
        (series.LastStep, series.LastTime, series.Last) = (last.LastStep, last.LastTime, last.Last);
        series.Min = chunks.Min(c => c.Min);
        series.MinStep = await StepOfAsync(db, series, series.Min, chunks.FirstOrDefault(c => c.Min == series.Min)?.Ordinal);
        series.Max = chunks.Max(c => c.Max);
        series.MaxStep = await StepOfAsync(db, series, series.Max, chunks.FirstOrDefault(c => c.Max == series.Max)?.Ordinal);
        SeriesSummary.TakeBest(series);
    }

    private static async Task<long?> StepOfAsync(TrackingDb db, MetricSeries series, double? value, int? ordinal)
    {
        if (value is null)
            return null;
        var chunk = new ChunkBuilder();
        chunk.Load(await db.MetricChunks.Where(c => c.SeriesId == series.Id && c.Ordinal == ordinal).Select(c => c.Data).SingleAsync());
        return chunk.StepOf(value.Value);
    }

    /// <param name="end">The last step of the epoch; null where the run has finished none.</param>
    private static async Task TakeMeansAsync(TrackingDb db, long run, List<MetricSeries> all, long? end)
    {
        foreach (var series in all)
            (series.EpochStep, series.EpochMean) = (end, null);
        if (end is null || all.Count == 0)
            return;
        var before = await db.MetricEpochs.Where(e => e.RunNumber == run && e.EndStep < end).MaxAsync(e => (long?)e.EndStep) ?? long.MinValue;
        var chunks = db.MetricSeries.Where(s => s.RunNumber == run).Join(db.MetricChunks, s => s.Id, c => c.SeriesId, (_, c) => c)
            .Where(c => c.LastStep > before && c.FirstStep <= end).OrderBy(c => c.SeriesId).ThenBy(c => c.Ordinal)
            .Select(c => new { c.SeriesId, c.Data });
        var points = new ChunkBuilder();
        var sums = new Dictionary<long, (double Sum, long Count)>();
        await foreach (var chunk in chunks.AsAsyncEnumerable())
        {
            points.Load(chunk.Data);
            points.CutAfter(end.Value);
            var (sum, count) = sums.GetValueOrDefault(chunk.SeriesId);
            for (var i = 0; i < points.Count; i++)
            {
                if (points.Steps[i] > before && double.IsFinite(points.Values[i]))
                    (sum, count) = (sum + points.Values[i], count + 1);
            }

            sums[chunk.SeriesId] = (sum, count);
        }

        foreach (var series in all)
        {
            if (sums.TryGetValue(series.Id, out var found) && found.Count > 0)
                series.EpochMean = found.Sum / found.Count;
        }
    }

    // A hidden run, whose experiment was deleted a moment ago, still counts: it may come back.
    private static Task<bool> ExistsAsync(TrackingDb db, long run) => db.Runs.IgnoreQueryFilters().AnyAsync(r => r.Number == run);
}
