using System.Text.Json.Serialization;
using ExperimentHub.Protocol.Devices;

namespace ExperimentHub.Protocol.Trainers;

/// <summary>
/// What a trainer says to the hub: one JSON value per line on its standard output, a closed list. Its log goes to standard error.
/// The last event is one of <see cref="TrainingFinished"/>, <see cref="TrainingStopped"/>, <see cref="TrainingFailed"/>; an end without
/// one of them is a crash.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Preparing), "preparing")]
[JsonDerivedType(typeof(TrainingStarted), "started")]
[JsonDerivedType(typeof(TrainingProgress), "progress")]
[JsonDerivedType(typeof(Heartbeat), "heartbeat")]
[JsonDerivedType(typeof(WaitingForRoom), "waitingForRoom")]
[JsonDerivedType(typeof(EpochFinished), "epoch")]
[JsonDerivedType(typeof(EpochEvaluated), "evaluation")]
[JsonDerivedType(typeof(CheckpointSaved), "checkpoint")]
[JsonDerivedType(typeof(PausePointSaved), "pausePoint")]
[JsonDerivedType(typeof(TrainingFinished), "finished")]
[JsonDerivedType(typeof(TrainingStopped), "stopped")]
[JsonDerivedType(typeof(TrainingFailed), "failed")]
public abstract record TrainerEvent
{
    /// <summary>
    /// Characters of the longest line that the hub reads as an event. The longest that a trainer has to say is the evaluation of a data set with very
    /// many test images, at four characters for three of them.
    /// </summary>
    public const int MaxLineLength = Limits.LineOfATrainer;
}

/// <summary>What is done before the first step, such as a download.</summary>
/// <param name="Activity">For a person: "Downloading MNIST: train-images-idx3-ubyte from ossci-datasets.s3.amazonaws.com".</param>
/// <param name="Fraction">0..1 where it is known.</param>
public sealed record Preparing(string Activity, double? Fraction = null) : TrainerEvent;

/// <summary>Model and data are on the device; the first step follows.</summary>
/// <param name="Device">The device really used.</param>
/// <param name="TorchVersion">libtorch's version.</param>
/// <param name="Threads">CPU threads that torch uses inside one operation.</param>
/// <param name="Parameters">Trainable parameters, counted on the real model.</param>
public sealed record TrainingStarted(
    DeviceInfo Device, string TorchVersion, int Threads, long Parameters, int TrainSamples, int TestSamples, int StepsPerEpoch) : TrainerEvent
{
    /// <summary>Images of the training set that are held back; <see cref="TrainSamples"/> are the rest. 0 without a validation split.</summary>
    public int ValidationSamples { get; init; }

    /// <summary>
    /// What the data set is: SHA-256 over its files' SHA-256 (of the uncompressed content, each as 64 lower-case hex digits and a line feed; train
    /// images, train labels, test images, test labels). 64 lower-case hex digits.
    /// </summary>
    public string? DatasetSha256 { get; init; }
}

/// <summary>About every 250 ms while training, and once more at the end of an epoch.</summary>
/// <param name="Epoch">Counts from 1.</param>
/// <param name="Step">Steps done since the start of the run, over all epochs.</param>
/// <param name="Loss">Mean training loss of the steps since the last progress event (or since the epoch's start).</param>
/// <param name="SamplesPerSecond">Training images per second since the last progress event.</param>
public sealed record TrainingProgress(int Epoch, long Step, double Loss, double SamplesPerSecond) : TrainerEvent
{
    /// <summary>The loss of each step since the last progress event; the last one is that of <see cref="Step"/>.</summary>
    public IReadOnlyList<float> Losses { get; init; } = [];

    /// <summary>The learning rate of these steps, where it is one and the same.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The learning rate of each step, where a schedule changes it between them.</summary>
    public IReadOnlyList<double>? LearningRates { get; init; }

    /// <summary>The gradient's norm of each step over all parameters, before clipping; null where it is not asked for.</summary>
    public IReadOnlyList<float>? GradientNorms { get; init; }

    /// <summary>Wall time of these steps in seconds. When each of them ended is not known, since a device is not asked at every step.</summary>
    public double Seconds { get; init; }

    /// <summary>CPU time of the trainer in these seconds, in per cent of one core.</summary>
    public double? CpuPercent { get; init; }

    /// <summary>Resident memory of the trainer.</summary>
    public long? MemoryBytes { get; init; }
}

/// <summary>The training thread is alive but has no progress to tell (evaluation, saving, reading data).</summary>
public sealed record Heartbeat : TrainerEvent;

/// <summary>
/// A file finds no room on the disk. The trainer keeps what it wants to write, tries again every few seconds and beats meanwhile; the next event that
/// is neither a heartbeat nor this one means that it goes on.
/// </summary>
/// <param name="Reason">The system's own words.</param>
public sealed record WaitingForRoom(string Reason) : TrainerEvent;

/// <summary>An epoch is over and evaluated.</summary>
/// <param name="TrainLoss">Mean of the losses of its steps, as the tutorial prints it.</param>
/// <param name="TestAccuracy">Fraction 0..1.</param>
/// <param name="Seconds">Wall time of its training with shuffling and reading losses back, without evaluation and checkpoint.</param>
public sealed record EpochFinished(int Epoch, double TrainLoss, double TestLoss, double TestAccuracy, double Seconds) : TrainerEvent
{
    /// <summary>Fraction 0..1 of the training images that were right when their step came, augmented as they were.</summary>
    public double? TrainAccuracy { get; init; }

    /// <summary>On the images held back; null without a validation split.</summary>
    public double? ValidationLoss { get; init; }

    /// <inheritdoc cref="ValidationLoss"/>
    public double? ValidationAccuracy { get; init; }

    /// <summary>No epoch before was better by the spec's <see cref="BestMetrics"/>.</summary>
    public bool Best { get; init; }
}

/// <summary>
/// What the network says of each test image, for an epoch that is the best so far (before its checkpoint) and for the last one (before the last word,
/// also when stopped or ended by a rule). No epoch is told twice by one attempt. An attempt that is stopped before its first epoch is done tells
/// none: the earlier one did, unless it was killed.
/// </summary>
/// <param name="Classes">Labels are 0 to <paramref name="Classes"/> - 1.</param>
/// <param name="Predictions">The class of each test image, in the order of the file.</param>
/// <param name="Confusion">Images by label and prediction, [label * classes + prediction].</param>
/// <param name="Worst">The test images with the greatest losses, the worst first, at most 100.</param>
public sealed record EpochEvaluated(int Epoch, int Classes, byte[] Predictions, IReadOnlyList<int> Confusion, IReadOnlyList<WorstImage> Worst)
    : TrainerEvent;

/// <param name="Index">In the test set, from 0.</param>
/// <param name="Loss">Cross-entropy of this image.</param>
/// <param name="Confidence">The probability that the network gives to its prediction.</param>
public sealed record WorstImage(int Index, int Label, int Prediction, float Loss, float Confidence);

/// <summary>A checkpoint lies complete under its final name in the scratch folder, its content synced.</summary>
/// <param name="FileName">Name without folder, as <see cref="CheckpointName"/> makes it.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
/// <param name="State">The file beside it that resuming needs.</param>
public sealed record CheckpointSaved(int Epoch, string FileName, long Size, string Sha256, StateFile? State = null) : TrainerEvent
{
    /// <summary>
    /// SHA-256 over the tensors alone, equal where the weights are, whoever trained them: in the order of their names, each as the UTF-8 line
    /// <c>name dtype [2,3]</c> with a line feed, followed by its bytes as the file holds them. 64 lower-case hex digits.
    /// </summary>
    public string? WeightsSha256 { get; init; }
}

/// <summary>
/// Where a training was when it was stopped, or when its time was up, complete, its content synced: weights and state between two steps, also at an
/// epoch's end or before the first step. The run can go on from the very next step. It comes just before <see cref="TrainingStopped"/>, or before
/// <see cref="TrainingFinished"/> where the time limit fell within an epoch. It stands in for nobody's checkpoint, and a later one replaces it.
/// </summary>
/// <param name="Epoch">The last epoch that is done; 0 in the first.</param>
/// <param name="StepsDone">Steps of the next epoch that are done.</param>
/// <param name="FileName">Name without folder, as <see cref="CheckpointName"/> makes it.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record PausePointSaved(int Epoch, int StepsDone, string FileName, long Size, string Sha256, StateFile State) : TrainerEvent;

/// <summary>Optimizer and random state: with the weights, all that makes a resumed training bit-identical on the CPU.</summary>
/// <param name="FileName">Name without folder, as <see cref="CheckpointName.StateFor"/> makes it.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record StateFile(string FileName, long Size, string Sha256);

/// <summary>All epochs are done, or a rule of the spec ended the training.</summary>
/// <param name="Reason">Which rule and why, for a person; null where all epochs are done.</param>
public sealed record TrainingFinished(string? Reason = null) : TrainerEvent;

/// <summary>Stopped as asked.</summary>
public sealed record TrainingStopped : TrainerEvent;

/// <summary>The trainer knows why it cannot go on.</summary>
/// <param name="Reason">What happened.</param>
/// <param name="Remedy">What the person can do.</param>
public sealed record TrainingFailed(string Reason, string? Remedy = null) : TrainerEvent;
