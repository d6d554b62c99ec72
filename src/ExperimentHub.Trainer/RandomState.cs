namespace ExperimentHub.Trainer;

/// <summary>
/// What the layers and the augmentation of a step draw is a function of (seed, epoch, step) alone: the generators are seeded anew for each step. A run can be
/// cut after any step and go on elsewhere with nothing saved.
/// </summary>
internal static class RandomState
{
    /// <summary>The seed of a step's draws.</summary>
    /// <param name="epoch">Counts from 1.</param>
    /// <param name="step">Counts from 0 in the epoch.</param>
    public static long SeedOf(long seed, int epoch, int step) => (long)SplitMix.Mix(SplitMix.Seed(seed, epoch) + ((ulong)step + 1) * SplitMix.Golden);
}
