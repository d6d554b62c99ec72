using System.Text.Json.Serialization;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Protocol;

/// <summary>
/// What to train. One type travels unmapped from the form to the database, over the wire to the trainer and into the checkpoint.
/// The defaults are the tutorial's program; what goes beyond it is only written where it is used, so the tutorial's spec stays as short as the tutorial.
/// </summary>
public sealed record TrainingSpec
{
    /// <summary>The version that this code writes. Readers tolerate fields that they do not know.</summary>
    public const int CurrentVersion = 1;

    public const int MaxEpochs = 10_000;

    /// <summary>Seeds stay below 2^53 so that a browser shows them exactly.</summary>
    public const long MaxSeed = (1L << 53) - 1;

    public int Version { get; init; } = CurrentVersion;

    public ModelSpec Model { get; init; } = new();

    /// <summary>Key of a data set: of <see cref="DatasetCatalog"/> or one of the hub's own.</summary>
    public string Dataset { get; init; } = DatasetCatalog.Mnist.Key;

    public int Epochs { get; init; } = 5;

    public int BatchSize { get; init; } = 32;

    public OptimizerSpec Optimizer { get; init; } = new();

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; see <see cref="DeviceRequest"/>.</summary>
    public string Device { get; init; } = DeviceRequest.Auto;

    /// <summary>Decides the initial weights, the order of the data, dropout and augmentation.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>null trains on all training images.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public ValidationSplit? Validation { get; init; }

    /// <summary>null shows the images as they are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AugmentationSpec? Augmentation { get; init; }

    /// <summary>null keeps the rate.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LearningRateSchedule? LearningRateSchedule { get; init; }

    /// <summary>Part of the target that is spread evenly over all classes (Szegedy et al. 2015); in training only.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double LabelSmoothing { get; init; }

    /// <summary>One of <see cref="Precisions"/>; null is <see cref="Precisions.Fp32"/>. The others need CUDA.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Precision { get; init; }

    /// <summary>
    /// The metric that decides which epoch is best; one of <see cref="BestMetrics"/>. null is the accuracy on the images held back or, where none are, on
    /// the test set. The earliest wins a tie.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BestBy { get; init; }

    /// <summary>Records the norm of the gradient of every step, before clipping.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool GradientNorm { get; init; }

    /// <summary>null trains all epochs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public StopRules? StopRules { get; init; }

    /// <summary>null keeps every epoch's checkpoint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CheckpointPolicy? Checkpoints { get; init; }

    /// <summary>Everything that is wrong with this spec, in the order of the form; empty when it can be trained.</summary>
    /// <param name="dataset">The data set that <see cref="Dataset"/> names, where it is not one of <see cref="DatasetCatalog"/>; only the hub knows its own.</param>
    public IReadOnlyList<SpecProblem> Validate(DatasetInfo? dataset = null)
    {
        var problems = new List<SpecProblem>();
        void Require(bool holds, string field, string message)
        {
            if (!holds)
                problems.Add(new SpecProblem(field, message));
        }

        Require(Version is >= 1 and <= CurrentVersion, "version", $"This hub knows spec version {CurrentVersion}; {Version} is not one of its versions.");
        Require(ModelCatalog.Find(Model.Kind) is not null, "model.kind",
            $"'{Model.Kind}' is not a model. Choose one of: {string.Join(", ", ModelCatalog.All.Select(m => m.Kind))}.");
        dataset = dataset?.Key == Dataset ? dataset : DatasetCatalog.Find(Dataset);
        Require(dataset is not null, "dataset", $"'{Dataset}' is not a data set. Choose one of: {string.Join(", ", DatasetCatalog.All.Select(d => d.Key))}, or one that was uploaded.");
        Require(Epochs is >= 1 and <= MaxEpochs, "epochs", $"Epochs must be a whole number from 1 to {MaxEpochs:N0}; {Epochs:N0} is not.");
        var largestBatch = dataset?.TrainSamples ?? DatasetCatalog.Mnist.TrainSamples;
        Require(BatchSize >= 1 && BatchSize <= largestBatch, "batchSize",
            $"The batch size must be a whole number from 1 to {largestBatch:N0} (the images in the training set); {BatchSize:N0} is not.");
        Require(Optimizer.Kind == OptimizerSpec.Sgd, "optimizer.kind", $"'{Optimizer.Kind}' is not an optimizer. Choose: {OptimizerSpec.Sgd}.");
        Require(Optimizer.LearningRate is > 0 and <= OptimizerSpec.MaxLearningRate, "optimizer.learningRate",
            $"The learning rate must be greater than 0 and at most {OptimizerSpec.MaxLearningRate}; {Optimizer.LearningRate} is not.");
        Require(Optimizer.Momentum is null or >= 0 and < 1, "optimizer.momentum", $"The momentum must be at least 0 and less than 1; {Optimizer.Momentum} is not.");
        Require(DeviceRequest.TryParse(Device, out _), "device", $"'{Device}' is not a device. Use auto, cpu, cuda or cuda:N with N from 0 to {DeviceRequest.MaxIndex}.");
        Require(Seed is >= 0 and <= MaxSeed, "seed", $"The seed must be a whole number from 0 to {MaxSeed:N0}; {Seed:N0} is not.");
        return problems;
    }
}

/// <summary>One field of a spec that cannot be accepted.</summary>
/// <param name="Field">JSON path inside the spec, such as <c>optimizer.learningRate</c>.</param>
/// <param name="Message">What is wrong and what is allowed, as a sentence for a person.</param>
public sealed record SpecProblem(string Field, string Message);

/// <summary>The number formats of the arithmetic.</summary>
public static class Precisions
{
    public const string Fp32 = "fp32";

    /// <summary>Multiplies matrices with 10 bits of mantissa, on GPUs from Ampere on.</summary>
    public const string Tf32 = "tf32";

    /// <summary>Forward and backward in bfloat16, weights and their updates in float32.</summary>
    public const string Bf16 = "bf16";

    public static IReadOnlyList<string> All { get; } = [Fp32, Tf32, Bf16];
}

/// <summary>The metrics that can decide which epoch of a run is best.</summary>
public static class BestMetrics
{
    public const string TestAccuracy = "test_accuracy";
    public const string TestLoss = "test_loss";
    public const string ValidationAccuracy = "validation_accuracy";
    public const string ValidationLoss = "validation_loss";
    public const string TrainLoss = "train_loss";

    public static IReadOnlyList<string> All { get; } = [TestAccuracy, TestLoss, ValidationAccuracy, ValidationLoss, TrainLoss];

    /// <summary>The metric that decides for this spec.</summary>
    public static string Of(TrainingSpec spec) => spec.BestBy ?? (spec.Validation is null ? TestAccuracy : ValidationAccuracy);
}
