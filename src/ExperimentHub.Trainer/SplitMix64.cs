namespace ExperimentHub.Trainer;

/// <summary>The mixing function of SplitMix64 (Steele, Lea, Flood 2014): what makes numbers that only look random out of a position.</summary>
internal static class SplitMix64
{
    /// <summary>The step from one position to the next.</summary>
    public const ulong Golden = 0x9E3779B97F4A7C15;

    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
