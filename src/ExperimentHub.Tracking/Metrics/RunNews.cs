using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>A run as one reading found it, for all who follow it.</summary>
/// <param name="Number">Counts the readings.</param>
/// <param name="Run">Null where the run is gone.</param>
/// <param name="Series">By metric.</param>
public sealed record RunNews(long Number, RunState? Run, IReadOnlyDictionary<string, SeriesTail> Series)
{
    /// <summary>The reading that the follower had before.</summary>
    public long Since { get; init; }

    /// <summary>
    /// The metrics of which a follower was told more than is true by now, since the run went back to a checkpoint, and the last step of each that
    /// still is.
    /// </summary>
    /// <param name="sent">The last step that the follower knows, by metric.</param>
    public IReadOnlyList<(string Metric, long Step)> WentBack(IReadOnlyDictionary<string, long> sent) =>
        [.. Series.Where(pair => sent.TryGetValue(pair.Key, out var step) && step > pair.Value.ValidFor(Since))
            .Select(pair => (pair.Key, pair.Value.ValidFor(Since)))];
}

/// <summary>The end of a series.</summary>
/// <param name="Newest">The last step; -1 where there is no point.</param>
/// <param name="NewestTime">When that was, in Unix milliseconds.</param>
/// <param name="From">What comes after this step is here; what comes before must be read from the database.</param>
/// <param name="Points">In order, as they were found by the last readings.</param>
public sealed record SeriesTail(long Newest, long NewestTime, long From, IReadOnlyList<IReadOnlyList<MetricPoint>> Points)
{
    /// <summary>More than any follower falls behind; with all metrics of a run some 2 MB.</summary>
    private const int MostPoints = 10_000;

    /// <summary>The last reading that found the series shorter than it was, and the shortest it has been.</summary>
    private (long Reading, long Step) _back = (-1, long.MaxValue);

    /// <summary>The points after a step; null where they begin before <see cref="From"/>.</summary>
    public IReadOnlyList<MetricPoint>? After(long step) => step >= Newest ? []
        : step < From ? null
        : [.. Points.SkipWhile(found => found[^1].Step <= step).SelectMany(found => found).SkipWhile(point => point.Step <= step)];

    /// <summary>The last step that somebody can know who has not heard of the series since a reading.</summary>
    internal long ValidFor(long reading) => _back.Reading > reading ? Math.Min(_back.Step, Newest) : Newest;

    internal SeriesTail CutTo(long newest, long time, long reading) =>
        new(newest, time, Math.Min(From, newest),
            [.. Points.Select(found => found.Where(point => point.Step <= newest).ToArray()).Where(found => found.Length > 0)])
        {
            _back = (reading, Math.Min(_back.Step, newest)),
        };

    internal SeriesTail With(IReadOnlyList<MetricPoint> added)
    {
        if (added.Count == 0)
            return this;
        List<IReadOnlyList<MetricPoint>> points = [.. Points, added];
        var from = From;
        for (var count = points.Sum(found => found.Count); count > MostPoints && points.Count > 1; points.RemoveAt(0))
        {
            count -= points[0].Count;
            from = points[0][^1].Step;
        }

        return new SeriesTail(added[^1].Step, added[^1].Time, from, points) { _back = _back };
    }
}
