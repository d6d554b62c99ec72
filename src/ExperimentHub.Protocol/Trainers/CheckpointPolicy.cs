using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Trainers;

/// <summary>
/// Which checkpoints of a run are kept. The last epoch's and what a run needs to go on from are always there; without a policy every epoch is kept.
/// </summary>
public sealed record CheckpointPolicy
{
    /// <summary>Every so many epochs one is kept for good; 0 keeps none for this reason.</summary>
    public int Every { get; init; } = 1;

    /// <summary>The best epoch's is kept.</summary>
    public bool Best { get; init; } = true;

    /// <summary>Of the newest this many are kept beside the others, at least 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Last { get; init; }

    internal void Check(ProblemList problems)
    {
        problems.Require(Every is >= 0 and <= TrainingSpec.MaxEpochs, "checkpoints.every", $"Every so many epochs: a whole number from 0 (none) to {TrainingSpec.MaxEpochs:N0}; {Every:N0} is not.");
        problems.Require(Last is null or >= 1 and <= TrainingSpec.MaxEpochs, "checkpoints.last", $"Keep the last 1 to {TrainingSpec.MaxEpochs:N0} epochs; {Last:N0} is not in between.");
    }
}
