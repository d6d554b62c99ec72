using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Storage;

/// <summary>
/// Knows whether the database and its disk take writes, and keeps trying what must be written. An outage begins with the first write that fails for
/// it and ends when a probe succeeds, by itself. Every member may be used from any thread.
/// </summary>
public sealed class StorageWatch : IDisposable
{
    /// <summary>Between two probes of an outage.</summary>
    public static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(1);

    /// <summary>A write that fails although the probe succeeded (it needs more room) waits longer each time, up to this.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>What a probe writes to the disk: more than the database asks for at once.</summary>
    private const int ProbeBytes = 1 << 20;

    private readonly CancellationTokenSource _givingUp = new();
    private readonly CancellationToken _givenUp;
    private readonly SemaphoreSlim _probing = new(1);
    private readonly Lock _lock = new();
    private readonly string _probeFile;
    private readonly IDatabaseTrouble _database;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private TaskCompletionSource? _recovery;
    private volatile StorageOutage? _outage;
    private volatile Exception? _failure;

    public StorageWatch(DataFolder folder, IDatabaseTrouble database, TimeProvider time, ILogger<StorageWatch> logger)
    {
        (_probeFile, _database, _time, _logger) = (Path.Combine(folder.Root, "room.probe"), database, time, logger);
        // Kept, because a source that is disposed gives its token no more.
        _givenUp = _givingUp.Token;
    }

    /// <summary>Raised when an outage begins or ends.</summary>
    public event Action? Changed;

    /// <summary>null while writes succeed.</summary>
    public StorageOutage? Outage => _outage;

    /// <summary>What an exception says of the database or the disk; null where trying again would not help.</summary>
    public StorageTrouble? TroubleOf(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if ((e is IOException file ? DiskTrouble.Of(file) : _database.Of(e)) is { } trouble)
                return trouble;
        }

        return null;
    }

    /// <summary>Notes that a write failed, where the exception says that the database or the disk is in trouble.</summary>
    /// <returns>Whether it does.</returns>
    public bool Note(Exception exception)
    {
        if (TroubleOf(exception) is not { } trouble)
            return false;
        lock (_lock)
        {
            if (_recovery is not null)
                return true;
            _recovery = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _outage = new StorageOutage(trouble, _time.GetUtcNow().UtcDateTime);
        }

        _logger.LogError(exception, "Nothing can be written: {Reason}. What must be written waits in memory. {Remedy}", _outage.Reason,
            _outage.Remedy);
        Changed?.Invoke();
        _ = Task.Run(WatchAsync);
        return true;
    }

    /// <summary>
    /// Does what must be done, on a pool thread, and tries it again for as long as the database or the disk is in trouble. Any other exception is
    /// passed on at once; the trouble itself only after <see cref="GiveUpAfter"/>.
    /// </summary>
    /// <param name="write">Leaves nothing behind where it throws, or may be repeated.</param>
    /// <param name="cancellation">Ends the waiting, not the writing.</param>
    public async Task<T> UntilDoneAsync<T>(Func<Task<T>> write, CancellationToken cancellation = default)
    {
        var wait = TimeSpan.Zero;
        while (true)
        {
            // Given up in the middle of an outage: every further try would only keep the hub from ending.
            if (_givenUp.IsCancellationRequested && _outage is not null && _failure is { } known)
                ExceptionDispatchInfo.Throw(known);
            try
            {
                return await Task.Run(write, CancellationToken.None);
            }
            catch (Exception e) when (!_givenUp.IsCancellationRequested && Note(e))
            {
                _failure = e;
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _givenUp);
                await WaitAsync(wait, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellation.ThrowIfCancellationRequested();
                wait = wait == TimeSpan.Zero ? ProbeInterval : TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, LongestWait.Ticks));
            }
        }
    }

    /// <inheritdoc cref="UntilDoneAsync{T}"/>
    public Task UntilDoneAsync(Func<Task> write, CancellationToken cancellation = default) => UntilDoneAsync(async () =>
    {
        await write();
        return true;
    }, cancellation);

    /// <summary>Ends all waiting after a while, for a hub that stops: what is not written then, the next start finds out.</summary>
    public void GiveUpAfter(TimeSpan patience) => _givingUp.CancelAfter(patience);

    /// <summary>Tries whether the database and the disk take writes; notes what it finds.</summary>
    /// <returns>null where they do.</returns>
    public async Task<StorageOutage?> CheckAsync(CancellationToken cancellation = default)
    {
        try
        {
            await Task.Run(() => ProbeAsync(cancellation), cancellation);
            Recover();
        }
        catch (Exception e) when (e is not OperationCanceledException && Note(e))
        {
            // An outage that changed its reason (a lock on a disk that is full by now) is told with the newest.
            if (_outage is { } known && TroubleOf(e) is { } trouble && trouble != known.Trouble)
                _outage = known with { Trouble = trouble };
        }

        return _outage;
    }

    public void Dispose()
    {
        _givingUp.Cancel();
        _givingUp.Dispose();
        _probing.Dispose();
    }

    private async Task WaitAsync(TimeSpan atLeast, CancellationToken cancellation)
    {
        await Task.Delay(atLeast, _time, cancellation);
        Task recovery;
        lock (_lock)
            recovery = _recovery?.Task ?? Task.CompletedTask;
        await recovery.WaitAsync(cancellation);
    }

    private async Task WatchAsync()
    {
        try
        {
            while (_outage is not null)
            {
                await Task.Delay(ProbeInterval, _time, _givenUp);
                await CheckAsync(_givenUp);
            }
        }
        catch (Exception e) when (_givenUp.IsCancellationRequested)
        {
            _logger.LogDebug(e, "The hub stops; the outage is no longer watched");
        }
        catch (Exception e)
        {
            // A probe that fails in another way says nothing about writes: those that wait find out themselves.
            _logger.LogError(e, "The database and its disk cannot be probed");
            Recover();
        }
    }

    private void Recover()
    {
        TaskCompletionSource recovery;
        lock (_lock)
        {
            if (_recovery is null)
                return;
            (recovery, _recovery) = (_recovery, null);
            _outage = null;
        }

        _logger.LogWarning("Writes succeed again");
        recovery.SetResult();
        Changed?.Invoke();
    }

    private async Task ProbeAsync(CancellationToken cancellation)
    {
        await _probing.WaitAsync(cancellation);
        try
        {
            // Reserved bytes are enough to know; nothing is flushed to the disk. Without a buffer, so that closing the file cannot fail once more.
            await using (var file = new FileStream(_probeFile, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
                await file.WriteAsync(new byte[ProbeBytes], cancellation);
            File.Delete(_probeFile);
            await _database.ProbeAsync(cancellation);
        }
        catch (IOException)
        {
            // What did fit must not take the room that the hub waits for.
            File.Delete(_probeFile);
            throw;
        }
        finally
        {
            _probing.Release();
        }
    }
}
