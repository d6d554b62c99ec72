namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// What a trainer has said and nobody has recorded yet. It is read as it comes and taken in batches, so that a long line of words costs little for
/// each. No more than a limit waits: then nothing is read, the pipe fills, and the trainer waits until the recorder has caught up. Only one may take.
/// </summary>
internal sealed class TrainerWords
{
    /// <summary>
    /// At most this much waits: a second's work of a recorder that is slow, so that a trainer which is told to stop is never far ahead.
    /// </summary>
    public const int MostLines = 512;

    private const int MostCharacters = 8 << 20;

    /// <summary>A trainer that was asked to stop must not wait for the recorder, or it could not say where it stopped within its grace.</summary>
    private const int WideFactor = 8;

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private List<BoundedLines.Line> _waiting = [];
    private long _characters;
    private int _factor = 1;
    private bool _discards;
    private bool _ended;
    private TaskCompletionSource _arrived = NewSource();
    private TaskCompletionSource _room = NewSource();
    private TimeSpan? _listeningSince;

    public TrainerWords(BoundedLines lines, TimeProvider time)
    {
        _time = time;
        _listeningSince = time.GetElapsedTime(0);
        Ended = ReadToEndAsync(lines);
    }

    /// <summary>Completes, and never fails, when there is nothing more to read.</summary>
    public Task Ended { get; }

    /// <summary>
    /// Since when the trainer has said nothing although somebody listened; null while nobody reads because too much waits. By a clock that nobody
    /// sets (<see cref="TimeProvider.GetTimestamp"/>).
    /// </summary>
    public TimeSpan? SilentSince
    {
        get
        {
            lock (_lock)
                return _listeningSince;
        }
    }

    /// <summary>Waits for words.</summary>
    /// <returns>All that wait, oldest first; empty at the end.</returns>
    public async Task<IReadOnlyList<BoundedLines.Line>> TakeAsync()
    {
        while (true)
        {
            Task arrived;
            lock (_lock)
            {
                if (_waiting.Count > 0)
                {
                    var taken = _waiting;
                    (_waiting, _characters) = ([], 0);
                    MakeRoom();
                    return taken;
                }

                if (_ended)
                    return [];
                arrived = _arrived.Task;
            }

            await arrived;
        }
    }

    /// <summary>From now on more may wait: the trainer is asked to stop and has little left to say.</summary>
    public void Widen()
    {
        lock (_lock)
        {
            _factor = WideFactor;
            MakeRoom();
        }
    }

    /// <summary>Nothing more is wanted: what comes is read and forgotten, what waits can still be taken.</summary>
    public void End()
    {
        lock (_lock)
        {
            (_discards, _ended) = (true, true);
            _arrived.TrySetResult();
            MakeRoom();
        }
    }

    private async Task ReadToEndAsync(BoundedLines lines)
    {
        try
        {
            while (await lines.ReadAsync() is { } line)
            {
                while (Add(line) is { } full)
                    await full;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The pipe was closed under us, which only we do: an end like any other.
        }

        lock (_lock)
        {
            _ended = true;
            _arrived.TrySetResult();
        }
    }

    /// <returns>What to wait for before it is tried again; null where it was added.</returns>
    private Task? Add(BoundedLines.Line line)
    {
        lock (_lock)
        {
            if (!_discards && _waiting.Count > 0 && (_waiting.Count >= MostLines * _factor || _characters
                + line.Text.Length > (long)MostCharacters * _factor))
            {
                _listeningSince = null;
                return _room.Task;
            }

            _listeningSince = _time.GetElapsedTime(0);
            if (_discards)
                return null;
            _waiting.Add(line with { At = _time.GetUtcNow() });
            _characters += line.Text.Length;
            _arrived.TrySetResult();
            _arrived = NewSource();
            return null;
        }
    }

    private void MakeRoom()
    {
        _room.TrySetResult();
        _room = NewSource();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
