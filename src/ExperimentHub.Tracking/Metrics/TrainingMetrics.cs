using System.Collections.Frozen;

namespace ExperimentHub.Tracking.Metrics;

/// <summary>What the hub's own trainings measure, and what their recorder says of it.</summary>
public static class TrainingMetrics
{
    private static readonly FrozenDictionary<string, MetricMeaning> Declared = new Dictionary<string, MetricMeaning>
    {
        [MetricNames.TrainLoss] = new(MetricDirection.LowerIsBetter, MetricRole.Loss, MetricSplit.Train),
        [MetricNames.TestLoss] = new(MetricDirection.LowerIsBetter, MetricRole.Loss, MetricSplit.Test),
        [MetricNames.ValidationLoss] = new(MetricDirection.LowerIsBetter, MetricRole.Loss, MetricSplit.Validation),
        [MetricNames.TrainAccuracy] = new(MetricDirection.HigherIsBetter, MetricRole.Accuracy, MetricSplit.Train),
        [MetricNames.TestAccuracy] = new(MetricDirection.HigherIsBetter, MetricRole.Accuracy, MetricSplit.Test),
        [MetricNames.ValidationAccuracy] = new(MetricDirection.HigherIsBetter, MetricRole.Accuracy, MetricSplit.Validation),
        [MetricNames.LearningRate] = new(MetricDirection.None),
        [MetricNames.GradientNorm] = new(MetricDirection.None),
        [MetricNames.SamplesPerSecond] = new(MetricDirection.None),
        [MetricNames.CpuPercent] = new(MetricDirection.None),
        [MetricNames.MemoryBytes] = new(MetricDirection.None),
        [MetricNames.GpuPercent] = new(MetricDirection.None),
        [MetricNames.GpuMemoryBytes] = new(MetricDirection.None),
    }.ToFrozenDictionary();

    /// <summary>What the recorder says of one of the hub's own metrics.</summary>
    public static MetricMeaning MeaningOf(string metric) => Declared[metric];
}
