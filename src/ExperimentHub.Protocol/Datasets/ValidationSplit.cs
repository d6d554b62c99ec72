namespace ExperimentHub.Protocol.Datasets;

/// <summary>Images of the training set that are held back from training and evaluated after each epoch.</summary>
public sealed record ValidationSplit
{
    /// <summary>How many; at least 1, and at least as many must be left to train on as there are classes.</summary>
    public int Samples { get; init; } = 5_000;

    /// <summary>Decides which images, alone: runs with other seeds and models hold back the same ones.</summary>
    public long Seed { get; init; } = 1;
}
