using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Web.Specs;

namespace ExperimentHub.Web.Tests.Specs;

public sealed class SpecDraftTests
{
    [Fact]
    public void SpecDraft_Tutorial_ReadsAsTheTutorialsSpec()
    {
        var read = SpecDraft.Tutorial.Check();
        Assert.True(read.IsValid);
        Assert.Equal(new TrainingSpec(), read.Spec);
    }

    [Theory]
    [InlineData("1e-3", 0.001)]
    [InlineData(" 0.5 ", 0.5)]
    public void SpecDraft_LearningRateInAnyNotation_IsReadAndKeptAsTyped(string typed, double value)
    {
        var draft = SpecDraft.Tutorial.With(SpecFields.LearningRate, typed);
        Assert.Equal(value, draft.Check().Spec.Optimizer.LearningRate);
        Assert.Equal(typed, draft[SpecFields.LearningRate]);
    }

    [Theory]
    [InlineData("", "whole number")]
    [InlineData("five", "'five' is not one")]
    [InlineData("2.5", "'2.5' is not one")]
    [InlineData("0", "1 to 10,000")]
    [InlineData("99999999999999999999", "whole number")]
    public void SpecDraft_WrongEpochs_SaysWhy(string typed, string reason) =>
        Assert.Contains(reason, SpecDraft.Tutorial.With(SpecFields.Epochs, typed).Check().Problem("epochs"), StringComparison.Ordinal);

    [Fact]
    public void SpecDraft_DecimalComma_SaysToWriteAPoint() =>
        Assert.Contains("Write a point", SpecDraft.Tutorial.With(SpecFields.Momentum, "0,9").Check().Problem("optimizer.momentum"),
            StringComparison.Ordinal);

    [Fact]
    public void SpecDraft_ThroughTheAddress_IsTheSame()
    {
        var draft = SpecDraft.Tutorial.With(SpecFields.Model, "small-cnn").With(SpecFields.Epochs, "x").With(SpecFields.LearningRate, "1e-3");
        var address = draft.Beyond(SpecDraft.Tutorial).Where(pair => pair.Value is not null)
            .ToDictionary(pair => pair.Key, pair => (string?)pair.Value);
        Assert.Equal(3, address.Count);
        Assert.Equal(draft, SpecDraft.Tutorial.With(address));
    }

    [Fact]
    public void SpecDraft_EverythingSet_SurvivesTheForm()
    {
        var spec = new TrainingSpec
        {
            Model = new ModelSpec { Kind = ModelCatalog.Mlp, HiddenSizes = [64, 32], Activation = Activations.Gelu, Dropout = 0.2, BatchNorm = true },
            Epochs = 12, BatchSize = 128, Seed = 9_007_199_254_740_991, LabelSmoothing = 0.1, BestBy = BestMetrics.ValidationLoss,
            GradientNorm = true, Deterministic = true,
            Optimizer = new OptimizerSpec
            {
                Kind = OptimizerSpec.AdamW, LearningRate = 3e-4, WeightDecay = 0.01, Beta1 = 0.8, Beta2 = 0.99,
                Epsilon = 1e-7, ClipNorm = 1
            },
            LearningRateSchedule = new LearningRateSchedule { Kind = LearningRateSchedule.Cosine, WarmUpEpochs = 0.5, FinalFactor = 0.01 },
            Validation = new ValidationSplit { Samples = 6_000, Seed = 3 },
            Augmentation = new AugmentationSpec { ShiftPixels = 2, RotateDegrees = 7.5, EraseProbability = 0.25 },
            StopRules = new StopRules { Patience = 3, MinDelta = 0.001, DivergenceFactor = 5, PlateauEpochs = 4, MaxSeconds = 60 },
            Checkpoints = new CheckpointPolicy { Every = 0, Best = false, Last = 2 },
        };
        var read = SpecDraft.Of(spec).Check();
        Assert.Empty(read.Problems);
        Assert.Equal(spec, read.Spec);
    }

    [Fact]
    public void SpecDraft_OwnNetwork_SurvivesTheForm()
    {
        var spec = new TrainingSpec
        {
            Model = new ModelSpec
            {
                Kind = ModelCatalog.Layers,
                Layers =
                [
                    new ConvLayer(8, 5, Stride: 2, Padding: 2, Name: "first"), new BatchNormLayer(), new ActivationLayer(Activations.Silu),
                    new AvgPoolLayer(2), new DropoutLayer(0.1),
                    new MaxPoolLayer(2, Stride: 1), new FlattenLayer(), new LinearLayer(10, "scores"),
                ],
            },
        };
        var read = SpecDraft.Of(spec).Check();
        Assert.Empty(read.Problems);
        Assert.Equal(spec, read.Spec);
    }

    [Fact]
    public void SpecDraft_WrongNumberInALayer_IsAProblemOfThatLayerAndStaysTyped()
    {
        var layers = """[{"type":"flatten"},{"type":"linear","outFeatures":"ten"}]""";
        var draft = SpecDraft.Tutorial.With(SpecFields.Model, ModelCatalog.Layers).With(SpecFields.Layers, layers);
        Assert.Contains("'ten' is not one", draft.Check().ProblemWithin("model.layers[1]"), StringComparison.Ordinal);
        Assert.Equal(layers, draft[SpecFields.Layers]);
    }

    [Fact]
    public void SpecDraft_AnotherOptimizer_KeepsWhatBelongsToTheFirstAndLeavesItOut()
    {
        var draft = SpecDraft.Tutorial.With(SpecFields.Momentum, "0.5").With(SpecFields.Optimizer, OptimizerSpec.Adam);
        Assert.Equal(new OptimizerSpec { Kind = OptimizerSpec.Adam, LearningRate = 0.001 }, draft.Check().Spec.Optimizer);
        Assert.Equal(0.5, draft.With(SpecFields.Optimizer, OptimizerSpec.Sgd).Check().Spec.Optimizer.Momentum);
    }

    [Fact]
    public void SpecDraft_ChosenLearningRate_StaysWithAnotherOptimizer() =>
        Assert.Equal("0.05", SpecDraft.Tutorial.With(SpecFields.LearningRate, "0.05")
            .With(SpecFields.Optimizer, OptimizerSpec.Adam)[SpecFields.LearningRate]);
}
