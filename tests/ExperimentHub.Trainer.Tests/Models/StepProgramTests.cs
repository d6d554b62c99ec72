using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests.Models;

[Collection(nameof(Torch))]
public sealed class StepProgramTests
{
    /// <summary>
    /// A run in low precision is refused on a CPU, but the program itself can be tried there: torch ends the process over one that it cannot read.
    /// </summary>
    [Fact]
    public void LowPrecision_EveryTypeOfLayer_TrainsNearlyAsFloat32()
    {
        IReadOnlyList<Layer> layers =
        [
            new ConvLayer(8, 3), new BatchNormLayer(), new ActivationLayer(), new MaxPoolLayer(2), new ConvLayer(8, 3, Padding: 1),
            new AvgPoolLayer(2), new ActivationLayer(Activations.Silu),
            new FlattenLayer(), new LinearLayer(20), new BatchNormLayer(), new ActivationLayer(Activations.Tanh), new LinearLayer(10),
        ];
        var spec = new TrainingSpec { Model = new ModelSpec { Kind = ModelCatalog.Layers, Layers = layers } };

        var (full, low) = (Losses(spec), Losses(spec with { Precision = Precisions.Bf16 }));

        // At this rate steps do not drift apart by themselves, and no batch is so small that normalising it is guesswork.
        Assert.NotEqual(full, low);
        for (var step = 0; step < full.Length; step++)
            Assert.InRange(low[step] / full[step], 0.97, 1.03);
    }

    private static float[] Losses(TrainingSpec spec)
    {
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        random.manual_seed(5).Dispose();
        var outline = ModelOutline.Of(spec.Model, DatasetCatalog.Mnist.Shape);
        using var network = NetworkBuilder.Build(outline);
        Tensor[] parameters = [.. network.parameters().Select(parameter => parameter.detach())];
        using var images = DeviceImages.MoveTo(CPU, TinyData.Create().Train);
        using var batches = new EpochBatches(images, DataOrder.Of(1, 1, 192), 1, spec.BatchSize);
        var (pixels, labels) = images.Tensors;
        using var program = jit.compile(StepProgram.Write(spec, outline, ProgramStyle.Cpu));
        return program.invoke<Tensor[]>(StepProgram.Block, pixels, labels, batches.Order, eye(10), tensor(-1f), parameters,
            network.buffers().ToArray(),
            parameters.Select(parameter => zeros_like(parameter)).ToArray(), Array.Empty<Tensor>(), Array.Empty<Tensor>(),
            full(batches.Steps, 0.001, float64), empty(0, int64), 0, batches.Steps, spec.BatchSize)[0].data<float>().ToArray();
    }
}
