namespace ExperimentHub.Trainer.Datasets;

/// <summary>
/// The order of the training images in an epoch, as a function of (seed, epoch) alone: a resumed run goes on with the same batches, and every
/// device and version of torch sees the same order. A Fisher-Yates shuffle.
/// </summary>
internal static class DataOrder
{
    /// <returns>A permutation of 0 to <paramref name="count"/> - 1.</returns>
    public static long[] Of(long seed, int epoch, int count)
    {
        var state = SplitMix.Seed(seed, epoch);
        var order = new long[count];
        for (var i = 0; i < count; i++)
            order[i] = i;
        for (var i = count - 1; i > 0; i--)
        {
            state += SplitMix.Golden;
            // The high half of the product maps 64 random bits to 0..i; its bias is below 2^-40 for any set of images.
            var j = (int)Math.BigMul(SplitMix.Mix(state), (ulong)i + 1, out _);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }
}
