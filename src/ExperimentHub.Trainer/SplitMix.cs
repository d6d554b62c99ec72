namespace ExperimentHub.Trainer;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): random numbers that are a function of their place alone, the same on every machine.</summary>
internal static class SplitMix
{
    public const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>Where the numbers of an epoch begin. Mixing both first keeps (seed 1, epoch 2) and (seed 2, epoch 1) apart.</summary>
    public static ulong Seed(long seed, int epoch) => Mix((ulong)seed + Golden) ^ Mix((ulong)epoch * Golden);

    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
