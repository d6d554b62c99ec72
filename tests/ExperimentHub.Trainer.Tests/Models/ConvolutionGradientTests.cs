using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests.Models;

/// <summary>
/// The gradients of a training step against those of autograd in double precision, which goes through other code than the fast one of float32.
/// </summary>
[Collection(nameof(Torch))]
public sealed class ConvolutionGradientTests
{
    private const int BatchSize = 20;

    /// <summary>
    /// Channels that go in (one is behind a layer that learns, so that the image has a gradient too), kernel, stride, padding; and whether the
    /// program is the one for a GPU.
    /// </summary>
    public static TheoryData<int, int, int, int, bool> Geometries() => new(
        from channels in new[] { 1, 4, 24 }
        from kernel in new[] { 1, 3, 5 }
        from stride in new[] { 1, 2 }
        from padding in kernel == 1 ? [0] : new[] { 0, 1 }
        from forGpu in new[] { false, true }
        select new TheoryDataRow<int, int, int, int, bool>(channels, kernel, stride, padding, forGpu));

    [Theory]
    [MemberData(nameof(Geometries))]
    public void Step_ThroughConvolutions_HasTheGradientsOfDoublePrecision(int channels, int kernel, int stride, int padding, bool forGpu)
    {
        IReadOnlyList<Layer> layers = channels == 1
            ? [new BatchNormLayer(), new ConvLayer(6, kernel, stride, padding), new ActivationLayer(Activations.Tanh), new FlattenLayer(),
                new LinearLayer(10)]
            : [new ConvLayer(channels, 3), new ActivationLayer(Activations.Tanh), new ConvLayer(17, kernel, stride, padding),
                new ActivationLayer(Activations.Tanh), new FlattenLayer(), new LinearLayer(10)];
        // Without a step before it, the momentum is the gradient.
        var spec = new TrainingSpec
        {
            Model = new ModelSpec { Kind = ModelCatalog.Layers, Layers = layers }, BatchSize = BatchSize,
            Optimizer = new OptimizerSpec { LearningRate = 0.01, Momentum = 0.9 },
        };
        var outline = ModelOutline.Of(spec.Model, DatasetCatalog.Mnist.Shape);
        random.manual_seed(3).Dispose();
        using var network = NetworkBuilder.Build(outline);
        using var images = DeviceImages.MoveTo(CPU, TinyData.Create().Train);
        using var batches = new EpochBatches(images, [.. Enumerable.Range(0, BatchSize).Select(image => (long)image)], 1, BatchSize);
        var expected = Gradients(network, outline, images);
        using var step = new TrainingStep(spec, outline, network, forGpu ? ProgramStyle.Gpu : ProgramStyle.Cpu);
        using var withoutOneDnn = forGpu ? OneDnn.Unused() : null;

        step.TakeBlock(batches, 0, 1);
        step.ReadBack();

        foreach (var (name, gradient) in step.State.Select(entry => (entry.Name["momentum.".Length..], entry.Tensor)))
        {
            var (wanted, got) = (expected[name], gradient.detach().to(float64));
            var (apart, size) = ((got - wanted).abs().max().item<double>(), wanted.abs().max().item<double>());
            Assert.True(apart <= 1e-4 * size + 1e-7, $"{name}: {apart} apart, of {size}");
        }
    }

    private static Dictionary<string, Tensor> Gradients(nn.Module<Tensor, Tensor> network, ModelOutline outline, DeviceImages images)
    {
        using var wide = NetworkBuilder.Build(outline);
        wide.load_state_dict(network.state_dict());
        wide.train();
        wide.to(float64);
        var (inputs, labels) = images.Batch(0, BatchSize);
        nn.functional.cross_entropy(wide.call(inputs.to(float64)), labels).backward();
        return wide.named_parameters().ToDictionary(entry => entry.name, entry => entry.parameter.grad!.clone());
    }
}
