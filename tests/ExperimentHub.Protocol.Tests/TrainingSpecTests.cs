using System.Globalization;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;

namespace ExperimentHub.Protocol.Tests;

public sealed class TrainingSpecTests
{
    private const string Convolutions =
        """{"type":"conv","outChannels":4,"kernel":3},{"type":"batch-norm"},{"type":"activation"},{"type":"max-pool","kernel":2}""";

    [Fact]
    public void Validate_Defaults_AreAccepted() => Assert.Empty(new TrainingSpec().Validate());

    [Theory]
    [InlineData("""{"model":{"kind":"mlp","hiddenSizes":[64,32],"activation":"gelu","dropout":0.2,"batchNorm":true}}""")]
    [InlineData("""{"model":{"kind":"lenet-5"},"optimizer":{"kind":"adam","learningRate":0.001,"beta1":0.7,"epsilon":1e-7,"clipNorm":1}}""")]
    [InlineData("""{"model":{"kind":"small-cnn"},"optimizer":{"kind":"rmsprop","alpha":0.9},"learningRateSchedule":{"kind":"one-cycle","risingFraction":0.2}}""")]
    [InlineData("{\"model\":{\"kind\":\"layers\",\"layers\":[" + Convolutions
        + ",{\"type\":\"flatten\"},{\"type\":\"dropout\"},{\"type\":\"linear\",\"outFeatures\":10}]}}")]
    [InlineData("""{"optimizer":{"nesterov":true,"weightDecay":1e-4},"learningRateSchedule":{"kind":"step","warmUpEpochs":0.5,"stepEpochs":2,"gamma":0.5},"labelSmoothing":0.1}""")]
    [InlineData("""{"validation":{"samples":10000},"bestBy":"validation_loss","stopRules":{"patience":3,"minDelta":0.001},"checkpoints":{"every":0,"last":1}}""")]
    [InlineData("""{"device":"auto","precision":"bf16","augmentation":{"shiftPixels":2,"rotateDegrees":15,"eraseProbability":0.25},"gradientNorm":true,"deterministic":true}""")]
    public void Validate_EverythingInUse_IsAcceptedAndSurvivesJson(string json)
    {
        var spec = ProtocolJson.Read<TrainingSpec>(json);

        Assert.Empty(spec.Validate());
        Assert.Equal(spec, spec.Tidied());
        Assert.Equal(spec, ProtocolJson.Read<TrainingSpec>(ProtocolJson.Write(spec)));
    }

    [Theory]
    [InlineData("""{"model":{"kind":"resnet"}}""", "model.kind", "simple-nn, mlp, lenet-5, small-cnn, layers")]
    [InlineData("""{"model":{"hiddenSizes":[3]}}""", "model.hiddenSizes", "belongs to mlp")]
    [InlineData("""{"model":{"activation":"relu"}}""", "model.activation", "belongs to mlp")]
    [InlineData("""{"model":{"dropout":0.5}}""", "model.dropout", "belongs to mlp")]
    [InlineData("""{"model":{"kind":"small-cnn","batchNorm":true}}""", "model.batchNorm", "belongs to mlp")]
    [InlineData("""{"model":{"kind":"mlp","layers":[]}}""", "model.layers", "belongs to layers")]
    [InlineData("""{"model":{"kind":"mlp","hiddenSizes":[]}}""", "model.hiddenSizes", "1 to 32")]
    [InlineData("""{"model":{"kind":"mlp","hiddenSizes":[8,0]}}""", "model.hiddenSizes[1]", "0 is not")]
    [InlineData("""{"model":{"kind":"mlp","activation":"softmax"}}""", "model.activation", "leaky-relu")]
    [InlineData("""{"model":{"kind":"mlp","dropout":1}}""", "model.dropout", "less than 1")]
    [InlineData("""{"model":{"kind":"layers"}}""", "model.layers", "no layers yet")]
    [InlineData("""{"dataset":"cifar"}""", "dataset", "mnist")]
    [InlineData("""{"epochs":0}""", "epochs", "1 to 10,000")]
    [InlineData("""{"batchSize":60001}""", "batchSize", "60,000 (the images in the training set)")]
    [InlineData("""{"batchSize":55001,"validation":{"samples":5000}}""", "batchSize", "55,000 (the images left to train on)")]
    [InlineData("""{"batchSize":59999,"model":{"kind":"mlp","batchNorm":true}}""", "batchSize", "single image, and batch normalisation (bn1)")]
    [InlineData("""{"batchSize":60000,"model":{"kind":"layers","layers":[{"type":"conv","outChannels":512,"kernel":1},{"type":"flatten"},{"type":"linear","outFeatures":10}]}}""", "batchSize", "GiB")]
    [InlineData("""{"optimizer":{"kind":"lion"}}""", "optimizer.kind", "sgd, adam, adamw, rmsprop")]
    [InlineData("""{"optimizer":{"learningRate":0}}""", "optimizer.learningRate", "greater than 0")]
    [InlineData("""{"optimizer":{"learningRate":"NaN"}}""", "optimizer.learningRate", "greater than 0")]
    [InlineData("""{"optimizer":{"kind":"adam","momentum":0.8}}""", "optimizer.momentum", "belongs to sgd")]
    [InlineData("""{"optimizer":{"kind":"adam","nesterov":true}}""", "optimizer.nesterov", "belongs to sgd")]
    [InlineData("""{"optimizer":{"momentum":0,"nesterov":true}}""", "optimizer.nesterov", "above 0")]
    [InlineData("""{"optimizer":{"weightDecay":-1}}""", "optimizer.weightDecay", "at least 0")]
    [InlineData("""{"optimizer":{"beta1":0.9}}""", "optimizer.beta1", "adam and adamw")]
    [InlineData("""{"optimizer":{"kind":"adamw","beta2":1}}""", "optimizer.beta2", "less than 1")]
    [InlineData("""{"optimizer":{"epsilon":1e-8}}""", "optimizer.epsilon", "rmsprop")]
    [InlineData("""{"optimizer":{"kind":"adam","alpha":0.5}}""", "optimizer.alpha", "belongs to rmsprop")]
    [InlineData("""{"optimizer":{"clipNorm":0}}""", "optimizer.clipNorm", "above 0")]
    [InlineData("""{"learningRateSchedule":{"kind":"linear"}}""", "learningRateSchedule.kind", "one-cycle")]
    [InlineData("""{"learningRateSchedule":{"kind":"one-cycle","warmUpEpochs":1}}""", "learningRateSchedule.warmUpEpochs", "belongs to")]
    [InlineData("""{"learningRateSchedule":{"warmUpEpochs":6}}""", "learningRateSchedule.warmUpEpochs", "0 to 5")]
    [InlineData("""{"learningRateSchedule":{"kind":"cosine","gamma":0.5}}""", "learningRateSchedule.gamma", "belongs to step")]
    [InlineData("""{"learningRateSchedule":{"kind":"step","gamma":2}}""", "learningRateSchedule.gamma", "at most 1")]
    [InlineData("""{"learningRateSchedule":{"kind":"step","stepEpochs":0}}""", "learningRateSchedule.stepEpochs", "every 1 to")]
    [InlineData("""{"learningRateSchedule":{"kind":"step","finalFactor":0}}""", "learningRateSchedule.finalFactor", "belongs to cosine")]
    [InlineData("""{"learningRateSchedule":{"kind":"one-cycle","risingFraction":1}}""", "learningRateSchedule.risingFraction", "between 0 and 1")]
    [InlineData("""{"labelSmoothing":1}""", "labelSmoothing", "less than 1")]
    [InlineData("""{"precision":"fp16"}""", "precision", "fp32, tf32, bf16")]
    [InlineData("""{"device":"cpu","precision":"bf16"}""", "precision", "needs a CUDA device")]
    [InlineData("""{"bestBy":"f1"}""", "bestBy", "test_accuracy")]
    [InlineData("""{"bestBy":"validation_loss"}""", "bestBy", "validation.samples")]
    [InlineData("""{"validation":{"samples":59991}}""", "validation.samples", "1 to 59,990")]
    [InlineData("""{"validation":{"seed":-1}}""", "validation.seed", "-1 is not")]
    [InlineData("""{"augmentation":{"shiftPixels":15}}""", "augmentation.shiftPixels", "0 to 14")]
    [InlineData("""{"augmentation":{"rotateDegrees":181}}""", "augmentation.rotateDegrees", "180")]
    [InlineData("""{"augmentation":{"eraseProbability":1.5}}""", "augmentation.eraseProbability", "0 to 1")]
    [InlineData("""{"stopRules":{"patience":0}}""", "stopRules.patience", "1 to")]
    [InlineData("""{"stopRules":{"minDelta":0.1}}""", "stopRules.minDelta", "early stopping")]
    [InlineData("""{"stopRules":{"divergenceFactor":1}}""", "stopRules.divergenceFactor", "above 1")]
    [InlineData("""{"stopRules":{"plateauEpochs":0}}""", "stopRules.plateauEpochs", "1 to")]
    [InlineData("""{"stopRules":{"maxSeconds":0}}""", "stopRules.maxSeconds", "above 0")]
    [InlineData("""{"checkpoints":{"every":-1}}""", "checkpoints.every", "0 (none)")]
    [InlineData("""{"checkpoints":{"last":0}}""", "checkpoints.last", "1 to")]
    [InlineData("""{"device":"tpu"}""", "device", "cuda:N")]
    [InlineData("""{"seed":-1}""", "seed", "0 to")]
    public void Validate_OneFieldWrong_SaysWhichAndWhatIsAllowed(string json, string field, string part)
    {
        var problem = Assert.Single(ProtocolJson.Read<TrainingSpec>(json).Validate());

        Assert.Equal(field, problem.Field);
        Assert.Contains(part, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_ServerInAnotherLanguage_WritesNumbersAsJsonDoes()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            Assert.Contains("1.5 is not", Assert.Single(new TrainingSpec { LabelSmoothing = 1.5 }.Validate()).Message, StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Momentum_OfAnotherOptimizer_IsNone()
    {
        var adam = new OptimizerSpec { Kind = OptimizerSpec.Adam };

        Assert.Null(adam.Momentum);
        Assert.Equal(adam, ProtocolJson.Read<OptimizerSpec>(ProtocolJson.Write(adam)));
        Assert.Equal(0.9, (adam with { Kind = OptimizerSpec.Sgd }).Momentum);
        Assert.Equal(new OptimizerSpec(), new OptimizerSpec { Momentum = null });
    }

    [Fact]
    public void Tidied_LeftoversOfOtherKinds_AreGone()
    {
        var spec = new TrainingSpec
        {
            Model = new ModelSpec
            {
                HiddenSizes = [3], Activation = Activations.Tanh, Dropout = 0.5, BatchNorm = true,
                Layers = [new FlattenLayer()]
            },
            Optimizer = new OptimizerSpec { Kind = OptimizerSpec.Adam, LearningRate = 0.001, Momentum = 0.5, Nesterov = true, Alpha = 0.5 },
            Augmentation = new AugmentationSpec(),
            LearningRateSchedule = new LearningRateSchedule { Gamma = 0.5 },
            Precision = Precisions.Fp32,
            StopRules = new StopRules { MinDelta = 0.1 },
        };

        Assert.Equal(new TrainingSpec { Optimizer = new OptimizerSpec { Kind = OptimizerSpec.Adam, LearningRate = 0.001 } }, spec.Tidied());
    }

    [Theory]
    [InlineData(32, null, 1_875)]
    [InlineData(32, 10_000, 1_563)]
    [InlineData(60_000, null, 1)]
    public void StepsPerEpoch_LastBatchIsSmaller_CountsIt(int batchSize, int? heldBack, int steps) =>
        Assert.Equal(steps, new TrainingSpec
        {
            BatchSize = batchSize,
            Validation = heldBack is { } samples ? new ValidationSplit { Samples = samples } : null
        }.StepsPerEpoch(60_000));
}
