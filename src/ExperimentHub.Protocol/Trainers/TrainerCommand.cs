using System.Text.Json.Serialization;
using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Protocol.Trainers;

/// <summary>
/// What the hub says to a trainer: one JSON value per line on its standard input. The first line is <see cref="StartTraining"/>, or
/// <see cref="StandBy"/> and then that; the end of the input means that the hub is gone, and the trainer ends itself.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(StandBy), "standBy")]
[JsonDerivedType(typeof(StartTraining), "start")]
[JsonDerivedType(typeof(StopTraining), "stop")]
public abstract record TrainerCommand;

/// <summary>
/// Get ready for a training that may come: load torch, read a data set, rehearse. It is answered by nothing and changes no result; what cannot be
/// made ready is met again, and reported, by the training that needs it.
/// </summary>
/// <param name="ScratchFolder">An existing folder on the trainer's machine. What is written there is gone when the training starts.</param>
/// <param name="DatasetFolder">The machine's cache of data sets. Nothing is fetched into it.</param>
/// <param name="Dataset">The key of a published data set, which the training will probably need.</param>
public sealed record StandBy(string ScratchFolder, string DatasetFolder, string Dataset) : TrainerCommand;

/// <summary>Train this.</summary>
/// <param name="RunId">32 lower-case hex digits.</param>
/// <param name="Attempt">Counts from 1; part of the checkpoints' names.</param>
/// <param name="Spec">Validated by the hub; the trainer validates it again.</param>
/// <param name="Device">The device to use, as torch names it: <c>cpu</c> or <c>cuda:N</c>.</param>
/// <param name="ScratchFolder">
/// An existing folder on the trainer's machine that is this attempt's alone. What it starts from lies there, and there it leaves its files, which the
/// hub takes away as it hears of them.
/// </param>
/// <param name="DatasetFolder">The machine's cache of data sets or, for one of the hub's own, a folder inside the scratch folder.</param>
/// <param name="AppVersion">The hub's version, for the checkpoint's metadata.</param>
/// <param name="Resume">Where this run goes on; null where it begins.</param>
/// <param name="Fork">Where a run that begins takes its first weights from; null for fresh ones.</param>
/// <param name="Dataset">One of the hub's own, which only the hub knows; null where the spec names a published one.</param>
public sealed record StartTraining(
    string RunId, int Attempt, TrainingSpec Spec, string Device, string ScratchFolder, string DatasetFolder, string AppVersion,
    ResumePoint? Resume = null,
    ForkPoint? Fork = null, DatasetInfo? Dataset = null)
    : TrainerCommand;

/// <summary>What an earlier attempt of the same run left. The hub has just compared both files with their recorded SHA-256.</summary>
/// <param name="Epoch">The last epoch that is done.</param>
/// <param name="CheckpointFile">The weights; a name inside the scratch folder.</param>
/// <param name="StateFile">What resuming needs beside the weights; a name inside the scratch folder.</param>
/// <param name="StepsDone">Steps of the next epoch that are done as well; 0 at the end of an epoch.</param>
/// <param name="SecondsBefore">Training seconds of the epochs that are done, for <c>StopRules.MaxSeconds</c>.</param>
public sealed record ResumePoint(int Epoch, string CheckpointFile, string StateFile, int StepsDone = 0, double SecondsBefore = 0)
{
    /// <summary>
    /// Of the epochs that are done. The hub keeps them once for all checkpoints of a run; a state file names their number and hash.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EpochFigures? Figures { get; init; }
}

/// <summary>What the epochs of a run came to, as far as it decides which is best and whether a rule ends the run.</summary>
/// <param name="Values">The metric that decides for the run's spec (<see cref="BestMetrics.Of"/>), after each epoch.</param>
/// <param name="TrainLosses">Mean training loss of each epoch.</param>
public sealed record EpochFigures(IReadOnlyList<double> Values, IReadOnlyList<double> TrainLosses);

/// <summary>
/// A checkpoint of another run whose weights a new run starts from; its own epochs count from 1. Both files are verified by the hub. The optimizer's
/// state comes along where optimizer and network are the same, and starts anew where they are not.
/// </summary>
/// <param name="CheckpointFile">The weights; a name inside the scratch folder.</param>
/// <param name="StateFile">A name inside the scratch folder; null takes the weights alone.</param>
public sealed record ForkPoint(string CheckpointFile, string? StateFile);

/// <summary>Stop after the current step, save where that was (<see cref="PausePointSaved"/>), say <see cref="TrainingStopped"/> and end.</summary>
public sealed record StopTraining : TrainerCommand;
