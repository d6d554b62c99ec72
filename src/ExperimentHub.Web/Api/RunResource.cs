using System.Text.Json.Serialization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Api;

/// <summary>What starts a run. The spec and every field of it may be left out.</summary>
internal sealed record StartRunRequest
{
    public string? Experiment { get; init; }
    public string? Name { get; init; }
    public TrainingSpec Spec { get; init; } = new();

    /// <summary>The checkpoint of another run to start from.</summary>
    public ForkRequest? Fork { get; init; }
}

/// <summary>A checkpoint of another run: its id and the epoch.</summary>
internal sealed record ForkRequest
{
    public string Run { get; init; } = "";
    public int Epoch { get; init; }
}

/// <summary>A run as programs see it.</summary>
/// <param name="Status"><c>queued</c>, <c>running</c>, <c>finished</c>, <c>stopped</c>, <c>failed</c>, <c>interrupted</c> or <c>paused</c>.</param>
/// <param name="Diverged">It has ended, and by the hub's rule its training diverged: best runs, means and trends leave it out unless they are asked
/// for it.</param>
/// <param name="DivergedBecause">By which part of the rule; null where it did not.</param>
/// <param name="Device">The device used; null before the start.</param>
/// <param name="Spec">null of a run that this hub does not train; such a run has no epochs and attempts either.</param>
/// <param name="Notes">Markdown; empty where nobody wrote any.</param>
/// <param name="Tags">Name to value; the value is empty where the name says it all.</param>
/// <param name="Trigger"><c>person</c>, <c>api</c> or <c>schedule</c>: what made the run.</param>
/// <param name="FinishReason">Which rule ended it before its last epoch.</param>
/// <param name="DatasetSha256">What the data set was; null before the start.</param>
/// <param name="PausePoint">Where a run that was paused or stopped in the middle of an epoch goes on.</param>
/// <param name="Fork">The checkpoint that it started from.</param>
/// <param name="Reproduces">The id of the run that it does again.</param>
/// <param name="Repeats">The id of the run with the same settings, seed and data that counts instead of this one in means and trends; null where this
/// one counts.</param>
/// <param name="Params">What the run was tried with, by name; left out where there is a spec, which says it.</param>
internal sealed record RunResource(
    string Id, string Name, string Experiment, string Status, DeviceInfo? Device, TrainingSpec? Spec, IReadOnlyList<EpochResource> Epochs,
    IReadOnlyList<CheckpointResource> Checkpoints, IReadOnlyList<AttemptResource> Attempts, DateTime CreatedAt, DateTime? StartedAt,
    DateTime? EndedAt, string? Error,
    string Notes, IReadOnlyDictionary<string, string> Tags, string Trigger,
    string? FinishReason, string? DatasetSha256, PausePointResource? PausePoint, ForkResource? Fork, string? Reproduces, string? Repeats,
    bool Diverged, string? DivergedBecause,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Params = null)
{
    public static RunResource Of(RunDetails details)
    {
        var run = details.Run;
        var training = run.Training;
        return new RunResource(
            run.Id.ToString(), run.Name, run.Experiment.Name, run.Status.Word(), training?.Device, training?.Spec,
            [.. (training?.EpochResults ?? []).Select(e =>
                new EpochResource(e.Number, e.TrainLoss, e.TestLoss, e.TestAccuracy, e.Seconds, e.TrainAccuracy, e.ValidationLoss,
                    e.ValidationAccuracy))],
            [.. details.Checkpoints.Select(c => new CheckpointResource(c.File.Epoch, c.File.Weights.Size, c.File.Weights.Sha256, c.Best, c.Last,
                c.File.WeightsSha256))],
            [.. (training?.Attempts ?? []).Select(a =>
                new AttemptResource(a.Number, a.StartedAt, a.EndedAt, a.Ending?.ToString().ToLowerInvariant(), a.Node))],
            run.CreatedAt, run.StartedAt, run.EndedAt, run.Error,
            run.Notes, run.Tags.ToDictionary(tag => tag.Name, tag => tag.Value), run.Trigger.ToString().ToLowerInvariant(),
            training?.FinishReason, training?.DatasetSha256,
            training?.PausePoint is { } point ? new PausePointResource(point.Epoch, point.StepsDone) : null,
            ForkSource.Of(training) is { } fork ? new ForkResource(fork.Run.ToString(), fork.Epoch) : null,
            training?.Reproduces?.ToString(), details.Family.Repeats?.Id.ToString(),
            training?.Diverged == true, training?.DivergedBecause,
            training is null ? run.Params.ToDictionary(param => param.Param.Name, param => param.Text) : null);
    }
}

/// <param name="Epoch">The last epoch that is done; 0 in the first.</param>
/// <param name="StepsDone">Steps of the next epoch that are done.</param>
internal sealed record PausePointResource(int Epoch, int StepsDone);

internal sealed record ForkResource(string Run, int Epoch);

/// <param name="TestAccuracy">Fraction 0..1.</param>
/// <param name="Seconds">Wall time of the epoch's training with shuffling and reading losses back, without evaluation and checkpoint.</param>
/// <param name="ValidationLoss">null without a validation split.</param>
internal sealed record EpochResource(
    int Epoch, double TrainLoss, double TestLoss, double TestAccuracy, double Seconds, double? TrainAccuracy, double? ValidationLoss,
    double? ValidationAccuracy);

/// <param name="Best">Of the epoch that is best by the metric that decides for this run, the earliest on a tie.</param>
/// <param name="WeightsSha256">Over the weights alone, without what the file says of the run: equal where the weights are.</param>
internal sealed record CheckpointResource(int Epoch, long Size, string Sha256, bool Best, bool Last, string? WeightsSha256);

/// <param name="Node">The name of the node that trained; null where an earlier hub did, or another one that it was imported from.</param>
internal sealed record AttemptResource(int Number, DateTime StartedAt, DateTime? EndedAt, string? Ending, string? Node);

/// <summary>What was measured of one epoch.</summary>
/// <param name="TrainLoss">Mean over the epoch's steps.</param>
/// <param name="TestAccuracy">Fraction 0..1.</param>
/// <param name="ValidationLoss">null without a validation split.</param>
internal sealed record FiguresResource(int Epoch, double TrainLoss, double TestLoss, double TestAccuracy, double? TrainAccuracy,
    double? ValidationLoss, double? ValidationAccuracy)
{
    public static FiguresResource? Of(Run run, FigureEpoch at) => RunFigures.Of(run, at) is { } figures
        ? new FiguresResource(figures.Epoch, figures.TrainLoss, figures.TestLoss, figures.TestAccuracy, figures.TrainAccuracy, figures.ValidationLoss,
            figures.ValidationAccuracy)
        : null;
}

/// <summary>A run in a list: its best and its last epoch instead of all of them.</summary>
/// <param name="Spec">null of a run that this hub does not train, and likewise what follows from its epochs.</param>
/// <param name="Best">Of the best epoch by the metric that decides for this run; null before the first is finished.</param>
/// <param name="Last">Of the newest finished epoch; null before the first.</param>
/// <param name="TrainLoss">As in <paramref name="Last"/>.</param>
/// <param name="TestLoss">As in <paramref name="Last"/>.</param>
/// <param name="TestAccuracy">As in <paramref name="Last"/>.</param>
/// <param name="BestTestAccuracy">As in <paramref name="Best"/>.</param>
/// <param name="Values">Of the columns asked for, by their names; left out where none were.</param>
internal sealed record RunListItem(
    string Id, string Name, string Experiment, string Status, DeviceInfo? Device, TrainingSpec? Spec, int? EpochsDone, FiguresResource? Best,
    FiguresResource? Last, double? TrainLoss, double? TestLoss,
    double? TestAccuracy, double? BestTestAccuracy, bool Diverged, DateTime CreatedAt, DateTime? StartedAt, DateTime? EndedAt, string? Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, object?>? Values)
{
    public static RunListItem Of(Run run, IReadOnlyDictionary<string, object?>? values) => new(
        run.Id.ToString(), run.Name, run.Experiment.Name, run.Status.Word(), run.Training?.Device, run.Training?.Spec, run.Training?.EpochsDone,
        FiguresResource.Of(run, FigureEpoch.Best), FiguresResource.Of(run, FigureEpoch.Last), run.Training?.LastTrainLoss, run.Training?.LastTestLoss,
        run.Training?.LastTestAccuracy, run.Training?.BestTestAccuracy, run.Training?.Diverged == true, run.CreatedAt, run.StartedAt, run.EndedAt,
        run.Error, values);
}
