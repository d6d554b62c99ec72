using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Security;

namespace ExperimentHub.Web.Api;

/// <summary>
/// The new points of several runs in one stream: a browser has few connections for all of its pages. It begins with what comes from now on, and
/// whoever lost it reads the series again, so that it needs no positions, which would be long for many runs.
/// </summary>
internal static class ManyLiveApi
{
    /// <summary>At most one message a second: curves that lie over each other are drawn anew together.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static void MapManyLive(this RouteGroupBuilder api) =>
        api.MapGet("/live", FollowAsync).WithName("FollowManyRuns").WithSummary("Follow some metrics of several runs")
        .WithDescription(
            $"runs: ids with commas between them, at most {ManySeriesApi.MaxRuns}; those that do not exist or have ended are left out. metrics: names "
                + "with commas between them. Server-sent events: 'ready' once everything that comes from now on will be told, so that whoever reads "
                + "the series after it misses nothing; then 'points', by run, at most once a second; 'back' with runs that went back to a checkpoint, "
                + "whose series are to be read again; 'end' when all of them have ended. After a lost connection read the series again.")
        .Produces(StatusCodes.Status200OK, contentType: "text/event-stream").ProducesValidationProblem();

    private static async Task<IResult> FollowAsync(
        RunHistory history, RunTails tails, LiveSeries series, ConnectionLimits limits, IHostApplicationLifetime lifetime, HttpContext http,
        CancellationToken cancellation, string? runs = null, string? metrics = null)
    {
        var problems = new List<SpecProblem>();
        var (ids, names) = (ManySeriesApi.RunsOf(runs, problems), ManySeriesApi.MetricsOf(metrics, problems));
        if (problems.Count > 0)
            return ApiProblems.Invalid(problems);
        var known = await history.NamesAsync(ids, cancellation);
        if (limits.TakeStream(http) is { } refusal)
            return refusal;
        RunId[] there = [.. ids.Where(known.ContainsKey).Distinct()];
        return TypedResults.ServerSentEvents(
            PointsAsync(http.Response, there, names.ToHashSet(), limits, tails, series, lifetime.ApplicationStopping, cancellation));
    }

    /// <param name="hubStops">Otherwise an open page would hold up the end of the hub.</param>
    private static async IAsyncEnumerable<SseItem<ManyLiveResource>> PointsAsync(
        HttpResponse response, IReadOnlyList<RunId> ids, HashSet<string> metrics, ConnectionLimits limits, RunTails tails, LiveSeries series,
        CancellationToken hubStops, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await response.Body.FlushAsync(cancellation);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(hubStops, cancellation);
        var viewed = ids.Select(id => new Viewed(id, tails.Follow(id, LiveApi.Interval), new ToldSeries(series, [], metrics), gone.Token)).ToList();
        try
        {
            if (!await WaitAsync(Task.WhenAll(viewed.Select(one => one.Next))))
                yield break;
            foreach (var one in viewed)
                one.Told.LeaveOut(await one.Next);
            yield return new SseItem<ManyLiveResource>(new ManyLiveResource([]), "ready");
            while (true)
            {
                var (points, back) = (new List<LiveRunResource>(), new List<LiveRunResource>());
                foreach (var one in viewed.Where(one => one.Next.IsCompleted).ToList())
                {
                    var found = await one.Next;
                    if (found.Run is { } run)
                    {
                        if (one.Told.GoBack(found))
                            back.Add(new LiveRunResource(one.Id.ToString(), run.StepsPerEpoch, [], new StepTimes([], [])));
                        var (news, times) = await one.Told.TellAsync(run.Number, found, gone.Token);
                        if (news.Count > 0)
                            points.Add(new LiveRunResource(one.Id.ToString(), run.StepsPerEpoch, news, times));
                    }

                    if (found.Run?.Status.IsActive() == true)
                        one.GoOn(gone.Token);
                    else if (viewed.Remove(one))
                        one.Dispose();
                }

                if (back.Count > 0)
                    yield return new SseItem<ManyLiveResource>(new ManyLiveResource(back), "back");
                if (points.Count > 0)
                    yield return new SseItem<ManyLiveResource>(new ManyLiveResource(points), "points");
                if (viewed.Count == 0)
                {
                    yield return new SseItem<ManyLiveResource>(new ManyLiveResource([]), "end");
                    yield break;
                }

                // Asked anew each time: who came first slows down, too, when many come later.
                var pace = LiveApi.Pace(limits.OpenStreams);
                if (!await WaitAsync(Task.Delay(pace > Interval ? pace : Interval, gone.Token))
                    || !await WaitAsync(Task.WhenAny(viewed.Select(one => one.Next)).Unwrap()))
                    yield break;
            }
        }
        finally
        {
            viewed.ForEach(one => one.Dispose());
        }
    }

    /// <returns>false where the caller or the hub went away meanwhile.</returns>
    private static async Task<bool> WaitAsync(Task what)
    {
        try
        {
            await what;
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>A run that one viewer follows, and its next reading.</summary>
    private sealed class Viewed(RunId id, RunTails.Follower follower, ToldSeries told, CancellationToken gone) : IDisposable
    {
        public RunId Id => id;

        public ToldSeries Told => told;

        public Task<RunNews> Next { get; private set; } = follower.NextAsync(gone);

        public void GoOn(CancellationToken gone) => Next = follower.NextAsync(gone);

        public void Dispose() => follower.Dispose();
    }
}

/// <summary>News of several runs; of each that has some.</summary>
internal sealed record ManyLiveResource(IReadOnlyList<LiveRunResource> Runs);

/// <summary>What is new of one of several runs.</summary>
/// <param name="Times">When the newest step was.</param>
internal sealed record LiveRunResource(string Run, int? StepsPerEpoch, IReadOnlyList<MetricSeriesResource> Series, StepTimes Times);
