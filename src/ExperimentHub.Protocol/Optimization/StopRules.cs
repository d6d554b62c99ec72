using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Optimization;

/// <summary>
/// When a run ends before its last epoch. A loss that is no longer a number ends every run and needs no rule. null switches a rule off.
/// </summary>
public sealed record StopRules
{
    /// <summary>
    /// Early stopping: this many epochs in a row without a better value of the metric that decides "best" (<see cref="TrainingSpec.BestBy"/>).
    /// </summary>
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

    internal void Check(ProblemList problems)
    {
        problems.Require(Patience is null or >= 1 and <= TrainingSpec.MaxEpochs, "stopRules.patience",
            $"The patience is 1 to {TrainingSpec.MaxEpochs:N0} epochs; {Patience:N0} is not.");
        problems.Require(MinDelta >= 0 && double.IsFinite(MinDelta), "stopRules.minDelta",
            $"The least improvement must be 0 or more; {MinDelta} is not.");
        problems.Require(Patience is not null || MinDelta == 0, "stopRules.minDelta",
            $"The least improvement belongs to early stopping. Set stopRules.patience as well, or leave it out.");
        problems.Require(DivergenceFactor is null or > 1 && double.IsFinite(DivergenceFactor ?? 2), "stopRules.divergenceFactor",
            $"A loss diverges when it is more than so many times the best; {DivergenceFactor} is not a number above 1.");
        problems.Require(PlateauEpochs is null or >= 1 and <= TrainingSpec.MaxEpochs, "stopRules.plateauEpochs",
            $"A plateau is 1 to {TrainingSpec.MaxEpochs:N0} epochs long; {PlateauEpochs:N0} is not.");
        problems.Require(MaxSeconds is null or > 0 && double.IsFinite(MaxSeconds ?? 1), "stopRules.maxSeconds",
            $"The time must be a number of seconds above 0; {MaxSeconds} is not.");
    }
}
