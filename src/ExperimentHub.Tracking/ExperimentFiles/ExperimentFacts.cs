using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Evaluations;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Parameters;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.ExperimentFiles;

/// <param name="Runs">Their ids, in the order in which they were made.</param>
/// <param name="Conclusion">In Markdown; files of older hubs have none.</param>
internal sealed record ExperimentFacts(string Name, string Description, TrainingSpec DefaultSpec, DateTime CreatedAt, IReadOnlyList<string> Runs,
    string Conclusion = "");

/// <summary>
/// Everything that a hub keeps of a run but its files, its points and its evaluations. What follows from the epochs (the last and the best results)
/// is not told twice. Not told at all: the caller's idempotency key, which is between him and the hub.
/// </summary>
/// <param name="BestStep">The last step of the best epoch, where the metrics were noted.</param>
/// <param name="EpochEnds">The last step of each epoch.</param>
/// <param name="Spec">null of a run that no hub trained; then nothing is told that only a training has.</param>
/// <param name="HasEvaluations">Whether there is an entry with them.</param>
/// <param name="Params">What the run was tried with, where there is no spec that says it.</param>
/// <param name="Metrics">What was said of each of its metrics; files of older hubs do not tell it.</param>
internal sealed record RunFacts(
    string Id, string Name, RunStatus Status, TrainingSpec? Spec, RunTrigger Trigger, DateTime CreatedAt, DateTime? StartedAt, DateTime? EndedAt,
    DateTime? ArchivedAt,
    string? Error, string? FinishReason, string Notes, IReadOnlyList<TagFacts> Tags, ForkFacts? Fork, string? Reproduces,
    DeviceInfo? Device, RunEnvironment? Environment, string AppVersion, string? TorchVersion, int? Threads, long? Parameters, int? StepsPerEpoch,
    int? ValidationSamples,
    string? DatasetSha256, int? BestEpoch, long? BestStep, IReadOnlyList<long> EpochEnds, IReadOnlyList<EpochFacts> Epochs,
    IReadOnlyList<AttemptFacts> Attempts,
    IReadOnlyList<CheckpointFacts> Checkpoints, PausePointFacts? PausePoint, bool HasEvaluations, IReadOnlyList<ParamFacts>? Params = null,
    IReadOnlyList<MetricFacts>? Metrics = null);

internal sealed record MetricFacts(string Name, MetricDirection Direction, MetricRole Role, MetricSplit Split)
{
    public static MetricFacts Of(MetricSeries series) => new(series.Name, series.Direction, series.Role, series.Split);

    public MetricMeaning ToMeaning() => new(Direction, Role, Split);
}

/// <param name="Number">null where it is no number.</param>
internal sealed record ParamFacts(string Name, double? Number, string Text)
{
    public static ParamFacts Of(RunParam param) => new(param.Param.Name, param.Number, param.Text);

    public ParamValue ToValue() => new(Name, Number, Text);
}

internal sealed record TagFacts(string Name, string Value);

internal sealed record ForkFacts(string Run, int AfterEpoch);

internal sealed record EpochFacts(
    int Number, int Attempt, double TrainLoss, double TestLoss, double TestAccuracy, double? ValidationLoss, double? ValidationAccuracy,
    double? TrainAccuracy, double Seconds, DateTime EndedAt)
{
    public static EpochFacts Of(Epoch epoch) => new(
        epoch.Number, epoch.Attempt, epoch.TrainLoss, epoch.TestLoss, epoch.TestAccuracy, epoch.ValidationLoss, epoch.ValidationAccuracy,
        epoch.TrainAccuracy, epoch.Seconds, epoch.EndedAt);

    public Epoch ToEpoch() => new()
    {
        Number = Number,
        Attempt = Attempt,
        TrainLoss = TrainLoss,
        TestLoss = TestLoss,
        TestAccuracy = TestAccuracy,
        ValidationLoss = ValidationLoss,
        ValidationAccuracy = ValidationAccuracy,
        TrainAccuracy = TrainAccuracy,
        Seconds = Seconds,
        EndedAt = EndedAt,
    };
}

/// <param name="HasLog">Whether there is an entry with what its trainer wrote.</param>
internal sealed record AttemptFacts(
    int Number, DateTime StartedAt, DateTime? EndedAt, AttemptEnding? Ending, string? Error, int? ExitCode, int? AfterEpoch, int? AfterSteps,
    string? Device, string? DeviceName, int? Threads, string? TorchVersion, bool HasLog)
{
    public static AttemptFacts Of(Attempt attempt, bool hasLog) => new(
        attempt.Number, attempt.StartedAt, attempt.EndedAt, attempt.Ending, MachinePaths.Hide(attempt.Error), attempt.ExitCode, attempt.AfterEpoch,
        attempt.AfterSteps,
        attempt.Device, attempt.DeviceName, attempt.Threads, attempt.TorchVersion, hasLog);

    public Attempt ToAttempt() => new()
    {
        Number = Number,
        StartedAt = StartedAt,
        EndedAt = EndedAt,
        Ending = Ending,
        Error = Error,
        ExitCode = ExitCode,
        AfterEpoch = AfterEpoch,
        AfterSteps = AfterSteps,
        Device = Device,
        DeviceName = DeviceName,
        Threads = Threads,
        TorchVersion = TorchVersion,
    };
}

internal sealed record FileFacts(long Size, string Sha256)
{
    public static FileFacts Of(Artifact file) => new(file.Size, file.Sha256);

    public Artifact ToArtifact(RunId run, string fileName, DateTime savedAt) =>
        Artifact.OfRun(0, ArtifactKey.OfCheckpoint(run, fileName), Size, Sha256, savedAt);
}

/// <param name="State">The file beside the weights that resuming needs.</param>
/// <param name="WeightsSha256">Over the weights alone.</param>
internal sealed record CheckpointFacts(
    int Epoch, int Attempt, FileFacts Weights, FileFacts? State, string? WeightsSha256, double? TestLoss, double? TestAccuracy, DateTime SavedAt)
{
    public static CheckpointFacts Of(Checkpoint checkpoint) => new(
        checkpoint.Epoch, checkpoint.Attempt, FileFacts.Of(checkpoint.Weights), checkpoint.State is { } state ? FileFacts.Of(state) : null,
        checkpoint.WeightsSha256, checkpoint.TestLoss, checkpoint.TestAccuracy, checkpoint.SavedAt);

    /// <summary>Its files have the names that a trainer of ours would have given them.</summary>
    public Checkpoint ToCheckpoint(RunId run) => new()
    {
        Epoch = Epoch,
        Attempt = Attempt,
        Weights = Weights.ToArtifact(run, CheckpointName.For(Attempt, Epoch), SavedAt),
        State = State?.ToArtifact(run, CheckpointName.StateFor(Attempt, Epoch), SavedAt),
        WeightsSha256 = WeightsSha256,
        TestLoss = TestLoss,
        TestAccuracy = TestAccuracy,
        SavedAt = SavedAt,
    };
}

/// <inheritdoc cref="PausePoint"/>
internal sealed record PausePointFacts(int Epoch, int StepsDone, int Attempt, FileFacts Weights, FileFacts State, DateTime SavedAt)
{
    public static PausePointFacts Of(PausePoint point) => new(
        point.Epoch, point.StepsDone, point.Attempt, FileFacts.Of(point.Weights), FileFacts.Of(point.State), point.SavedAt);

    public PausePoint ToPausePoint(RunId run) => new()
    {
        Epoch = Epoch,
        StepsDone = StepsDone,
        Attempt = Attempt,
        Weights = Weights.ToArtifact(run, CheckpointName.ForPause(Attempt), SavedAt),
        State = State.ToArtifact(run, CheckpointName.StateForPause(Attempt), SavedAt),
        SavedAt = SavedAt,
    };
}

/// <inheritdoc cref="Evaluation"/>
internal sealed record EvaluationFacts(int Epoch, int Attempt, int Classes, byte[] Predictions, IReadOnlyList<int> Confusion,
    IReadOnlyList<WorstImage> Worst, DateTime SavedAt)
{
    public static EvaluationFacts Of(Evaluation evaluation) => new(
        evaluation.Epoch, evaluation.Attempt, evaluation.Classes, evaluation.Predictions, evaluation.Confusion, evaluation.Worst, evaluation.SavedAt);

    public Evaluation ToEvaluation() => new()
    {
        Epoch = Epoch,
        Attempt = Attempt,
        Classes = Classes,
        Predictions = Predictions,
        Confusion = Confusion,
        Worst = Worst,
        SavedAt = SavedAt,
    };
}
