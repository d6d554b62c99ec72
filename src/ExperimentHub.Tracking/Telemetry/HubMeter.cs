using System.Diagnostics.Metrics;

namespace ExperimentHub.Tracking.Telemetry;

/// <summary>
/// What the hub counts and times of itself, for whoever listens to the meter of this <see cref="Name"/>. While nobody does, a measurement costs one
/// comparison.
/// Names, units and meanings are listed in docs/operation.md.
/// </summary>
public static class HubMeter
{
    public const string Name = "ExperimentHub";

    private static readonly Meter Meter = new(Name);

    /// <summary>A point of a metric that is in the database. Its rate is what the hub records per second.</summary>
    internal static readonly Counter<long> PointsWritten = Meter.CreateCounter<long>(
        "experimenthub.points.written", "{point}", "Points of metrics that were written");

    internal static readonly Counter<long> PointsDropped = Meter.CreateCounter<long>(
        "experimenthub.points.dropped", "{point}", "Points of metrics that are lost");

    /// <summary>One transaction that writes the points that wait.</summary>
    internal static readonly Histogram<double> FlushDuration = Meter.CreateHistogram(
        "experimenthub.flush.duration", "s", "Time to write the points that waited", advice:
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] });

    /// <summary>From the creation of a run to its first attempt.</summary>
    internal static readonly Histogram<double> QueueWait = Meter.CreateHistogram(
        "experimenthub.queue.wait", "s", "Time from the creation of a run to its first attempt", advice:
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600] });
}
