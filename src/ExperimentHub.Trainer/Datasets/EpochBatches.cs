using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>
/// The batches of an epoch: slices of an order of the images, gathered step by step. Gathering the whole epoch first was slower and needed a second
/// copy of the data set.
/// </summary>
internal sealed class EpochBatches : IDisposable
{
    /// <param name="images">All training images, on the device; they stay the caller's.</param>
    /// <param name="order">Which images to train on, in the order of this epoch; it is copied.</param>
    /// <param name="epoch">Counts from 1.</param>
    /// <param name="batchSize">Of all batches but the last, which has what is left.</param>
    public EpochBatches(DeviceImages images, long[] order, int epoch, int batchSize)
    {
        (Images, Count, Epoch, BatchSize) = (images, order.Length, epoch, batchSize);
        using var scope = NewDisposeScope();
        var indices = empty(order.Length, int64);
        MemoryMarshal.AsBytes(order.AsSpan()).CopyTo(indices.bytes);
        Order = indices.to(images.Device).DetachFromDisposeScope();
    }

    public DeviceImages Images { get; }

    /// <summary>Indices of images, int64, on the device.</summary>
    public Tensor Order { get; }

    /// <summary>Images in the epoch.</summary>
    public int Count { get; }

    public int Epoch { get; }

    public int BatchSize { get; }

    public int Steps => StepsFor(Count, BatchSize);

    /// <summary>The last batch of an epoch is smaller where the images do not divide evenly; it is kept.</summary>
    public static int StepsFor(int images, int batchSize) => (int)(((long)images + batchSize - 1) / batchSize);

    /// <summary>Images in the steps before this one.</summary>
    public long ImagesBefore(int step) => Math.Min((long)step * BatchSize, Count);

    public void Dispose() => Order.Dispose();
}
