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
}
