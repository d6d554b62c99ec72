using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Evaluations;
using ExperimentHub.Trainer.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests;

/// <summary>
/// Memory that torch is given again still holds what was there before. Where it is left as it is in the padding of a convolution's weights, numbers
/// that are none there become the result: oneDNN does that with images that have their channels first.
/// </summary>
[Collection(nameof(Torch))]
public sealed class ReusedMemoryTests
{
    public static TheoryData<string, int> Networks() =>
        new MatrixTheoryData<string, int>(["small-cnn", "lenet-5", "padded", "pooled first", "mlp"], [1, 2]);

    [Theory]
    [MemberData(nameof(Networks))]
    public void TrainAndEvaluate_MemoryFullOfNotANumbers_GivesTheSameBits(string network, int threads)
    {
        var clean = Run(network, threads, before: () => { });
        Assert.True(double.IsFinite(clean.Test));
        Assert.Equal(clean, Run(network, threads, before: FillFreeMemory));
    }

    private static (string Losses, double Test, double Accuracy) Run(string network, int threads, Action before)
    {
        set_num_threads(threads);
        var spec = new TrainingSpec { Model = Model(network), BatchSize = 64 };
        var outline = ModelOutline.Of(spec.Model, DatasetCatalog.Mnist.Shape);
        random.manual_seed(1).Dispose();
        using var module = NetworkBuilder.Build(outline);
        module.eval();
        var data = TinyData.Create();
        using var step = new TrainingStep(spec, outline, module);
        using var images = DeviceImages.MoveTo(CPU, data.Train);
        using var batches = new EpochBatches(images, DataOrder.Of(1, 1, 200), 1, spec.BatchSize);
        var losses = new List<float>();
        for (var first = 0; first < batches.Steps; first++)
        {
            before();
            step.TakeBlock(batches, first, 1);
            losses.AddRange(step.ReadBack().Losses);
        }

        using var evaluator = new Evaluator(module, data.Test, CPU, 20, before);
        before();
        var evaluation = evaluator.Run();
        return (string.Join(' ', losses), evaluation.Loss, evaluation.Accuracy);
    }

    private static ModelSpec Model(string network) => network switch
    {
        // Channels that fill no block of 8 or 16.
        "padded" => new ModelSpec
        {
            Kind = ModelCatalog.Layers,
            Layers =
            [
                new ConvLayer(5, 3, Padding: 1), new BatchNormLayer(), new ActivationLayer(), new ConvLayer(17, 3, Stride: 2), new ActivationLayer(),
                new AvgPoolLayer(2),
                new ConvLayer(24, 1), new ActivationLayer(), new ConvLayer(9, 3), new FlattenLayer(), new LinearLayer(10),
            ],
        },
        "pooled first" => new ModelSpec
        {
            Kind = ModelCatalog.Layers,
            Layers = [new MaxPoolLayer(2), new BatchNormLayer(), new ConvLayer(24, 3), new ActivationLayer(), new ConvLayer(32, 3),
                new FlattenLayer(), new LinearLayer(10)],
        },
        _ => new ModelSpec { Kind = network },
    };

    /// <summary>Leaves numbers that are none in free memory of every size that a small network asks for.</summary>
    private static void FillFreeMemory()
    {
        using var scope = NewDisposeScope();
        foreach (var size in (long[])[20, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000])
        {
            for (var i = 0; i < 20; i++)
                full(size, float.NaN);
        }
    }
}
