using static ExperimentHub.Trainer.SplitMix64;

namespace ExperimentHub.Trainer;

/// <summary>
/// The random numbers that dropout and augmentation draw. Those of a step are a function of (seed, epoch, step) alone, so a training that goes on
/// after any step draws what an undisturbed one does, on every device, and nothing of a generator has to be saved (TorchSharp could not read that of
/// a GPU). The order of the data needs no generator, see <see cref="Datasets.DataOrder"/>.
/// </summary>
internal static class RandomState
{
    /// <summary>What the generators are started with before a step that draws from them.</summary>
    /// <param name="seed">The run's.</param>
    /// <param name="epoch">Counts from 1.</param>
    /// <param name="step">Within the epoch, from 0.</param>
    public static long SeedOf(long seed, int epoch, int step)
    {
        // The CPU's generator looks at the low 32 bits alone, so every bit of the position must reach them.
        var position = ((ulong)epoch << 32) | (uint)step;
        return (long)Mix(Mix((ulong)seed + Golden) ^ Mix(position + Golden));
    }
}
