using ExperimentHub.Protocol;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>One epoch's batches on the device: every training image once, in an order that is new for each epoch.</summary>
internal sealed class EpochBatches : IDisposable
{
    private readonly DeviceImages _shuffled;
    private readonly int _batchSize;

    /// <param name="epoch">Counts from 1.</param>
    public EpochBatches(DeviceImages images, TrainingSpec spec, int epoch)
    {
        (Epoch, Seed, _batchSize) = (epoch, spec.Seed, spec.BatchSize);
        // One copy now makes every batch a plain slice.
        _shuffled = images.InOrder(DataOrder.Of(spec.Seed, epoch, (int)images.Count));
    }

    public int Epoch { get; }

    public long Seed { get; }

    /// <summary>Steps in this epoch.</summary>
    public int Count => StepsFor(_shuffled.Count, _batchSize);

    /// <summary>The last batch of an epoch is smaller where the images do not divide evenly; it is kept.</summary>
    public static int StepsFor(long images, int batchSize) => (int)((images + batchSize - 1) / batchSize);

    /// <summary>Images in the steps [first, first + count).</summary>
    public long Samples(int first, int count) => Math.Min((long)(first + count) * _batchSize, _shuffled.Count) - (long)first * _batchSize;

    /// <inheritdoc cref="DeviceImages.Batch"/>
    public (Tensor Inputs, Tensor Labels) Batch(int step) => _shuffled.Batch((long)step * _batchSize, _batchSize);

    public void Dispose() => _shuffled.Dispose();
}
