using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Security;

namespace ExperimentHub.Web.Api;

/// <summary>
/// The new points of a run as server-sent events. Each viewer has a loop of its own that reads what is new when it gets to it: a slow one gets
/// fewer and larger messages and holds up nobody.
/// </summary>
internal static class LiveApi
{
    /// <summary>A screen cannot show more at once; where more came, one point stands for its neighbours.</summary>
    private const int MaxPointsOfAMetric = 50;

    /// <summary>At most four messages a second.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>So many streams get all of their messages; with more of them each gets fewer, so that together they cost no more.</summary>
    private const int StreamsAtFullPace = 16;

    public static void MapLive(this RouteGroupBuilder api) => api.MapGet("/runs/{id}/live", FollowAsync).WithName("FollowRun").WithSummary("Follow a run's metrics")
        .WithDescription("Server-sent events: 'points' with what is new, 'end' when the run has ended and everything was sent. after: what is known already, as metric:step with commas between; "
            + "each message's id has this form, so that a reconnected EventSource goes on where it was. 'back': the run went back to a checkpoint, and some of what was sent is void; "
            + "read the series again. What comes after it follows.")
        .Produces(StatusCodes.Status200OK, contentType: "text/event-stream").ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> FollowAsync(
        string id, RunHistory history, RunFeed feed, MetricReader reader, LiveSeries series, ConnectionLimits limits, IHostApplicationLifetime lifetime, HttpContext http, CancellationToken cancellation,
        string? after = null)
    {
        if (!RunId.TryParse(id, out var run) || await history.FindAsync(run, cancellation) is null)
            return ApiProblems.NoSuchRun(id);
        if (limits.TakeStream(http) is { } refusal)
            return refusal;
        var pace = Interval * Math.Max(1, limits.OpenStreams / (double)StreamsAtFullPace);
        var known = http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : after;
        return TypedResults.ServerSentEvents(PointsAsync(http.Response, run, Positions(known), pace, history, feed, reader, series, lifetime.ApplicationStopping, cancellation));
    }

    /// <param name="pace">The shortest time between two messages.</param>
    /// <param name="hubStops">Otherwise an open page would hold up the end of the hub.</param>
    private static async IAsyncEnumerable<SseItem<SeriesResource>> PointsAsync(
        HttpResponse response, RunId id, SortedDictionary<string, long> sent, TimeSpan pace, RunHistory history, RunFeed feed, MetricReader reader, LiveSeries series,
        CancellationToken hubStops, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // A run that has nothing to say yet is followed all the same: the viewer hears that the stream is open.
        await response.Body.FlushAsync(cancellation);
        using var changed = new SemaphoreSlim(1);
        using var subscription = feed.Subscribe(id, () =>
        {
            if (changed.CurrentCount == 0)
                changed.Release();
            return Task.CompletedTask;
        }, pace);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(hubStops, cancellation);
        while (true)
        {
            if (!await ChangedAsync(changed, gone.Token))
                yield break;
            // The status first: what an ended run has to show is complete.
            if (await history.StateAsync(id, cancellation) is not { } run)
                yield break;
            var news = new List<MetricSeriesResource>();
            var times = new StepTimes([], []);
            // Before what is written is read: points only move from memory to the database.
            var newest = sent.Keys.ToDictionary(metric => metric, metric => series.LastWaiting(run.Number, metric)?.Step ?? -1);
            var summaries = await reader.SummariesAsync(run.Number, cancellation);
            foreach (var summary in summaries.Where(summary => newest.ContainsKey(summary.Name)))
                newest[summary.Name] = Math.Max(newest[summary.Name], summary.LastStep);
            var wentBack = newest.Where(pair => pair.Value < sent[pair.Key]).ToList();
            if (wentBack.Count > 0)
            {
                foreach (var (metric, step) in wentBack)
                    sent[metric] = step;
                yield return new SseItem<SeriesResource>(new SeriesResource(run.StepsPerEpoch, news, times), "back") { EventId = Text(sent) };
            }

            foreach (var metric in summaries.Select(summary => summary.Name).Union(MetricNames.OfEveryRun))
            {
                var points = await series.AfterAsync(run.Number, metric, sent.GetValueOrDefault(metric, -1), cancellation);
                if (points.Count == 0)
                    continue;
                sent[metric] = points[^1].Step;
                if (metric == MetricNames.TrainLoss)
                    times = new StepTimes([points[^1].Step], [points[^1].Time]);
                var stride = (points.Count + MaxPointsOfAMetric - 1) / MaxPointsOfAMetric;
                MetricPoint[] shown = [.. points.Chunk(stride).Select(chunk => chunk[^1])];
                news.Add(new MetricSeriesResource(metric, 0, [.. shown.Select(point => point.Step)], [.. shown.Select(point => point.Value)], null, null));
            }

            if (news.Count > 0)
                yield return new SseItem<SeriesResource>(new SeriesResource(run.StepsPerEpoch, news, times), "points") { EventId = Text(sent) };
            if (!run.Status.IsActive())
            {
                yield return new SseItem<SeriesResource>(new SeriesResource(run.StepsPerEpoch, [], times), "end") { EventId = Text(sent) };
                yield break;
            }
        }
    }

    private static async Task<bool> ChangedAsync(SemaphoreSlim changed, CancellationToken gone)
    {
        try
        {
            await changed.WaitAsync(gone);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static string Text(SortedDictionary<string, long> sent) => string.Join(',', sent.Select(pair => $"{pair.Key}:{pair.Value}"));

    /// <summary>What cannot be read counts as not known, and is sent again.</summary>
    private static SortedDictionary<string, long> Positions(string? text)
    {
        var positions = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var colon = part.LastIndexOf(':');
            // A name with a line break would end the event that says it back.
            if (colon > 0 && part[..colon] is { Length: <= MetricNames.MaxLength } name && !name.Any(char.IsControl)
                && long.TryParse(part.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var step))
                positions[name] = step;
        }

        return positions;
    }
}
