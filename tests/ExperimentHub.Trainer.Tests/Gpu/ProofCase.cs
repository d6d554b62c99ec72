using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Trainer.Datasets;

namespace ExperimentHub.Trainer.Tests.Gpu;

/// <summary>
/// A short training that tests/gpu repeats on a GPU: together all layers, optimizers, precisions, augmentations and options that a program can have.
/// </summary>
/// <param name="Name">Of the file; words with a hyphen between them.</param>
/// <param name="Size">Height and width of the images.</param>
/// <param name="Classes">Labels are below.</param>
internal sealed record ProofCase(string Name, TrainingSpec Spec, int Size = 12, int Classes = 5)
{
    public const int Count = 96;

    private static readonly IReadOnlyList<Layer> Dense =
        [new FlattenLayer(), new LinearLayer(12), new ActivationLayer(Activations.Tanh), new LinearLayer(5)];

    private static readonly IReadOnlyList<Layer> Convolutions =
    [
        new ConvLayer(4, 3, Padding: 1), new ActivationLayer(), new MaxPoolLayer(2), new ConvLayer(6, 3, Stride: 2, Padding: 1),
        new AvgPoolLayer(2, Stride: 1), new ActivationLayer(Activations.LeakyRelu),
        new FlattenLayer(), new LinearLayer(5),
    ];

    private static readonly IReadOnlyList<Layer> Normalised =
    [
        new ConvLayer(8, 3), new BatchNormLayer(), new ActivationLayer(), new MaxPoolLayer(2), new ConvLayer(8, 3, Padding: 1), new AvgPoolLayer(2),
        new ActivationLayer(Activations.Silu),
        new FlattenLayer(), new LinearLayer(20), new BatchNormLayer(), new ActivationLayer(Activations.Tanh), new LinearLayer(5),
    ];

    // Normalising over a batch of 20 numbers blows the rounding of bfloat16 up to tens of per cent, and nothing could be told apart.
    private static readonly IReadOnlyList<Layer> NormalisedImages = [.. Normalised.Where((_, index) => index != 9)];

    private static readonly OptimizerSpec Sgd = new() { LearningRate = 0.05, Momentum = 0.9 };

    /// <summary>In which the numbers drawn decide, which a GPU draws differently.</summary>
    public bool DrawsRandomNumbers => Spec.Augmentation is not null || (Spec.Model.Layers ?? []).Any(layer => layer is DropoutLayer);

    public ImageShape Shape => new(Size, Size, Classes);

    public static IReadOnlyList<ProofCase> All { get; } =
    [
        Of("plain-sgd", [new FlattenLayer(), new LinearLayer(5)], Sgd with { Momentum = 0 }),
        Of("momentum-weight-decay", Dense, Sgd with { WeightDecay = 0.01 }),
        Of("nesterov-clipping", Dense, Sgd with { Nesterov = true, ClipNorm = 0.1 }),
        Of("adam", Dense, new() { Kind = OptimizerSpec.Adam, LearningRate = 0.01, Beta1 = 0.7, Beta2 = 0.9, Epsilon = 1e-4, WeightDecay = 0.01 }),
        Of("adamw", Dense, new() { Kind = OptimizerSpec.AdamW, LearningRate = 0.01, Epsilon = 1e-4, WeightDecay = 0.1 }),
        Of("rmsprop", Dense, new() { Kind = OptimizerSpec.RmsProp, LearningRate = 0.01, Alpha = 0.9, Epsilon = 1e-2, WeightDecay = 0.01 }),
        Of("label-smoothing", Dense, Sgd, spec => spec with { LabelSmoothing = 0.1 }),
        Of("gradient-norm", Dense, Sgd, spec => spec with { GradientNorm = true }),
        Of("one-cycle", Dense, Sgd, spec => spec with { LearningRateSchedule = new() { Kind = LearningRateSchedule.OneCycle } }),
        Of("cosine-warm-up", Dense, Sgd, spec =>
            spec with { LearningRateSchedule = new() { Kind = LearningRateSchedule.Cosine, WarmUpEpochs = 0.5 } }),
        Of("convolutions", Convolutions, Sgd),
        Of("convolutions-tf32", Convolutions, Sgd, spec => spec with { Precision = Precisions.Tf32 }),
        Of("convolutions-deterministic", Convolutions, Sgd, spec => spec with { Deterministic = true }),
        Of("pooling-first-overlapping", [new AvgPoolLayer(3, 2, 1), new ConvLayer(4, 3), new MaxPoolLayer(3, 1, 1),
            new ActivationLayer(Activations.Sigmoid), new FlattenLayer(), new LinearLayer(5)], Sgd),
        Of("windows-with-gaps", [new ConvLayer(4, 3), new ActivationLayer(), new ConvLayer(6, 1, Stride: 2), new ActivationLayer(),
            new FlattenLayer(), new LinearLayer(5)], Sgd),
        Of("gradient-of-grey-images", [new BatchNormLayer(), new ConvLayer(6, 3, Padding: 1), new ActivationLayer(Activations.Tanh),
            new FlattenLayer(), new LinearLayer(5)], Sgd),
        Of("many-channels", [new ConvLayer(24, 3), new ActivationLayer(), new ConvLayer(17, 5, Padding: 1), new ActivationLayer(Activations.Tanh),
            new FlattenLayer(), new LinearLayer(5)], Sgd with { LearningRate = 0.01 }),
        Of("batch-norm", Normalised, Sgd),
        Of("bf16-dense", Dense, Sgd, spec => spec with { Precision = Precisions.Bf16 }),
        Of("bf16-batch-norm", NormalisedImages, Sgd with { LearningRate = 0.01 }, spec => spec with { Precision = Precisions.Bf16 }),
        Of("gelu", [new FlattenLayer(), new LinearLayer(12), new ActivationLayer(Activations.Gelu), new LinearLayer(5)], Sgd),
        Of("silu-adam", [new FlattenLayer(), new LinearLayer(12), new ActivationLayer(Activations.Silu), new LinearLayer(5)],
            new() { Kind = OptimizerSpec.Adam, LearningRate = 0.01, Epsilon = 1e-4 }),
        Of("sigmoid-rmsprop", [new FlattenLayer(), new LinearLayer(12), new ActivationLayer(Activations.Sigmoid), new LinearLayer(5)],
            new() { Kind = OptimizerSpec.RmsProp, LearningRate = 0.005, Epsilon = 1e-2 }),
        Of("dropout", [new FlattenLayer(), new LinearLayer(24), new ActivationLayer(), new DropoutLayer(0.3), new LinearLayer(5)], Sgd),
        Of("shift", Dense, Sgd, spec => spec with { Augmentation = new() { ShiftPixels = 2 } }),
        Of("rotate", Dense, Sgd, spec => spec with { Augmentation = new() { RotateDegrees = 15 } }),
        Of("erase", Dense, Sgd, spec => spec with { Augmentation = new() { EraseProbability = 0.5 } }),
        Of("augmentation-bf16", NormalisedImages, Sgd with { LearningRate = 0.01 },
            spec => spec with { Precision = Precisions.Bf16, Augmentation = new() { ShiftPixels = 1, RotateDegrees = 10, EraseProbability = 0.3 } }),
        Catalog("tutorial", ModelCatalog.SimpleNn),
        Catalog("mlp", ModelCatalog.Mlp),
        Catalog("lenet-5", ModelCatalog.LeNet5),
        Catalog("small-cnn", ModelCatalog.SmallCnn),
        Catalog("small-cnn-bf16", ModelCatalog.SmallCnn, Precisions.Bf16),
    ];

    /// <summary>Images by a formula, so that no file has to carry them.</summary>
    public LabelledImages Images()
    {
        var pixels = new byte[Count * Size * Size];
        for (var at = 0; at < pixels.Length; at++)
        {
            var (image, row, column) = (at / (Size * Size), at / Size % Size, at % Size);
            pixels[at] = (byte)(image * 37 + row * 17 + column * 29 + row * column * 7);
        }

        return new LabelledImages(new IdxImages(pixels, Count, Size, Size),
            [.. Enumerable.Range(0, Count).Select(image => (byte)(image * 7 % Classes))]);
    }

    /// <param name="epoch">Counts from 1.</param>
    public static long[] Order(int epoch) => [.. Enumerable.Range(0, Count).Select(position => (position * 37L + epoch) % Count)];

    private static ProofCase Of(string name, IReadOnlyList<Layer> layers, OptimizerSpec optimizer, Func<TrainingSpec, TrainingSpec>? more = null)
    {
        var spec = new TrainingSpec
        {
            Model = new ModelSpec { Kind = ModelCatalog.Layers, Layers = layers }, Optimizer = optimizer, BatchSize = 20,
            Epochs = 2
        };
        return new ProofCase(name, more?.Invoke(spec) ?? spec);
    }

    private static ProofCase Catalog(string name, string kind, string? precision = null) =>
        new(name, new TrainingSpec { Model = new ModelSpec { Kind = kind }, Precision = precision, BatchSize = 20, Epochs = 2 }, 28, 10);
}
