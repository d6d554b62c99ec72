using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;

namespace ExperimentHub.Web.Specs;

/// <summary>All settings of a spec, in the order of the form.</summary>
public static class SpecFields
{
    public static SpecField Dataset { get; } = new("dataset", "dataset", "Data set", SpecFieldKind.Word, SpecSection.What);

    public static SpecField Model { get; } = new("model.kind", "model", "Model", SpecFieldKind.Word, SpecSection.What)
    {
        Choices = [.. ModelCatalog.All.Select(model => (model.Kind, model.Name))],
    };

    public static SpecField Layers { get; } = new("model.layers", "layers", "Layers", SpecFieldKind.Layers, SpecSection.Network)
    {
        Empty = "none", Applies = Is(Model, ModelCatalog.Layers),
    };

    public static SpecField Epochs { get; } =
        new("epochs", "epochs", "Epochs", SpecFieldKind.Whole, SpecSection.How) { Plural = "numbers of epochs" };
    public static SpecField BatchSize { get; } =
        new("batchSize", "batchSize", "Batch size", SpecFieldKind.Whole, SpecSection.How) { NameInRuns = "batch", Plural = "batch sizes" };
    public static SpecField Seed { get; } = new("seed", "seed", "Seed", SpecFieldKind.Whole, SpecSection.How)
    {
        Most = long.MaxValue,
        Plural = "seeds"
    };

    public static SpecField Optimizer { get; } = new("optimizer.kind", "optimizer", "Optimizer", SpecFieldKind.Word, SpecSection.Optimizer)
    {
        Choices = [(OptimizerSpec.Sgd, "SGD"), (OptimizerSpec.Adam, "Adam"), (OptimizerSpec.AdamW, "AdamW"), (OptimizerSpec.RmsProp, "RMSprop")],
    };

    public static SpecField LearningRate { get; } =
        new("optimizer.learningRate", "learningRate", "Learning rate", SpecFieldKind.Number, SpecSection.Optimizer)
        {
            NameInRuns = "lr",
            Plural = "learning rates"
        };

    public static SpecField Momentum { get; } = new("optimizer.momentum", "momentum", "Momentum", SpecFieldKind.Number, SpecSection.Optimizer)
    {
        Empty = "0.9", Applies = Is(Optimizer, OptimizerSpec.Sgd),
    };

    public static SpecField Schedule { get; } = new("learningRateSchedule.kind", "schedule", "Schedule", SpecFieldKind.Word, SpecSection.Rate)
    {
        Empty = LearningRateSchedule.Constant,
        Choices =
        [
            (LearningRateSchedule.Constant, "Constant"), (LearningRateSchedule.Step, "Steps"), (LearningRateSchedule.Cosine, "Cosine"),
            (LearningRateSchedule.OneCycle, "One cycle"),
        ],
    };

    public static SpecField ValidationSamples { get; } =
        new("validation.samples", "validation", "Held back for validation", SpecFieldKind.Whole, SpecSection.Choosing)
        {
            Empty = "none", Help = "Training images that are only evaluated, after each epoch.",
        };

    public static SpecField Patience { get; } = new("stopRules.patience", "patience", "Patience", SpecFieldKind.Whole, SpecSection.Ending)
    {
        Empty = SpecField.Off, Help = "Ends after so many epochs without a better one.",
    };

    public static SpecField Device { get; } = new("device", "device", "Device", SpecFieldKind.Word, SpecSection.Device);

    public static IReadOnlyList<SpecField> All { get; } =
    [
        Model, Dataset,
        new("model.hiddenSizes", "hiddenSizes", "Hidden layers", SpecFieldKind.Sizes, SpecSection.Network)
        {
            Empty = string.Join(", ", ModelCatalog.UsualHiddenSizes), Applies = Is(Model, ModelCatalog.Mlp),
            Help = "Their widths, with commas between them.",
        },
        new("model.activation", "activation", "Activation", SpecFieldKind.Word, SpecSection.Network)
        {
            Empty = Activations.Relu, Applies = Is(Model, ModelCatalog.Mlp),
            Choices = [.. Activations.All.Select(name => (name, LayerWords.Activation(name)))],
        },
        new("model.dropout", "dropout", "Dropout", SpecFieldKind.Number, SpecSection.Network) { Empty = "0", Applies = Is(Model, ModelCatalog.Mlp) },
        new("model.batchNorm", "batchNorm", "Batch normalisation", SpecFieldKind.Flag, SpecSection.Network) { Empty = SpecField.Off,
            Applies = Is(Model, ModelCatalog.Mlp) },
        Layers,
        Epochs, BatchSize, Seed,
        Optimizer, LearningRate, Momentum,
        new("optimizer.weightDecay", "weightDecay", "Weight decay", SpecFieldKind.Number, SpecSection.Optimizer) { Empty = "0", NameInRuns = "wd",
            Plural = "weight decays" },
        new("optimizer.beta1", "beta1", "Beta 1", SpecFieldKind.Number, SpecSection.Optimizer) { Empty = "0.9", Applies = IsAdam },
        new("optimizer.beta2", "beta2", "Beta 2", SpecFieldKind.Number, SpecSection.Optimizer) { Empty = "0.999", Applies = IsAdam },
        new("optimizer.alpha", "alpha", "Alpha", SpecFieldKind.Number, SpecSection.Optimizer) { Empty = "0.99",
            Applies = Is(Optimizer, OptimizerSpec.RmsProp) },
        new("optimizer.epsilon", "epsilon", "Epsilon", SpecFieldKind.Number, SpecSection.Optimizer) { Empty = "1e-8",
            Applies = draft => !Is(Optimizer, OptimizerSpec.Sgd)(draft) },
        new("optimizer.clipNorm", "clipNorm", "Clip gradients at norm", SpecFieldKind.Number, SpecSection.Optimizer) { Empty = SpecField.Off },
        new("optimizer.nesterov", "nesterov", "Nesterov momentum", SpecFieldKind.Flag, SpecSection.Optimizer) { Empty = SpecField.Off,
            Applies = Is(Optimizer, OptimizerSpec.Sgd) },
        Schedule,
        new("learningRateSchedule.warmUpEpochs", "warmUp", "Warm-up", SpecFieldKind.Number, SpecSection.Rate)
        {
            Empty = "0", Applies = draft => draft[Schedule] != LearningRateSchedule.OneCycle, Help = "Epochs in which the rate grows.",
        },
        new("learningRateSchedule.stepEpochs", "stepEpochs", "Every so many epochs", SpecFieldKind.Whole, SpecSection.Rate) { Empty = "1",
            Applies = Is(Schedule, LearningRateSchedule.Step) },
        new("learningRateSchedule.gamma", "gamma", "Times", SpecFieldKind.Number, SpecSection.Rate) { Empty = "0.1", Plural = "factors of the steps",
            Applies = Is(Schedule, LearningRateSchedule.Step) },
        new("learningRateSchedule.finalFactor", "finalFactor", "Part left at the end", SpecFieldKind.Number, SpecSection.Rate) { Empty = "0",
            Applies = Is(Schedule, LearningRateSchedule.Cosine) },
        new("learningRateSchedule.risingFraction", "risingFraction", "Rising part of the run", SpecFieldKind.Number, SpecSection.Rate)
        {
            Empty = "0.3", Applies = Is(Schedule, LearningRateSchedule.OneCycle),
        },
        ValidationSamples,
        new("validation.seed", "validationSeed", "Seed of the choice", SpecFieldKind.Whole, SpecSection.Choosing) { Empty = "1", Most = long.MaxValue,
            Applies = draft => draft[ValidationSamples].Length > 0 },
        new("augmentation.shiftPixels", "shift", "Shift", SpecFieldKind.Whole, SpecSection.Images) { Empty = "0",
            Help = "Up to so many pixels in each direction." },
        new("augmentation.rotateDegrees", "rotate", "Rotate", SpecFieldKind.Number, SpecSection.Images) { Empty = "0",
            Help = "Up to so many degrees to either side." },
        new("augmentation.eraseProbability", "erase", "Erase", SpecFieldKind.Number, SpecSection.Images) { Empty = "0",
            Help = "Probability of a hole in an image." },
        new("labelSmoothing", "labelSmoothing", "Label smoothing", SpecFieldKind.Number, SpecSection.Images) { Empty = "0" },
        new("bestBy", "bestBy", "Best epoch by", SpecFieldKind.Word, SpecSection.Best)
        {
            Empty = "", Choices =
            [
                (BestMetrics.TestAccuracy, "Test accuracy"), (BestMetrics.TestLoss, "Test loss"),
                (BestMetrics.ValidationAccuracy, "Validation accuracy"),
                (BestMetrics.ValidationLoss, "Validation loss"), (BestMetrics.TrainLoss, "Training loss"),
            ],
        },
        new("gradientNorm", "gradientNorm", "Record the gradient's norm", SpecFieldKind.Flag, SpecSection.Best) { Empty = SpecField.Off },
        Patience,
        new("stopRules.minDelta", "minDelta", "Least improvement", SpecFieldKind.Number, SpecSection.Ending) { Empty = "0",
            Applies = draft => draft[Patience].Length > 0 },
        new("stopRules.plateauEpochs", "plateau", "Plateau", SpecFieldKind.Whole, SpecSection.Ending) { Empty = SpecField.Off,
            Help = "Ends when the training loss stands still for so many epochs." },
        new("stopRules.divergenceFactor", "divergence", "Divergence", SpecFieldKind.Number, SpecSection.Ending) { Empty = SpecField.Off,
            Help = "Ends when the training loss is so many times the best." },
        new("stopRules.maxSeconds", "maxSeconds", "Time limit", SpecFieldKind.Number, SpecSection.Ending) { Empty = SpecField.Off,
            Help = "Seconds of training." },
        new("checkpoints.every", "checkpointEvery", "Keep every n-th", SpecFieldKind.Whole, SpecSection.Keeping) { Empty = "1",
            Help = "0 keeps none for this reason." },
        new("checkpoints.best", "checkpointBest", "Keep the best", SpecFieldKind.Flag, SpecSection.Keeping) { Empty = SpecField.On },
        new("checkpoints.last", "checkpointLast", "Keep the last", SpecFieldKind.Whole, SpecSection.Keeping) { Empty = "1" },
        new("precision", "precision", "Precision", SpecFieldKind.Word, SpecSection.Arithmetic)
        {
            Empty = Precisions.Fp32, Choices = [(Precisions.Fp32, "FP32"), (Precisions.Tf32, "TF32"), (Precisions.Bf16, "BF16")],
            Help = "TF32 and BF16 need a GPU from Ampere on.",
        },
        new("deterministic", "deterministic", "Deterministic on a GPU", SpecFieldKind.Flag, SpecSection.Arithmetic)
        {
            Empty = SpecField.Off, Applies = draft => draft[Device] != DeviceRequest.Cpu,
            Help = "Without convolutions whose sums depend on chance; may be slower. The CPU always is.",
        },
        Device,
    ];

    public static SpecField? Find(string path) => All.FirstOrDefault(field => field.Path == path);

    private static bool IsAdam(SpecDraft draft) => draft[Optimizer] is OptimizerSpec.Adam or OptimizerSpec.AdamW;

    /// <summary>An empty field says what its <see cref="SpecField.Empty"/> does.</summary>
    private static Func<SpecDraft, bool> Is(SpecField field, string value) =>
        draft => (draft[field] is { Length: > 0 } typed ? typed : field.Empty) == value;
}
