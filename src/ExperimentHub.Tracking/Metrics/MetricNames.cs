namespace ExperimentHub.Tracking.Metrics;

/// <summary>Which values of a metric are better.</summary>
public enum MetricDirection
{
    /// <summary>Neither: a rate, a load. Such a metric has no best value.</summary>
    None,
    LowerIsBetter,
    HigherIsBetter,
}

/// <summary>The names of the metrics that the hub itself knows. A run may have any others beside them.</summary>
public static class MetricNames
{
    public const int MaxLength = 200;

    public const string TrainLoss = "train_loss";
    public const string TestLoss = "test_loss";

    /// <summary>Fraction 0..1.</summary>
    public const string TestAccuracy = "test_accuracy";

    public const string LearningRate = "learning_rate";
    public const string SamplesPerSecond = "samples_per_second";

    /// <summary>Of one core: two busy cores are 200.</summary>
    public const string CpuPercent = "cpu_percent";

    public const string MemoryBytes = "memory_bytes";
    public const string GpuPercent = "gpu_percent";
    public const string GpuMemoryBytes = "gpu_memory_bytes";

    /// <summary>What every run of this hub's trainer has sooner or later.</summary>
    public static IReadOnlyList<string> OfEveryRun { get; } = [TrainLoss, TestLoss, TestAccuracy, LearningRate, SamplesPerSecond, CpuPercent, MemoryBytes];

    /// <summary>Read from the name, since trainers send names and nothing else: accuracies want to be high, losses and errors low.</summary>
    public static MetricDirection DirectionOf(string metric)
    {
        if (metric.Contains("accuracy", StringComparison.OrdinalIgnoreCase))
            return MetricDirection.HigherIsBetter;
        return metric.Contains("loss", StringComparison.OrdinalIgnoreCase) || metric.Contains("error", StringComparison.OrdinalIgnoreCase)
            ? MetricDirection.LowerIsBetter
            : MetricDirection.None;
    }
}
