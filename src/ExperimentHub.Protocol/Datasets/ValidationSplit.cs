namespace ExperimentHub.Protocol.Datasets;

/// <summary>Images of the training set that are held back from training and evaluated after each epoch.</summary>
public sealed record ValidationSplit
{
    /// <summary>How many; at least 1, and at least as many must be left to train on as there are classes.</summary>
    public int Samples { get; init; } = 5_000;

    /// <summary>Decides which images, alone: runs with other seeds and models hold back the same ones.</summary>
    public long Seed { get; init; } = 1;

    internal void Check(ProblemList problems, int trainSamples, int classes)
    {
        var most = trainSamples - classes;
        problems.Require(Samples >= 1 && Samples <= most, "validation.samples",
            $"From 1 to {most:N0} of the {trainSamples:N0} training images can be held back, so that one for each class is left to train on; {Samples:N0} is not in between.");
        problems.Require(Seed is >= 0 and <= TrainingSpec.MaxSeed, "validation.seed",
            $"The seed must be a whole number from 0 to {TrainingSpec.MaxSeed:N0}; {Seed:N0} is not.");
    }
}
