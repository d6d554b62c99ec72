namespace ExperimentHub.Trainer.Datasets;

/// <summary>The training images of an epoch in its order, on the device.</summary>
/// <param name="Images">Shuffled; a batch is a slice.</param>
/// <param name="Epoch">Counts from 1.</param>
/// <param name="BatchSize">Of all batches but the last, which has what is left.</param>
internal sealed record EpochBatches(DeviceImages Images, int Epoch, int BatchSize) : IDisposable
{
    public int Steps => (int)((Images.Count + BatchSize - 1) / BatchSize);

    /// <summary>Images in the steps up to this one.</summary>
    public long ImagesBefore(int step) => Math.Min((long)step * BatchSize, Images.Count);

    public void Dispose() => Images.Dispose();
}
