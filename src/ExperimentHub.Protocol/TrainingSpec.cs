using System.Text.Json.Serialization;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Protocol;

/// <summary>
/// What to train. One type travels unmapped from the form to the database, over the wire to the trainer and into the checkpoint.
/// The defaults are the tutorial's program; what goes beyond it is only written where it is used, so the tutorial's spec stays as short as the
/// tutorial.
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
    /// On a GPU, leaves out the ways to convolve whose sums depend on chance, so that the same run can give the same bits again; some networks train
    /// more slowly. The CPU gives the same bits with and without.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Deterministic { get; init; }

    /// <summary>
    /// The metric that decides which epoch is best; one of <see cref="BestMetrics"/>. null is the accuracy on the images held back or, where none
    /// are, on the test set. The earliest wins a tie.
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

    /// <summary>Steps of one epoch; the last batch is smaller where the images do not divide evenly, and it is kept.</summary>
    /// <param name="trainSamples">Images in the training set, before any are held back.</param>
    public int StepsPerEpoch(int trainSamples) => (int)(((long)trainSamples - (Validation?.Samples ?? 0) + BatchSize - 1) / BatchSize);

    /// <summary>The learning rate of a step; a function of its arguments alone.</summary>
    /// <param name="step">Counts from 0 at the start of the run, over all epochs.</param>
    public double LearningRateAt(long step, int stepsPerEpoch) =>
        Optimizer.LearningRate * (LearningRateSchedule?.FactorAt(step, stepsPerEpoch, Epochs) ?? 1);

    /// <summary>
    /// The same training with everything left out that has no meaning for it: what another kind would need, and parts that change nothing.
    /// </summary>
    public TrainingSpec Tidied() => this with
    {
        Model = Model.Tidied(),
        Optimizer = Optimizer.Tidied(),
        Augmentation = Augmentation is { DoesNothing: true } ? null : Augmentation,
        LearningRateSchedule = LearningRateSchedule?.Tidied(),
        Precision = Precision == Precisions.Fp32 ? null : Precision,
        Deterministic = Deterministic && Device != DeviceRequest.Cpu,
        StopRules = StopRules is { Patience: null, DivergenceFactor: null, PlateauEpochs: null, MaxSeconds: null } ? null : StopRules,
    };

    /// <summary>
    /// Everything that is wrong with this spec, in the order of the form; empty when it can be trained. Knows the published data sets only.
    /// </summary>
    public IReadOnlyList<SpecProblem> Validate() => Validate(DatasetCatalog.Find(Dataset));

    /// <inheritdoc cref="Validate()"/>
    /// <param name="data">The data set that <see cref="Dataset"/> names; null where there is none, which is a problem of its own.</param>
    public IReadOnlyList<SpecProblem> Validate(DatasetInfo? data)
    {
        var problems = new ProblemList();
        problems.Require(Version is >= 1 and <= CurrentVersion, "version",
            $"This hub knows spec version {CurrentVersion}; {Version} is not one of its versions.");
        problems.Require(data is not null, "dataset",
            $"'{Dataset}' is not a data set. Choose one of: {string.Join(", ", DatasetCatalog.All.Select(d => d.Key))}, or one that was uploaded.");
        // So that the other fields are still checked against something.
        data ??= DatasetCatalog.Mnist;
        var outline = Model.Check(problems, data.Shape);
        Validation?.Check(problems, data.TrainSamples, data.Classes);
        Augmentation?.Check(problems, data.Shape);
        problems.Require(Epochs is >= 1 and <= MaxEpochs, "epochs", $"Epochs must be a whole number from 1 to {MaxEpochs:N0}; {Epochs:N0} is not.");
        CheckBatch(problems, data, outline);
        Optimizer.Check(problems);
        LearningRateSchedule?.Check(problems, Epochs);
        problems.Require(LabelSmoothing is >= 0 and < 1, "labelSmoothing",
            $"Label smoothing must be at least 0 and less than 1; {LabelSmoothing} is not.");
        problems.Require(Precision is null || Precisions.All.Contains(Precision), "precision",
            $"'{Precision}' is not a precision. Choose one of: {string.Join(", ", Precisions.All)}.");
        problems.Require(Device != DeviceRequest.Cpu || Precision is null or Precisions.Fp32 || !Precisions.All.Contains(Precision), "precision",
            $"{Precision} needs a CUDA device; the CPU trains in {Precisions.Fp32} only.");
        problems.Require(BestBy is null || BestMetrics.All.Contains(BestBy), "bestBy",
            $"'{BestBy}' cannot decide which epoch is best. Choose one of: {string.Join(", ", BestMetrics.All)}.");
        problems.Require(Validation is not null || BestBy is not (BestMetrics.ValidationAccuracy or BestMetrics.ValidationLoss), "bestBy",
            $"{BestBy} needs images that are held back: set validation.samples, or choose {BestMetrics.TestAccuracy}.");
        StopRules?.Check(problems);
        Checkpoints?.Check(problems);
        problems.Require(DeviceRequest.TryParse(Device, out _), "device",
            $"'{Device}' is not a device. Use auto, cpu, cuda or cuda:N with N from 0 to {DeviceRequest.MaxIndex}.");
        problems.Require(Seed is >= 0 and <= MaxSeed, "seed", $"The seed must be a whole number from 0 to {MaxSeed:N0}; {Seed:N0} is not.");
        return problems.Problems;
    }

    private void CheckBatch(ProblemList problems, DatasetInfo data, ModelOutline? outline)
    {
        var images = data.TrainSamples - (Validation is { Samples: > 0 } held && held.Samples <= data.TrainSamples - data.Classes ? held.Samples : 0);
        var rest = BatchSize >= 1 && BatchSize <= images;
        problems.Require(rest, "batchSize",
            $"The batch size must be a whole number from 1 to {images:N0} (the images {(images == data.TrainSamples ? "in the training set" : "left to train on")}); {BatchSize:N0} is not.");
        if (!rest || outline is null)
            return;

        // The statistics of one number are no statistics; PyTorch refuses to train on them, and so do we before anything starts.
        var smallest = images % BatchSize == 0 ? BatchSize : images % BatchSize;
        var normalised = outline.Steps.FirstOrDefault(step => step.Layer is BatchNormLayer && step.OutputSize == step.Output[0]);
        problems.Require(smallest > 1 || normalised is null, "batchSize",
            $"With batches of {BatchSize:N0} the {(BatchSize == 1 ? "batches have" : "last batch of an epoch has")} a single image, and batch normalisation ({normalised?.Name}) needs two. Use another batch size.");
        var memory = MemoryEstimate.Of(this, outline, data);
        problems.Require(memory.Total <= MemoryEstimate.Max, "batchSize",
            $"Training would need about {memory.Total >> 30:N0} GiB; at most {MemoryEstimate.Max >> 30:N0} GiB are accepted. Use a smaller batch or a smaller network.");
    }
}

/// <summary>The number formats of the arithmetic.</summary>
public static class Precisions
{
    public const string Fp32 = "fp32";

    /// <summary>Multiplies matrices with 10 bits of mantissa, on GPUs from Ampere on.</summary>
    public const string Tf32 = "tf32";

    /// <summary>Forward and backward in bfloat16, weights and their updates in float32.</summary>
    public const string Bf16 = "bf16";

    public static IReadOnlyList<string> All { get; } = [Fp32, Tf32, Bf16];

    /// <summary>
    /// The least compute capability that a precision needs: before Ampere no GPU has these formats, and torch would emulate or ignore them in
    /// silence. null for what every device does.
    /// </summary>
    public static ComputeCapability? Least(string? precision) => precision is Tf32 or Bf16 ? new ComputeCapability(8, 0) : null;

    /// <summary>Why a device cannot train in a precision, as sentences with what to do instead; null where it can.</summary>
    /// <param name="capability">Of a GPU; one that is not known is given the benefit of the doubt.</param>
    public static string? WhyNot(string? precision, DeviceInfo device, ComputeCapability? capability)
    {
        if (Least(precision) is not { } least)
            return null;
        if (device.Kind == DeviceRequest.Cpu)
            return $"{precision} needs a CUDA device; the CPU trains in {Fp32} only.";
        return capability is { } has && has < least
            ? $"{precision} needs a GPU of compute capability {least} (Ampere) or later; {device.TorchName} ({device.Name}) has {has}. Choose {Fp32}."
            : null;
    }
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
