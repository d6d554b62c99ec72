using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Optimization;

/// <summary>When a run ends before its last epoch. A loss that is no longer a number ends every run and needs no rule. null switches a rule off.</summary>
public sealed record StopRules
{
    /// <summary>Early stopping: this many epochs in a row without a better value of the metric that decides "best" (<see cref="TrainingSpec.BestBy"/>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Patience { get; init; }

    /// <summary>How much better counts as better, in the metric's own unit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double MinDelta { get; init; }

    /// <summary>Divergence: the mean training loss of an epoch is this many times that of the best epoch before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? DivergenceFactor { get; init; }

    /// <summary>Plateau: this many epochs in a row whose training loss fell by less than a thousandth of itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? PlateauEpochs { get; init; }

    /// <summary>Training seconds over all attempts, asked after each epoch and within it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MaxSeconds { get; init; }
}
