namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// Keeps the recorders from having the database to themselves. SQLite knows no queue: whoever finds it locked looks again after a while, and among
/// transactions that follow one another at once they could look in vain for a minute. All recorders of the hub together take at most a third of the
/// time, with a pause after each batch in which everybody who waits has looked once.
/// </summary>
internal sealed class RecordingPace(TimeProvider time)
{
    /// <summary>The driver looks again every 150 ms.</summary>
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(160);

    /// <summary>After a batch that took very long the next one is not put off for as long again and again: what waits is shown.</summary>
    private static readonly TimeSpan MostPause = TimeSpan.FromSeconds(2);

    private int _recorders;

    /// <summary>A batch begins.</summary>
    public Turn Begin()
    {
        Interlocked.Increment(ref _recorders);
        return new Turn(this, time.GetTimestamp());
    }

    private TimeSpan PauseAfter(TimeSpan batch)
    {
        var pause = 2 * Math.Max(1, Volatile.Read(ref _recorders)) * batch;
        return pause < LeastPause ? LeastPause : pause > MostPause ? MostPause : pause;
    }

    /// <summary>One batch and the pause after it.</summary>
    internal sealed class Turn(RecordingPace pace, long began) : IDisposable
    {
        /// <param name="ended">Ends the pause: at most one batch comes after it, and somebody waits for the end of it all.</param>
        /// <param name="hurry">Ends the pause.</param>
        public async Task LeaveToOthersAsync(Task ended, CancellationToken hurry)
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(hurry);
            await Task.WhenAny(ended, Task.Delay(pace.PauseAfter(pace.Time.GetElapsedTime(began)), pace.Time, over.Token));
            await over.CancelAsync();
        }

        public void Dispose() => Interlocked.Decrement(ref pace._recorders);
    }

    private TimeProvider Time => time;
}
