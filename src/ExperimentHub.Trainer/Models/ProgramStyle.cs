using ExperimentHub.Protocol;
using TorchSharp;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Models;

/// <summary>
/// How a network's arithmetic is written for the device that does it; the one place that decides it. What goes around oneDNN is for the CPU, which
/// alone uses oneDNN. A GPU is given fewer operations, because each costs it a launch whatever it computes. The GPU's style gives the CPU's numbers
/// where the CPU runs it (ProofProgramTests); whether it is the faster one on a GPU was never measured, and tests/gpu measures it.
/// </summary>
/// <param name="ChannelsLast">Convolutions see images with their channels last; so oneDNN is fast, and right.</param>
/// <param name="AvoidsOneDnnErrors">The ways back of a convolution that oneDNN 3.7 gets wrong are taken another way.</param>
/// <param name="FewLaunches">What does not depend on the weights is done once for a block of steps, and the loss goes back in one operation.</param>
/// <param name="Images">The training images are kept on the device as the network sees them, in this type; null keeps bytes, which become numbers
/// batch by batch.</param>
internal sealed record ProgramStyle(bool ChannelsLast, bool AvoidsOneDnnErrors, bool FewLaunches, ScalarType? Images = null)
{
    /// <summary>Numbers take four times the room of bytes; beyond so many the bytes are kept.</summary>
    private const long MostNumbersBytes = 1L << 30;

    public static ProgramStyle Cpu { get; } = new(ChannelsLast: true, AvoidsOneDnnErrors: true, FewLaunches: false);

    public static ProgramStyle Gpu { get; } = new(ChannelsLast: false, AvoidsOneDnnErrors: false, FewLaunches: true);

    public static ProgramStyle For(DeviceType device) => device == DeviceType.CPU ? Cpu : Gpu;

    /// <param name="pixels">Of all training images.</param>
    public static ProgramStyle For(DeviceType device, TrainingSpec spec, long pixels)
    {
        var style = For(device);
        // Augmentation changes the images from 0 to 1, before they are normalised.
        return style.FewLaunches && spec.Augmentation is null or { DoesNothing: true } && pixels * sizeof(float) <= MostNumbersBytes
            ? style with { Images = spec.Precision == Precisions.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32 }
            : style;
    }
}
