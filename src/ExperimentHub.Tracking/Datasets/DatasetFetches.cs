using System.Collections.Concurrent;
using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Tracking.Datasets;

/// <summary>A published data set on its way to this machine, or the reason why the last try failed.</summary>
/// <param name="Activity">What is being done, for a person.</param>
/// <param name="Fraction">0..1 where it is known.</param>
/// <param name="Problem">Why it ended without the data set; null while it is on its way.</param>
public sealed record DatasetFetch(string Activity, double? Fraction, string? Problem = null);

/// <summary>
/// What people ask to have fetched. A trainer process does the work: it knows the sources, and the web server stays out of the internet. Whoever
/// listens to
/// <see cref="Requested"/> reports here.
/// </summary>
public sealed class DatasetFetches
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Raised with the key, on the thread that brings the news.</summary>
    public event Action<string>? Changed;

    /// <summary>Raised when somebody wants a data set; the token says that they no longer do.</summary>
    public event Action<DatasetInfo, CancellationToken>? Requested;

    /// <summary>null where nobody asked, or where it has arrived.</summary>
    public DatasetFetch? Find(string key) => _entries.GetValueOrDefault(key)?.State;

    public bool IsOnItsWay(string key) => Find(key) is { Problem: null };

    /// <summary>Asks for a published data set. Asking again while it is on its way changes nothing.</summary>
    public void Request(DatasetInfo dataset)
    {
        var entry = new Entry(new DatasetFetch($"Looking for {dataset.Name}", null), new CancellationTokenSource());
        var kept = _entries.AddOrUpdate(dataset.Key, entry, (_, earlier) => earlier.State.Problem is null ? earlier : entry);
        if (kept != entry)
            return;
        Changed?.Invoke(dataset.Key);
        Requested?.Invoke(dataset, entry.Stop.Token);
    }

    public void Cancel(string key)
    {
        if (_entries.GetValueOrDefault(key) is { State.Problem: null } entry)
            entry.Stop.Cancel();
    }

    /// <summary>For whoever fetches.</summary>
    public void Report(string key, string activity, double? fraction)
    {
        if (_entries.TryGetValue(key, out var entry) && _entries.TryUpdate(key, entry with { State = new DatasetFetch(activity, fraction) }, entry))
            Changed?.Invoke(key);
    }

    /// <summary>For whoever fetches: it is over.</summary>
    /// <param name="problem">null where the data set is here, or nobody wants it any more.</param>
    public void End(string key, string? problem)
    {
        if (!_entries.TryGetValue(key, out var entry))
            return;
        if (problem is null)
            _entries.TryRemove(key, out _);
        else
            _entries[key] = entry with { State = new DatasetFetch("", null, problem) };
        Changed?.Invoke(key);
    }

    private sealed record Entry(DatasetFetch State, CancellationTokenSource Stop);
}
