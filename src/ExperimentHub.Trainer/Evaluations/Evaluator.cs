using ExperimentHub.Protocol.Models;
using ExperimentHub.Trainer.Datasets;
using TorchSharp;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Evaluations;

/// <summary>Shows a network a set of images, which stay on the device, in one pass that gives everything.</summary>
/// <param name="batchSize">See <see cref="BatchSizeFor"/>.</param>
/// <param name="beat">Called after each batch.</param>
internal sealed class Evaluator(nn.Module<Tensor, Tensor> network, LabelledImages source, Device device, int batchSize, Action beat) : IDisposable
{
    private readonly DeviceImages _images = DeviceImages.MoveTo(device, source);

    /// <summary>Large enough to keep the device busy, small enough for its memory (and, on a CPU, for a sign of life every second).</summary>
    public static int BatchSizeFor(ModelOutline network, DeviceType device)
    {
        const long gpuMemory = 512L << 20;
        const int cpuImages = 1_000;
        if (device == DeviceType.CPU)
            return cpuImages;
        var largest = network.Steps.Max(step => Values(step.Input) + Values(step.Output)) * sizeof(float);
        return (int)Math.Clamp(gpuMemory / largest, 1, 10_000);
    }

    /// <inheritdoc cref="Run(Func{bool})"/>
    public Evaluation Run() => Run(() => false)!;

    /// <summary>The network must be in its mode for evaluation. The same weights on the same device give the same bits.</summary>
    /// <param name="mustStop">Asked before every batch: with a large network all of them may take minutes.</param>
    /// <returns>null where it had to stop.</returns>
    public Evaluation? Run(Func<bool> mustStop)
    {
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var losses = empty(_images.Count, device: device);
        var predictions = empty(_images.Count, int64, device);
        var confidences = empty(_images.Count, device: device);
        for (var first = 0L; first < _images.Count; first += batchSize)
        {
            if (mustStop())
                return null;
            using var batchScope = NewDisposeScope();
            var (inputs, labels) = _images.Batch(first, batchSize);
            var logProbabilities = nn.functional.log_softmax(network.forward(inputs), 1);
            var (greatest, classes) = logProbabilities.max(1);
            var length = labels.shape[0];
            losses.narrow(0, first, length).copy_(nn.functional.nll_loss(logProbabilities, labels, reduction: nn.Reduction.None));
            predictions.narrow(0, first, length).copy_(classes);
            confidences.narrow(0, first, length).copy_(greatest.exp());
            beat();
        }

        return new Evaluation(source.Labels, [.. losses.cpu().data<float>()], [.. predictions.to(uint8).cpu().data<byte>()],
            [.. confidences.cpu().data<float>()]);
    }

    private static long Values(IReadOnlyList<int> shape) => shape.Aggregate(1L, (product, size) => product * size);

    public void Dispose() => _images.Dispose();
}
