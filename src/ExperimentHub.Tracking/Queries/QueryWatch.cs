namespace ExperimentHub.Tracking.Queries;

/// <summary>
/// Says whether a query that runs at this moment must end: because nobody waits for it any more, or because its time is up. It belongs to the
/// asynchronous flow that began it, so whatever that flow asks the database is watched, also where no token reaches it. A provider asks
/// <see cref="MustEnd"/> every few thousand of its instructions and then interrupts the query.
/// </summary>
public sealed class QueryWatch : IDisposable
{
    private static readonly AsyncLocal<QueryWatch?> Innermost = new();

    private readonly QueryWatch? _outer;
    private readonly CancellationToken _gone;
    private readonly Func<bool>? _timeIsUp;
    private volatile bool _ended;

    private QueryWatch(Func<bool>? timeIsUp, CancellationToken gone)
    {
        (_outer, _gone, _timeIsUp) = (Innermost.Value, gone, timeIsUp);
        Innermost.Value = this;
    }

    /// <summary>Watches the queries of this flow until it is disposed. A watch within another is held by both.</summary>
    /// <param name="gone">Cancelled when nobody waits for the answer.</param>
    public static QueryWatch Begin(CancellationToken gone) => new(null, gone);

    /// <summary>Watches them and their time.</summary>
    /// <param name="timeIsUp">Asked often and from the query's thread, so it must be cheap and must not throw.</param>
    public static QueryWatch Begin(Func<bool> timeIsUp, CancellationToken gone) => new(timeIsUp, gone);

    /// <summary>True where the query of the calling flow is to be interrupted.</summary>
    public static bool MustEnd
    {
        get
        {
            for (var watch = Innermost.Value; watch is not null; watch = watch._outer)
            {
                // Work that outlives what it came from, such as a list that everybody will use, has nobody who could leave it.
                if (!watch._ended && (watch._gone.IsCancellationRequested || watch._timeIsUp?.Invoke() == true))
                    return true;
            }

            return false;
        }
    }

    public void Dispose()
    {
        _ended = true;
        if (Innermost.Value == this)
            Innermost.Value = _outer;
    }
}
