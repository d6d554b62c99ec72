using ExperimentHub.Tracking.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace ExperimentHub.Tracking.Tests.Metrics;

/// <summary>An empty hub with some runs, and writers whose clock stands still: what is written is what the test flushes.</summary>
internal sealed class MetricHub : IAsyncDisposable
{
    private readonly EmptyHub _hub;
    private readonly List<MetricWriter> _writers = [];

    private MetricHub(EmptyHub hub) => _hub = hub;

    public FakeTimeProvider Time { get; } = new();

    public MetricReader Reader => _hub.Get<MetricReader>();

    public IDbContextFactory<TrackingDb> Databases => _hub.Get<IDbContextFactory<TrackingDb>>();

    public static async Task<MetricHub> CreateAsync(int runs = 1)
    {
        var hub = new MetricHub(await EmptyHub.CreateAsync());
        for (var i = 0; i < runs; i++)
            await hub._hub.EnqueueAsync();
        return hub;
    }

    public MetricWriter NewWriter(int maxPending = 2_000_000, IDbContextFactory<TrackingDb>? databases = null, ILogger<MetricWriter>? logger = null)
    {
        var writer = new MetricWriter(databases ?? Databases, Time, logger ?? NullLogger<MetricWriter>.Instance) { MaxPending = maxPending };
        _writers.Add(writer);
        return writer;
    }

    public async Task<MetricSeries> SummaryAsync(string metric, long run = 1) =>
        Assert.Single(await Reader.SummariesAsync(run), s => s.Name == metric);

    public async Task<IEnumerable<long>> StepsAsync(string metric, long run = 1) => (await Reader.ReadAsync(run, metric)).Select(point => point.Step);

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in _writers)
            await writer.DisposeAsync();
        await _hub.DisposeAsync();
    }

    /// <summary>Points at the steps from <paramref name="first"/> to <paramref name="last"/>.</summary>
    public static MetricPoint[] Points(long first, long last, Func<long, double>? value = null) =>
        [.. Enumerable.Range(0, (int)(last - first + 1))
            .Select(i => new MetricPoint(first + i, 1_800_000_000_000 + 2 * (first + i), (value ?? (step => 1.0 / step))(first + i)))];
}
