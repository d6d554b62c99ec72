using TorchSharp;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer;

/// <summary>The generators that layers draw from while training. The order of the data needs none, see <see cref="Datasets.DataOrder"/>.</summary>
internal static class RandomState
{
    /// <summary>
    /// TorchSharp cannot read the generator of a GPU, so its draws are a function of (seed, epoch) alone: a resumed run then draws what an
    /// uninterrupted one does, without anything saved.
    /// </summary>
    public static void BeginEpoch(Device device, long seed, int epoch)
    {
        if (device.type == DeviceType.CUDA)
            cuda.manual_seed(unchecked((seed * (Protocol.TrainingSpec.MaxEpochs + 1)) + epoch));
    }

    /// <summary>The state of the CPU's generator, a uint8 vector.</summary>
    public static Tensor OfCpu() => get_rng_state();

    /// <summary>
    /// Takes back what <see cref="OfCpu"/> gave. torch ends the process when the bytes are no state of its generator, and TorchSharp does not catch
    /// that: the hub has compared the file's hash just before, and a process that dies here costs one attempt.
    /// </summary>
    public static void GiveCpu(Tensor state) => set_rng_state(state);
}
