using System.Data.Common;
using System.Diagnostics;

namespace ExperimentHub.Tracking.Queries;

/// <summary>
/// Lets people's questions run beside each other without one keeping the others waiting. A question begins at once, beside a few others. One that is
/// not answered quickly goes on as a lasting one, and few of those run at a time: where no place is free it is interrupted, waits in line and begins
/// again. It ends with whoever asked it, and when its time is up.
/// </summary>
public sealed class QueryTurns(QueryLimits limits) : IDisposable
{
    private readonly SemaphoreSlim _quick = new(limits.Quick);
    private readonly SemaphoreSlim _lasting = new(limits.Lasting);

    /// <summary>Runs a question that only reads, so that it can be begun again.</summary>
    /// <param name="question">All of its statements run in the flow of this call.</param>
    /// <exception cref="QueryTooLongException">It took longer than <see cref="QueryLimits.Budget"/>, or waited that long for its turn.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> question, CancellationToken cancellation)
    {
        await EnterAsync(_quick, cancellation);
        var turn = new Turn(limits.QuickFor, TakeLastingPlace);
        try
        {
            if (await TryAsync(question, turn, cancellation) is { } answer)
                return answer.Value;
        }
        finally
        {
            (turn.TookLastingPlace ? _lasting : _quick).Release();
        }

        await EnterAsync(_lasting, cancellation);
        try
        {
            return (await TryAsync(question, new Turn(limits.Budget, () => false), cancellation)
                ?? throw new QueryTooLongException(limits.Budget)).Value;
        }
        finally
        {
            _lasting.Release();
        }
    }

    /// <summary>Gives the quick place to the next where a lasting one is free.</summary>
    private bool TakeLastingPlace()
    {
        if (!_lasting.Wait(0, CancellationToken.None))
            return false;
        _quick.Release();
        return true;
    }

    /// <returns>null where it was interrupted and may begin again.</returns>
    private async Task<Answer<T>?> TryAsync<T>(Func<CancellationToken, Task<T>> question, Turn turn, CancellationToken cancellation)
    {
        var begun = Stopwatch.GetTimestamp();
        using var watch = QueryWatch.Begin(() => turn.IsUp(Stopwatch.GetElapsedTime(begun), limits.Budget), cancellation);
        try
        {
            return new Answer<T>(await question(cancellation));
        }
        catch (DbException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException("Nobody waits for the answer of this search any more.", cancellation);
        }
        catch (DbException e) when (turn.WasUp)
        {
            return turn.TookLastingPlace ? throw new QueryTooLongException(limits.Budget, e) : null;
        }
    }

    private async Task EnterAsync(SemaphoreSlim places, CancellationToken cancellation)
    {
        if (!await places.WaitAsync(limits.Budget, cancellation))
            throw new QueryTooLongException(limits.Budget);
    }

    public void Dispose()
    {
        _quick.Dispose();
        _lasting.Dispose();
    }

    private readonly record struct Answer<T>(T Value);

    /// <summary>One try: how long it may go on as a quick question, and whether it became a lasting one on the way.</summary>
    private sealed class Turn(TimeSpan quickFor, Func<bool> takeLastingPlace)
    {
        public bool TookLastingPlace { get; private set; }

        public bool WasUp { get; private set; }

        public bool IsUp(TimeSpan elapsed, TimeSpan budget)
        {
            if (elapsed < quickFor)
                return WasUp;
            if (TookLastingPlace)
                return WasUp = elapsed >= budget;
            // A place that is free spares the question its beginning.
            TookLastingPlace = !WasUp && takeLastingPlace();
            return WasUp = !TookLastingPlace;
        }
    }
}

/// <summary>How questions share the machine.</summary>
/// <param name="Quick">So many begin at a time.</param>
/// <param name="Lasting">So many that take longer than <paramref name="QuickFor"/> go on at a time.</param>
/// <param name="Budget">No question takes longer, and none waits longer for a place.</param>
public sealed record QueryLimits(int Quick, int Lasting, TimeSpan QuickFor, TimeSpan Budget)
{
    /// <summary>
    /// One processor is left to training and pages. A page of 100,000 runs takes some 10 ms (docs/benchmarks.md), so whatever takes 250 is another
    /// kind of question.
    /// </summary>
    public static QueryLimits Default { get; } =
        new(Quick: 4, Lasting: Math.Max(1, Environment.ProcessorCount - 1), TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(10));
}

/// <summary>A question took more time than there is for one.</summary>
public sealed class QueryTooLongException(TimeSpan budget, Exception? inner = null) : TimeoutException(
    $"The search was ended because it had no answer after {budget.TotalSeconds:0} seconds. "
    + "Ask for less: name an experiment, compare numbers or whole words instead of parts of texts, or try again when fewer people search.", inner);
