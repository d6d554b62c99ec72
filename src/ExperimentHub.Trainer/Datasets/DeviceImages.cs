using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>
/// Images and labels resident on the device. The images stay bytes (a quarter of the memory) and become numbers batch by batch: measured, that
/// is also faster on a CPU than keeping them as float32, because gathering a batch then reads a quarter of the bytes. For a GPU see
/// <see cref="Models.ProgramStyle.Images"/>.
/// </summary>
internal sealed class DeviceImages : IDisposable
{
    private readonly Tensor _pixels;
    private readonly Tensor _labels;
    private Tensor? _inputs;

    private DeviceImages(Tensor pixels, Tensor labels)
    {
        _pixels = pixels;
        _labels = labels;
    }

    public long Count => _labels.shape[0];

    public Device Device => _pixels.device;

    /// <summary>Images [n, 1, height, width], bytes or normalised, and labels [n]; they stay this object's.</summary>
    public (Tensor Pixels, Tensor Labels) Tensors => (_pixels, _labels);

    /// <param name="normalised">Keeps the images as the network sees them, from -1 to 1, in this type; null keeps bytes.</param>
    public static DeviceImages MoveTo(Device device, LabelledImages source, ScalarType? normalised = null)
    {
        using var scope = NewDisposeScope();
        var images = source.Images;
        var pixels = as_tensor(images.Pixels).reshape(images.Count, 1, images.Height, images.Width).to(device);
        if (normalised is { } type)
            pixels = Normalise(pixels.to(float32)).to(type);
        var labels = as_tensor(source.Labels).to(int64).to(device);
        return new DeviceImages(pixels.DetachFromDisposeScope(), labels.DetachFromDisposeScope());
    }

    /// <summary>
    /// Images [n, 1, height, width] as float32 in -1..1 and labels [n], where n is less than <paramref name="size"/> only at the end; of images that
    /// are kept as bytes. The next call overwrites the images: memory of this size that is taken and given back in every epoch ends up in pieces.
    /// </summary>
    public (Tensor Inputs, Tensor Labels) Batch(long start, long size)
    {
        var length = Math.Min(size, Count - start);
        if (_inputs is null || _inputs.shape[0] < length)
        {
            _inputs?.Dispose();
            _inputs = empty([length, .. _pixels.shape[1..]], device: Device).DetachFromDisposeScope();
        }

        var inputs = _inputs.narrow(0, 0, length);
        Normalise(inputs.copy_(_pixels.narrow(0, start, length)));
        return (inputs, _labels.narrow(0, start, length));
    }

    /// <summary>ToTensor and Normalize((0.5,), (0.5,)) step by step and in place, so that it rounds as PyTorch does.</summary>
    private static Tensor Normalise(Tensor pixels) => pixels.div_(255).sub_(0.5).div_(0.5);

    public void Dispose()
    {
        _pixels.Dispose();
        _labels.Dispose();
        _inputs?.Dispose();
    }
}
