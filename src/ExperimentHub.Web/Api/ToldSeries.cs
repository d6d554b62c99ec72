using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Web.Api;

/// <summary>How far one viewer was told of the series of a run, and what it is to be told next.</summary>
/// <param name="told">The last step of each metric that the viewer knows.</param>
/// <param name="shown">The metrics that it is told of; null for all.</param>
internal sealed class ToldSeries(LiveSeries series, SortedDictionary<string, long> told, IReadOnlySet<string>? shown = null)
{
    /// <summary>A screen cannot show more at once; where more came, one point stands for its neighbours.</summary>
    private const int MaxPointsOfAMetric = 50;

    /// <summary>The last step of which it was said when it was.</summary>
    private long _timed = -1;

    /// <summary>The viewer reads by itself what there was until now.</summary>
    public void LeaveOut(RunNews news)
    {
        foreach (var (metric, tail) in news.Series.Where(one => Shows(one.Key)))
            told[metric] = tail.Newest;
    }

    /// <summary>Forgets what is void by now, since the run went back to a checkpoint.</summary>
    /// <returns>Whether the viewer was told of it.</returns>
    public bool GoBack(RunNews news)
    {
        var back = news.WentBack(told);
        foreach (var (metric, step) in back)
            told[metric] = step;
        if (back.Count > 0)
            _timed = -1;
        return back.Count > 0;
    }

    /// <summary>What the viewer does not know yet, from now on told, and when the newest step was; empty where there is nothing new.</summary>
    public async Task<(IReadOnlyList<MetricSeriesResource> News, StepTimes Times)> TellAsync(long run, RunNews found, CancellationToken cancellation)
    {
        var news = new List<MetricSeriesResource>();
        foreach (var (metric, tail) in found.Series.Where(one => Shows(one.Key)))
        {
            var known = told.GetValueOrDefault(metric, -1);
            var (steps, values) = tail.After(known) is { } points
                ? Thinned(points) : await DrawnAsync(run, metric, known + 1, tail.Newest, cancellation);
            if (steps is not [.., var last])
                continue;
            told[metric] = last;
            news.Add(new MetricSeriesResource(metric, 0, steps, values, null, null));
        }

        // Of the metric that has every step, shown or not.
        if (news.Count == 0 || found.Series.GetValueOrDefault(MetricNames.TrainLoss) is not { } loss || loss.Newest <= _timed)
            return (news, new StepTimes([], []));
        _timed = loss.Newest;
        return (news, new StepTimes([loss.Newest], [loss.NewestTime]));
    }

    /// <summary>As an event's id has it: metric:step with commas between.</summary>
    public override string ToString() => string.Join(',', told.Select(pair => $"{pair.Key}:{pair.Value}"));

    private bool Shows(string metric) => shown?.Contains(metric) != false;

    private static (long[] Steps, double[] Values) Thinned(IReadOnlyList<MetricPoint> points)
    {
        var stride = Math.Max(1, (points.Count + MaxPointsOfAMetric - 1) / MaxPointsOfAMetric);
        MetricPoint[] shown = [.. points.Chunk(stride).Select(chunk => chunk[^1])];
        return ([.. shown.Select(point => point.Step)], [.. shown.Select(point => point.Value)]);
    }

    /// <summary>
    /// What a viewer missed who knows little or nothing: drawn, so that its cost does not grow with the run. What came since the reading is left to
    /// the next one, which may find that the run went back.
    /// </summary>
    private async Task<(IReadOnlyList<long> Steps, IReadOnlyList<double> Values)> DrawnAsync(
        long run, string metric, long from, long to, CancellationToken cancellation) =>
        await series.DrawAsync([run], [metric], from, to, MaxPointsOfAMetric, cancellation) is [var drawing]
            ? (drawing.Steps, drawing.Values) : ([], []);
}
