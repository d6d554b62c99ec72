using ExperimentHub.Protocol;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>What the numbers of a metric count.</summary>
public enum MetricUnit
{
    None,

    /// <summary>0 to 1, and shown in percent.</summary>
    Fraction,

    /// <summary>Kept in percent.</summary>
    Percent,
    Bytes,
}

/// <summary>The names of the metrics that the hub itself knows. A run may have any others beside them.</summary>
public static class MetricNames
{
    public const int MaxLength = Limits.MetricName;

    public const string TrainLoss = "train_loss";
    public const string TestLoss = "test_loss";

    /// <summary>Fraction 0..1.</summary>
    public const string TestAccuracy = "test_accuracy";

    /// <summary>On the images held back from training.</summary>
    public const string ValidationLoss = "validation_loss";

    /// <inheritdoc cref="ValidationLoss"/>
    public const string ValidationAccuracy = "validation_accuracy";

    /// <summary>Of the training images as their steps saw them, augmented and with the weights of that moment.</summary>
    public const string TrainAccuracy = "train_accuracy";

    public const string LearningRate = "learning_rate";

    /// <summary>Over all parameters, before clipping.</summary>
    public const string GradientNorm = "gradient_norm";

    public const string SamplesPerSecond = "samples_per_second";

    /// <summary>Of one core: two busy cores are 200.</summary>
    public const string CpuPercent = "cpu_percent";

    public const string MemoryBytes = "memory_bytes";
    public const string GpuPercent = "gpu_percent";
    public const string GpuMemoryBytes = "gpu_memory_bytes";

    /// <summary>What every run of this hub's trainer has sooner or later.</summary>
    public static IReadOnlyList<string> OfEveryRun { get; } =
        [TrainLoss, TestLoss, TestAccuracy, LearningRate, SamplesPerSecond, CpuPercent, MemoryBytes];

    /// <summary>Read from the name: it decides how numbers are written, and nothing else.</summary>
    public static MetricUnit UnitOf(string metric) =>
        metric.Contains("accuracy", StringComparison.OrdinalIgnoreCase) ? MetricUnit.Fraction
        : metric.EndsWith("_percent", StringComparison.OrdinalIgnoreCase) ? MetricUnit.Percent
        : metric.EndsWith("_bytes", StringComparison.OrdinalIgnoreCase) ? MetricUnit.Bytes
        : MetricUnit.None;
}
