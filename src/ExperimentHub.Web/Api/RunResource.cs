using System.Text.Json.Serialization;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Api;

/// <summary>What starts a run. The spec and every field of it may be left out.</summary>
internal sealed record StartRunRequest
{
    public string? Experiment { get; init; }
    public string? Name { get; init; }
    public TrainingSpec Spec { get; init; } = new();
}

/// <summary>A run as programs see it.</summary>
/// <param name="Status"><c>queued</c>, <c>running</c>, <c>finished</c>, <c>stopped</c>, <c>failed</c> or <c>interrupted</c>.</param>
/// <param name="Device">The device used; null before the start.</param>
/// <param name="Notes">Markdown; empty where nobody wrote any.</param>
/// <param name="Tags">Name to value; the value is empty where the name says it all.</param>
/// <param name="Trigger"><c>person</c>, <c>api</c> or <c>schedule</c>: what made the run.</param>
internal sealed record RunResource(
    string Id, string Name, string Experiment, string Status, DeviceInfo? Device, TrainingSpec Spec, IReadOnlyList<EpochResource> Epochs,
    IReadOnlyList<CheckpointResource> Checkpoints, IReadOnlyList<AttemptResource> Attempts, DateTime CreatedAt, DateTime? StartedAt, DateTime? EndedAt, string? Error,
    string Notes, IReadOnlyDictionary<string, string> Tags, string Trigger)
{
    public static RunResource Of(RunDetails details)
    {
        var run = details.Run;
        return new RunResource(
            run.Id.ToString(), run.Name, run.Experiment.Name, run.Status.Word(), run.Device, run.Spec,
            [.. run.EpochResults.Select(e => new EpochResource(e.Number, e.TrainLoss, e.TestLoss, e.TestAccuracy, e.Seconds))],
            [.. details.Checkpoints.Select(c => new CheckpointResource(c.File.Epoch, c.File.Size, c.File.Sha256, c.Best, c.Last))],
            [.. run.Attempts.Select(a => new AttemptResource(a.Number, a.StartedAt, a.EndedAt, a.Ending?.ToString().ToLowerInvariant()))],
            run.CreatedAt, run.StartedAt, run.EndedAt, run.Error,
            run.Notes, run.Tags.ToDictionary(tag => tag.Name, tag => tag.Value), run.Trigger.ToString().ToLowerInvariant());
    }
}

/// <param name="TestAccuracy">Fraction 0..1.</param>
/// <param name="Seconds">Wall time of the epoch's training with shuffling and reading losses back, without evaluation and checkpoint.</param>
internal sealed record EpochResource(int Epoch, double TrainLoss, double TestLoss, double TestAccuracy, double Seconds);

/// <param name="Best">Highest test accuracy, the earliest on a tie.</param>
internal sealed record CheckpointResource(int Epoch, long Size, string Sha256, bool Best, bool Last);

internal sealed record AttemptResource(int Number, DateTime StartedAt, DateTime? EndedAt, string? Ending);

/// <summary>A run in a list: the newest results instead of all of them.</summary>
/// <param name="Values">Of the columns asked for, by their names; left out where none were.</param>
internal sealed record RunListItem(
    string Id, string Name, string Experiment, string Status, DeviceInfo? Device, TrainingSpec Spec, int EpochsDone, double? TrainLoss, double? TestLoss,
    double? TestAccuracy, double? BestTestAccuracy, DateTime CreatedAt, DateTime? StartedAt, DateTime? EndedAt, string? Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, object?>? Values)
{
    public static RunListItem Of(Run run, IReadOnlyDictionary<string, object?>? values) => new(
        run.Id.ToString(), run.Name, run.Experiment.Name, run.Status.Word(), run.Device, run.Spec, run.EpochsDone, run.LastTrainLoss, run.LastTestLoss,
        run.LastTestAccuracy, run.BestTestAccuracy, run.CreatedAt, run.StartedAt, run.EndedAt, run.Error, values);
}
