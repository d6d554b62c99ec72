namespace ExperimentHub.Tracking.Metrics;

/// <summary>Keeps the summary row of a series in step with its chunks, which are added in their order.</summary>
internal static class SeriesSummary
{
    /// <param name="points">The points of the chunk.</param>
    /// <param name="chunk">Its row.</param>
    /// <param name="known">How many of its points are counted already.</param>
    public static void Add(MetricSeries series, ChunkBuilder points, MetricChunk chunk, int known)
    {
        if (series.Count == 0)
            series.FirstStep = chunk.FirstStep;
        series.Count += points.Count - known;
        foreach (var value in points.Values[known..])
            series.NonFinite += double.IsFinite(value) ? 0 : 1;
        series.Chunks = chunk.Ordinal + 1;
        series.LastStep = chunk.LastStep;
        series.LastTime = chunk.LastTime;
        series.Last = chunk.Last;
        // Only what is really less or more, so that the first step with the value stays.
        if (chunk.Min is { } min && !(series.Min <= min))
            (series.Min, series.MinStep) = (min, points.StepOf(min));
        if (chunk.Max is { } max && !(series.Max >= max))
            (series.Max, series.MaxStep) = (max, points.StepOf(max));
        TakeBest(series);
    }

    public static void TakeBest(MetricSeries series) =>
        (series.Best, series.BestStep) = series.Direction switch
        {
            MetricDirection.LowerIsBetter => (series.Min, series.MinStep),
            MetricDirection.HigherIsBetter => (series.Max, series.MaxStep),
            _ => (null, null),
        };
}
