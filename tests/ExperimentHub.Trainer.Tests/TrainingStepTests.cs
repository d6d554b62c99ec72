using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests;

[Collection(nameof(Torch))]
public sealed class TrainingStepTests
{
    private static readonly IReadOnlyList<Layer> WithEverything =
    [
        new ConvLayer(4, 3), new BatchNormLayer(), new ActivationLayer(), new MaxPoolLayer(2), new DropoutLayer(0.2), new FlattenLayer(),
        new LinearLayer(20), new ActivationLayer(Activations.Gelu),
        new DropoutLayer(), new LinearLayer(10),
    ];

    public static TheoryData<string> Optimizers() => [.. OptimizerSpec.Kinds];

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void TakeBlock_CutAnywhereAndGeneratorsDisturbed_GivesTheSameBits(string optimizer)
    {
        var spec = Spec(WithEverything) with
        {
            Optimizer = new OptimizerSpec { Kind = optimizer, LearningRate = 0.002, ClipNorm = 1 },
            Augmentation = new AugmentationSpec { ShiftPixels = 2, RotateDegrees = 10, EraseProbability = 0.3 },
            LearningRateSchedule = new LearningRateSchedule { Kind = LearningRateSchedule.OneCycle },
            LabelSmoothing = 0.1,
            GradientNorm = true,
        };

        var whole = Train(spec, [13, 13]);

        Assert.Equal(whole, Train(spec, [1, 12, 5, 1, 1, 6]));
        Assert.Equal(whole, Train(spec, [.. Enumerable.Repeat(1, 26)]));
    }

    [Fact]
    public void TakeBlock_AnotherSeed_DropsOthers()
    {
        var spec = Spec(WithEverything);

        Assert.NotEqual(Train(spec, [5]), Train(spec with { Seed = 2 }, [5]));
    }

    [Theory]
    [InlineData(OptimizerSpec.Sgd, "momentum.fc.weight, momentum.fc.bias")]
    [InlineData(OptimizerSpec.Adam, "adam.exp_avg.fc.weight, adam.exp_avg.fc.bias, adam.exp_avg_sq.fc.weight, adam.exp_avg_sq.fc.bias, adam.step")]
    [InlineData(OptimizerSpec.AdamW, "adam.exp_avg.fc.weight, adam.exp_avg.fc.bias, adam.exp_avg_sq.fc.weight, adam.exp_avg_sq.fc.bias, adam.step")]
    [InlineData(OptimizerSpec.RmsProp, "rmsprop.square_avg.fc.weight, rmsprop.square_avg.fc.bias")]
    public void State_OfEachOptimizer_IsNamedByParameter(string optimizer, string names)
    {
        var spec = new TrainingSpec { Optimizer = new OptimizerSpec { Kind = optimizer } };
        var outline = ModelOutline.Of(spec.Model, DatasetCatalog.Mnist.Shape);
        using var network = NetworkBuilder.Build(outline);
        using var step = new TrainingStep(spec, outline, network);

        Assert.Equal(names, string.Join(", ", step.State.Select(entry => entry.Name)));
    }

    [Fact]
    public void TakeBlock_ManyBlocks_LeavesNoTensorBehind()
    {
        var spec = Spec(WithEverything) with { Optimizer = new OptimizerSpec { Kind = OptimizerSpec.Adam } };
        var outline = ModelOutline.Of(spec.Model, DatasetCatalog.Mnist.Shape);
        using var network = NetworkBuilder.Build(outline);
        using var images = DeviceImages.MoveTo(CPU, TinyData.Create().Train);
        using var step = new TrainingStep(spec, outline, network);
        var counts = new HashSet<long>();
        for (var epoch = 1; epoch <= 4; epoch++)
        {
            using (var batches = new EpochBatches(images, DataOrder.Of(1, epoch, 200), epoch, spec.BatchSize))
            {
                for (var first = 0; first < batches.Steps; first++)
                    step.TakeBlock(batches, first, 1);
                step.ReadBack();
            }

            // This thread's: tensors of other tests may be collected at any moment.
            counts.Add(TorchSharp.DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
        }

        Assert.Single(counts);
    }

    [Fact]
    public void TrainingStep_LowPrecisionOnTheCpu_IsRefusedWithWords()
    {
        var spec = new TrainingSpec { Precision = Precisions.Bf16 };
        var outline = ModelOutline.Of(spec.Model, DatasetCatalog.Mnist.Shape);
        using var network = NetworkBuilder.Build(outline);

        var failure = Assert.Throws<TrainingFailure>(() => new TrainingStep(spec, outline, network));

        Assert.Equal("bf16 needs a CUDA device, but this run trains on the CPU.", failure.Message);
        Assert.Contains("Choose fp32", failure.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ModelCatalog.SimpleNn)]
    [InlineData(ModelCatalog.Mlp)]
    [InlineData(ModelCatalog.LeNet5)]
    [InlineData(ModelCatalog.SmallCnn)]
    public void TakeBlock_EveryModelOfTheCatalog_Learns(string kind)
    {
        // With the data set learnt by heart in a few epochs, the loss has fallen.
        var losses = Losses(Spec(null) with
        {
            Model = new ModelSpec { Kind = kind, BatchNorm = kind == ModelCatalog.Mlp },
            Optimizer = new OptimizerSpec { Kind = OptimizerSpec.Adam, LearningRate = 0.002 }
        }, [.. Enumerable.Repeat(13, 6)]);

        Assert.True(losses[^10..].Average() < losses[..10].Average() / 2, $"{losses[..10].Average()} fell only to {losses[^10..].Average()}");
    }

    private static TrainingSpec Spec(IReadOnlyList<Layer>? layers) => new()
    {
        Model = layers is null ? new ModelSpec() : new ModelSpec { Kind = ModelCatalog.Layers, Layers = layers }, BatchSize = 16, Epochs = 2,
    };

    private static float[] Losses(TrainingSpec spec, int[] blocks) => Run(spec, blocks).Losses;

    /// <summary>Everything that a training leaves, as text: losses, norms, weights, buffers, optimizer.</summary>
    private static List<string> Train(TrainingSpec spec, int[] blocks) => Run(spec, blocks).Left;

    private static (float[] Losses, List<string> Left) Run(TrainingSpec spec, int[] blocks)
    {
        using var scope = NewDisposeScope();
        set_num_threads(1);
        random.manual_seed(7).Dispose();
        var outline = ModelOutline.Of(spec.Model, DatasetCatalog.Mnist.Shape);
        Assert.Empty(outline.Problems);
        using var network = NetworkBuilder.Build(outline);
        using var images = DeviceImages.MoveTo(CPU, TinyData.Create().Train);
        using var step = new TrainingStep(spec, outline, network);
        var (epoch, done, losses, norms) = (0, 0, new List<float>(), new List<float>());
        EpochBatches? batches = null;
        foreach (var block in blocks)
        {
            if (batches is null || done == batches.Steps)
            {
                batches?.Dispose();
                batches = new EpochBatches(images, DataOrder.Of(1, ++epoch, 200), epoch, spec.BatchSize);
                done = 0;
            }

            step.TakeBlock(batches, done, block);
            done += block;
            // What another part of the program, or another process, would do to the generator.
            rand(block).Dispose();
            var results = step.ReadBack();
            losses.AddRange(results.Losses);
            norms.AddRange(results.GradientNorms ?? []);
        }

        batches?.Dispose();
        var tensors = network.state_dict().Select(entry => (entry.Key, entry.Value)).Concat(step.State.Select(entry => (entry.Name, entry.Tensor)));
        return ([.. losses], [string.Join(' ', losses.Select(BitConverter.SingleToInt32Bits)),
            string.Join(' ', norms.Select(BitConverter.SingleToInt32Bits)),
            .. tensors.Select(entry => $"{entry.Item1} {Convert.ToHexString(entry.Item2.bytes)}")]);
    }
}
