using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// The newest points of the runs that somebody follows. Each run is read once for all of its followers, so that a hundred cost the database no more
/// than one.
/// </summary>
public sealed class RunTails(RunFeed feed, RunHistory history, MetricReader reader, LiveSeries series)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<RunId, (RunTail Tail, int Followers)> _tails = [];

    /// <summary>Follows a run until the result is disposed.</summary>
    /// <param name="interval">The shortest time between two readings, where the run is not followed yet.</param>
    public Follower Follow(RunId run, TimeSpan interval)
    {
        lock (_lock)
        {
            var (tail, followers) = _tails.TryGetValue(run, out var open) ? open : (new RunTail(run, feed, interval, history, reader, series), 0);
            _tails[run] = (tail, followers + 1);
            return new Follower(this, run, tail);
        }
    }

    private void Leave(RunId run)
    {
        lock (_lock)
        {
            var (tail, followers) = _tails[run];
            if (followers > 1)
            {
                _tails[run] = (tail, followers - 1);
                return;
            }

            _tails.Remove(run);
            tail.Dispose();
        }
    }

    /// <summary>One who follows a run. Not for several threads.</summary>
    public sealed class Follower : IDisposable
    {
        private readonly RunTails _tails;
        private readonly RunId _run;
        private readonly RunTail _tail;
        private long _seen;
        private bool _left;

        internal Follower(RunTails tails, RunId run, RunTail tail) => (_tails, _run, _tail, _seen) = (tails, run, tail, tail.Join());

        /// <summary>
        /// The run as it was read after this call's predecessor, or after the follower came; waits for a change where nothing is new. Readings that a
        /// slow follower missed are in the next.
        /// </summary>
        /// <exception cref="OperationCanceledException">The caller no longer waits.</exception>
        public async Task<RunNews> NextAsync(CancellationToken cancellation = default)
        {
            var news = await _tail.NextAsync(_seen, cancellation);
            var earlier = _seen;
            _seen = news.Number;
            return news with { Since = earlier };
        }

        public void Dispose()
        {
            if (!_left)
                _tails.Leave(_run);
            _left = true;
        }
    }
}
