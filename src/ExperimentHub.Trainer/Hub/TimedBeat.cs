namespace ExperimentHub.Trainer.Hub;

/// <summary>
/// Heartbeats by a timer, for the few works that are one long call and can say nothing themselves: loading libraries, and what a device does for the
/// first time, when it loads its kernels. They end with the work, and at the latest after <see cref="Limit"/>: whoever hangs then falls silent, and
/// is noticed.
/// </summary>
internal sealed class TimedBeat : IDisposable
{
    /// <summary>CUDA's libraries are gigabytes, and may come over a network.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Action _beat;
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly ITimer _timer;
    private bool _ended;

    /// <param name="beat">Called every second, on a pool thread.</param>
    public TimedBeat(Action beat, TimeProvider? time = null)
    {
        _beat = beat;
        _time = time ?? TimeProvider.System;
        _began = _time.GetTimestamp();
        _timer = _time.CreateTimer(_ => Beat(), null, Interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>No beat comes after it.</summary>
    public void Dispose()
    {
        lock (_lock)
            _ended = true;
        _timer.Dispose();
    }

    private void Beat()
    {
        lock (_lock)
        {
            _ended |= _time.GetElapsedTime(_began) > Limit;
            if (_ended)
                return;
            try
            {
                _beat();
            }
            catch (IOException)
            {
                // The hub is gone; the work itself learns that from its own words.
                _ended = true;
                return;
            }

            // Only now, so that beats which a slow hub holds up do not queue.
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }
}
