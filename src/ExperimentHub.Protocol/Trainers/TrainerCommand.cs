using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Trainers;

/// <summary>
/// What the hub says to a trainer: one JSON value per line on its standard input. The first line is <see cref="StartTraining"/>; the end of
/// the input means that the hub is gone, and the trainer ends itself.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(StartTraining), "start")]
[JsonDerivedType(typeof(StopTraining), "stop")]
public abstract record TrainerCommand;

/// <summary>Train this.</summary>
/// <param name="RunId">32 lower-case hex digits.</param>
/// <param name="Attempt">Counts from 1; part of the checkpoints' names.</param>
/// <param name="Spec">Validated by the hub; the trainer validates it again.</param>
/// <param name="Device">The device to use, as torch names it: <c>cpu</c> or <c>cuda:N</c>.</param>
/// <param name="CheckpointFolder">An existing folder that only this run writes to.</param>
/// <param name="DatasetFolder">The machine's cache of data sets.</param>
/// <param name="AppVersion">The hub's version, for the checkpoint's metadata.</param>
/// <param name="Resume">Where to go on; null to start with fresh weights.</param>
public sealed record StartTraining(
    string RunId, int Attempt, TrainingSpec Spec, string Device, string CheckpointFolder, string DatasetFolder, string AppVersion, ResumePoint? Resume = null)
    : TrainerCommand;

/// <summary>The end of an epoch of an earlier attempt. The hub has just compared both files with their recorded SHA-256.</summary>
/// <param name="Epoch">The last epoch that is done; training goes on with the next one.</param>
/// <param name="CheckpointFile">The weights; a name inside the checkpoint folder.</param>
/// <param name="StateFile">What resuming needs beside the weights; a name inside the checkpoint folder.</param>
public sealed record ResumePoint(int Epoch, string CheckpointFile, string StateFile);

/// <summary>Stop after the current step, say <see cref="TrainingStopped"/> and end.</summary>
public sealed record StopTraining : TrainerCommand;
