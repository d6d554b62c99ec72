using static ExperimentHub.Trainer.SplitMix64;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>
/// The order of the training images in an epoch, as a function of (seed, epoch) alone: a resumed run goes on with the same batches, and every
/// device and version of torch sees the same order. SplitMix64 drives a Fisher-Yates shuffle.
/// </summary>
internal static class DataOrder
{
    /// <returns>A permutation of 0 to <paramref name="count"/> - 1.</returns>
    public static long[] Of(long seed, int epoch, int count)
    {
        // Mixing both numbers first keeps (seed 1, epoch 2) and (seed 2, epoch 1) apart.
        var state = Mix((ulong)seed + Golden) ^ Mix((ulong)epoch * Golden);
        var order = new long[count];
        for (var i = 0; i < count; i++)
            order[i] = i;
        for (var i = count - 1; i > 0; i--)
        {
            state += Golden;
            // The high half of the product maps 64 random bits to 0..i; its bias is below 2^-40 for any set of images.
            var j = (int)Math.BigMul(Mix(state), (ulong)i + 1, out _);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }
}
