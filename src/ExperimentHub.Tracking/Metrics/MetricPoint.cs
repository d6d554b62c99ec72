namespace ExperimentHub.Tracking.Metrics;

/// <summary>One value of a metric.</summary>
/// <param name="Step">Counts over all epochs, never below 0; grows from point to point of a series.</param>
/// <param name="Time">Unix time in milliseconds.</param>
/// <param name="Value">Kept bit for bit, NaN and infinities included.</param>
public readonly record struct MetricPoint(long Step, long Time, double Value);
