namespace ExperimentHub.Tracking.Metrics;

/// <summary>Which values of a metric are better. The numbers are kept.</summary>
public enum MetricDirection
{
    /// <summary>Neither, or nobody said: a rate, a load. Such a metric has no best value.</summary>
    None = 0,
    LowerIsBetter = 1,
    HigherIsBetter = 2,
}

/// <summary>What a metric is to whoever looks at a run. The numbers are kept.</summary>
public enum MetricRole
{
    Other = 0,
    Loss = 1,
    Accuracy = 2,
}

/// <summary>The data that a metric is measured on. The numbers are kept.</summary>
public enum MetricSplit
{
    /// <summary>On none, or nobody said.</summary>
    None = 0,
    Train = 1,
    Validation = 2,
    Test = 3,
}

/// <summary>What whoever measures something says of it, kept with the series. Whoever reads asks the series and never its name.</summary>
public sealed record MetricMeaning(MetricDirection Direction, MetricRole Role = MetricRole.Other, MetricSplit Split = MetricSplit.None)
{
    /// <summary>
    /// What is kept of a new series of which nothing was said: accuracies want to be high, losses and errors low. Only for the moment in which a
    /// series is made; it never changes one that is there.
    /// </summary>
    public static MetricMeaning Supposed(string metric)
    {
        var split = Begins("train") ? MetricSplit.Train
            : Begins("valid") || Begins("val_") ? MetricSplit.Validation
            : Begins("test") ? MetricSplit.Test
            : MetricSplit.None;
        return Has("accuracy") ? new(MetricDirection.HigherIsBetter, MetricRole.Accuracy, split)
            : Has("loss") ? new(MetricDirection.LowerIsBetter, MetricRole.Loss, split)
            : new(Has("error") ? MetricDirection.LowerIsBetter : MetricDirection.None, MetricRole.Other, split);

        bool Has(string word) => metric.Contains(word, StringComparison.OrdinalIgnoreCase);

        bool Begins(string word) => metric.StartsWith(word, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>What several series of one name say about which of its values are better. One that says nothing contradicts nobody.</summary>
public readonly record struct DirectionsSaid(bool Lower, bool Higher)
{
    /// <summary>None where nobody says anything, and where they contradict each other.</summary>
    public MetricDirection Agreed => Lower == Higher ? MetricDirection.None : Higher ? MetricDirection.HigherIsBetter : MetricDirection.LowerIsBetter;

    public bool Contradict => Lower && Higher;

    public static DirectionsSaid Of(IEnumerable<MetricDirection> directions)
    {
        var said = directions.ToHashSet();
        return new DirectionsSaid(said.Contains(MetricDirection.LowerIsBetter), said.Contains(MetricDirection.HigherIsBetter));
    }
}
