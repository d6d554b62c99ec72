namespace ExperimentHub.Trainer.Epochs;

/// <summary>
/// How many steps are given to the device at once. A block ends with reading its losses back, which waits for the device; only then can a stop, a
/// time limit or a loss that is no number be answered. So a block is as long as a person does not notice, and long enough for the waiting not to
/// matter.
/// </summary>
internal sealed class BlockSize
{
    private static readonly TimeSpan Target = TimeSpan.FromMilliseconds(50);

    // The first steps are slow (memory is taken, kernels are loaded) and say little about the others: the size grows towards the target, it does not
    // jump.
    private const int Growth = 8;
    private const int Limit = 1 << 16;

    public int Steps { get; private set; } = 1;

    /// <summary>Learns from a block.</summary>
    public void Took(int steps, TimeSpan time) =>
        Steps = (int)Math.Clamp(steps * (Target / time), 1, Math.Min((long)Steps * Growth, Limit));
}
