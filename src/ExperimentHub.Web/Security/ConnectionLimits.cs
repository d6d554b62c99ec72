using System.Globalization;
using System.Threading.RateLimiting;

namespace ExperimentHub.Web.Security;

/// <summary>
/// How many lasting connections the hub keeps, so that no program that opens more and more of them takes the machine from training.
/// </summary>
/// <param name="Pages">Open pages. Each costs 2 to 6 MB.</param>
/// <param name="Streams">Event streams of runs.</param>
internal sealed record ConnectionLimitOptions(int Pages, int Streams)
{
    public const int UsualPages = 100;
    public const int UsualStreams = 100;
}

/// <summary>
/// Gives places to open pages and event streams, and tells who comes too late. One client, which is an address, may have nine tenths of the places,
/// so that somebody else still gets in; on loopback all are one client. New pages have a pace as well: as many at once as there are places, as after
/// a start of the hub, and then one or a few a second.
/// </summary>
internal sealed class ConnectionLimits(ConnectionLimitOptions options) : IDisposable
{
    private const int RetryAfterSeconds = 10;

    private readonly PartitionedRateLimiter<HttpContext> _pages = Of(options.Pages);
    private readonly PartitionedRateLimiter<HttpContext> _streams = Of(options.Streams);
    private readonly TokenBucketRateLimiter _newPages = new(new TokenBucketRateLimiterOptions
    {
        TokenLimit = options.Pages,
        TokensPerPeriod = Math.Max(1, options.Pages / 50),
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
    });

    private int _openStreams;

    /// <summary>How many event streams are open now.</summary>
    public int OpenStreams => Volatile.Read(ref _openStreams);

    /// <summary>Takes places for an open page; null where there is none. Given back by disposing.</summary>
    public IDisposable? TakePage(HttpContext context)
    {
        var place = _pages.AttemptAcquire(context);
        if (place.IsAcquired && _newPages.AttemptAcquire().IsAcquired)
            return place;
        place.Dispose();
        return null;
    }

    /// <summary>True where a page that is sent now could not be opened.</summary>
    public bool PagesAreFull(HttpContext context) =>
        _pages.GetStatistics(context)!.CurrentAvailablePermits == 0 || _newPages.GetStatistics()!.CurrentAvailablePermits == 0;

    /// <summary>Takes a place for an event stream until its request ends.</summary>
    /// <returns>What to answer where there is none; null where the stream may begin.</returns>
    public IResult? TakeStream(HttpContext context)
    {
        var place = _streams.AttemptAcquire(context);
        if (!place.IsAcquired)
        {
            place.Dispose();
            AskToComeBack(context);
            return Results.Problem(
                $"This hub keeps at most {options.Streams} event streams open. Close some, or read /api/v1/runs/{{id}}/series from time to time.",
                statusCode: StatusCodes.Status503ServiceUnavailable, title: "Too many event streams");
        }

        Interlocked.Increment(ref _openStreams);
        context.Response.OnCompleted(() =>
        {
            Interlocked.Decrement(ref _openStreams);
            place.Dispose();
            return Task.CompletedTask;
        });
        return null;
    }

    public static void AskToComeBack(HttpContext context) =>
        context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _pages.Dispose();
        _streams.Dispose();
        _newPages.Dispose();
    }

    private static PartitionedRateLimiter<HttpContext> Of(int places)
    {
        var all = PartitionedRateLimiter.Create<HttpContext, int>(_ => Partition(0, places));
        var ofOneClient = PartitionedRateLimiter.Create<HttpContext, string>(context =>
            Partition(context.Connection.RemoteIpAddress?.ToString() ?? "", places - (places / 10)));
        return PartitionedRateLimiter.CreateChained(ofOneClient, all);
    }

    private static RateLimitPartition<TKey> Partition<TKey>(TKey key, int places) =>
        RateLimitPartition.GetConcurrencyLimiter(key, _ => new ConcurrencyLimiterOptions { PermitLimit = places });
}
