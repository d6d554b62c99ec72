using System.Runtime.InteropServices;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>
/// The points that are appended to one run from now on, kept until they are taken, so that whoever follows the run need not ask the database for what
/// has only just been given to it. May be used from any thread.
/// </summary>
internal sealed class FreshPoints(long run, Action<FreshPoints> leave) : IDisposable
{
    /// <summary>A follower that takes nothing for so long is better served by the database; at 24 bytes each.</summary>
    private const int MostPoints = 200_000;

    private static readonly IReadOnlyDictionary<string, List<MetricPoint>> None = new Dictionary<string, List<MetricPoint>>();

    private readonly Lock _lock = new();
    private Dictionary<string, List<MetricPoint>> _points = new(StringComparer.Ordinal);
    private int _count;
    private bool _isBroken;

    public long Run => run;

    public void Add(string metric, ReadOnlySpan<MetricPoint> points)
    {
        lock (_lock)
        {
            if (_isBroken)
                return;
            if (_count + points.Length > MostPoints)
            {
                Break();
                return;
            }

            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(_points, metric, out _);
            list ??= [];
            list.AddRange(points);
            _count += points.Length;
        }
    }

    /// <summary>What was taken so far and what is here no longer tell how the run stands: it went back to an earlier step.</summary>
    public void Break()
    {
        lock (_lock)
        {
            (_isBroken, _count) = (true, 0);
            _points.Clear();
        }
    }

    /// <summary>
    /// What came since the last call, by metric, in the order it came; a replay may have brought a step again. Null where that is not all or no
    /// longer true: then the run is to be read from the database, after this call.
    /// </summary>
    public IReadOnlyDictionary<string, List<MetricPoint>>? Take()
    {
        lock (_lock)
        {
            if (_isBroken)
            {
                _isBroken = false;
                return null;
            }

            if (_count == 0)
                return None;
            (var taken, _points, _count) = (_points, new Dictionary<string, List<MetricPoint>>(StringComparer.Ordinal), 0);
            return taken;
        }
    }

    public void Dispose() => leave(this);
}
