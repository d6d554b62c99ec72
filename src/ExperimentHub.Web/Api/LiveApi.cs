using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Security;

namespace ExperimentHub.Web.Api;

/// <summary>
/// The new points of a run as server-sent events. Each viewer has a loop of its own that takes what is new when it gets to it: a slow one gets
/// fewer and larger messages and holds up nobody.
/// </summary>
internal static class LiveApi
{
    /// <summary>At most four messages a second.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>So many streams get all of their messages; with more of them each gets fewer, so that together they cost no more.</summary>
    private const int StreamsAtFullPace = 16;

    /// <summary>The shortest time between two messages of a stream beside so many others.</summary>
    internal static TimeSpan Pace(int openStreams) => Interval * Math.Max(1, openStreams / (double)StreamsAtFullPace);

    public static void MapLive(this RouteGroupBuilder api) =>
        api.MapGet("/runs/{id}/live", FollowAsync).WithName("FollowRun").WithSummary("Follow a run's metrics")
        .WithDescription(
            "Server-sent events: 'points' with what is new, 'end' when the run has ended and everything was sent. after: what is known already, as "
                + "metric:step with commas between; "
            + "each message's id has this form, so that a reconnected EventSource goes on where it was. 'back': the run went back to a checkpoint, "
            + "and some of what was sent is void; "
            + "read the series again. What comes after it follows.")
        .Produces(StatusCodes.Status200OK, contentType: "text/event-stream").ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> FollowAsync(
        string id, RunHistory history, RunTails tails, LiveSeries series, ConnectionLimits limits, IHostApplicationLifetime lifetime,
        HttpContext http, CancellationToken cancellation, string? after = null)
    {
        if (!RunId.TryParse(id, out var run) || await history.FindAsync(run, cancellation) is null)
            return ApiProblems.NoSuchRun(id);
        if (limits.TakeStream(http) is { } refusal)
            return refusal;
        var known = http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last ? last : after;
        return TypedResults.ServerSentEvents(PointsAsync(http.Response, run, Positions(known), limits, tails, series, lifetime.ApplicationStopping,
            cancellation));
    }

    /// <param name="hubStops">Otherwise an open page would hold up the end of the hub.</param>
    private static async IAsyncEnumerable<SseItem<SeriesResource>> PointsAsync(
        HttpResponse response, RunId id, SortedDictionary<string, long> sent, ConnectionLimits limits, RunTails tails, LiveSeries series,
        CancellationToken hubStops, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // A run that has nothing to say yet is followed all the same: the viewer hears that the stream is open.
        await response.Body.FlushAsync(cancellation);
        using var follower = tails.Follow(id, Interval);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(hubStops, cancellation);
        var pause = TimeSpan.Zero;
        var told = new ToldSeries(series, sent);
        while (await NextAsync(follower, pause, gone.Token) is { Run: { } run } found)
        {
            if (told.GoBack(found))
                yield return new SseItem<SeriesResource>(new SeriesResource(run.StepsPerEpoch, [], new StepTimes([], [])), "back") { EventId = $"{told}" };
            var (news, times) = await told.TellAsync(run.Number, found, cancellation);
            if (news.Count > 0)
                yield return new SseItem<SeriesResource>(new SeriesResource(run.StepsPerEpoch, news, times), "points") { EventId = $"{told}" };
            if (!run.Status.IsActive())
            {
                yield return new SseItem<SeriesResource>(new SeriesResource(run.StepsPerEpoch, [], times), "end") { EventId = $"{told}" };
                yield break;
            }

            // Asked anew each time: who came first slows down, too, when many come later.
            pause = Pace(limits.OpenStreams) - Interval;
        }
    }

    /// <returns>Null where the caller or the hub went away meanwhile.</returns>
    private static async Task<RunNews?> NextAsync(RunTails.Follower follower, TimeSpan pause, CancellationToken gone)
    {
        try
        {
            await Task.Delay(pause, gone);
            return await follower.NextAsync(gone);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

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
