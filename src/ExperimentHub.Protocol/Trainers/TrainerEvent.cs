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
[JsonDerivedType(typeof(EpochFinished), "epoch")]
[JsonDerivedType(typeof(CheckpointSaved), "checkpoint")]
[JsonDerivedType(typeof(TrainingFinished), "finished")]
[JsonDerivedType(typeof(TrainingStopped), "stopped")]
[JsonDerivedType(typeof(TrainingFailed), "failed")]
public abstract record TrainerEvent;

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
    DeviceInfo Device, string TorchVersion, int Threads, long Parameters, int TrainSamples, int TestSamples, int StepsPerEpoch) : TrainerEvent;

/// <summary>About every 250 ms while training, and once more at the end of an epoch.</summary>
/// <param name="Epoch">Counts from 1.</param>
/// <param name="Step">Steps done since the start of the run, over all epochs.</param>
/// <param name="Loss">Mean training loss of the steps since the last progress event (or since the epoch's start).</param>
/// <param name="SamplesPerSecond">Training images per second since the last progress event.</param>
public sealed record TrainingProgress(int Epoch, long Step, double Loss, double SamplesPerSecond) : TrainerEvent
{
    /// <summary>The loss of each step since the last progress event; the last one is that of <see cref="Step"/>.</summary>
    public IReadOnlyList<float> Losses { get; init; } = [];

    /// <summary>The learning rate of these steps.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Wall time of these steps in seconds. When each of them ended is not known, since a device is not asked at every step.</summary>
    public double Seconds { get; init; }

    /// <summary>CPU time of the trainer in these seconds, in per cent of one core.</summary>
    public double? CpuPercent { get; init; }

    /// <summary>Resident memory of the trainer.</summary>
    public long? MemoryBytes { get; init; }
}

/// <summary>The training thread is alive but has no progress to tell (evaluation, saving, reading data).</summary>
public sealed record Heartbeat : TrainerEvent;

/// <summary>An epoch is over and evaluated.</summary>
/// <param name="TrainLoss">Mean of the losses of its steps, as the tutorial prints it.</param>
/// <param name="TestAccuracy">Fraction 0..1.</param>
/// <param name="Seconds">Wall time of its training with shuffling and reading losses back, without evaluation and checkpoint.</param>
public sealed record EpochFinished(int Epoch, double TrainLoss, double TestLoss, double TestAccuracy, double Seconds) : TrainerEvent;

/// <summary>A checkpoint lies complete and synced under its final name in the checkpoint folder.</summary>
/// <param name="FileName">Name without folder, as <see cref="CheckpointName"/> makes it.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
/// <param name="State">The file beside it that resuming needs.</param>
public sealed record CheckpointSaved(int Epoch, string FileName, long Size, string Sha256, StateFile? State = null) : TrainerEvent;

/// <summary>Optimizer and random state after an epoch: with the weights, all that makes a resumed training bit-identical on the CPU.</summary>
/// <param name="FileName">Name without folder, as <see cref="CheckpointName.StateFor"/> makes it.</param>
/// <param name="Sha256">64 lower-case hex digits.</param>
public sealed record StateFile(string FileName, long Size, string Sha256);

/// <summary>All epochs are done.</summary>
public sealed record TrainingFinished : TrainerEvent;

/// <summary>Stopped as asked.</summary>
public sealed record TrainingStopped : TrainerEvent;

/// <summary>The trainer knows why it cannot go on.</summary>
/// <param name="Reason">What happened.</param>
/// <param name="Remedy">What the person can do.</param>
public sealed record TrainingFailed(string Reason, string? Remedy = null) : TrainerEvent;
