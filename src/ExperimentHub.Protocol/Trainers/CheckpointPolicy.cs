using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Trainers;

/// <summary>
/// Which checkpoints of a run are kept. The last epoch's and what a run needs to go on from are always there; without a policy every epoch is kept. A
/// run that is started with more than
/// <see cref="ManyEpochs"/> epochs and without a policy gets <see cref="UsualFor"/>, so that its files do not grow without anybody having wanted
/// them.
/// </summary>
public sealed record CheckpointPolicy
{
    /// <summary>Up to so many epochs each is kept unless somebody says otherwise.</summary>
    public const int ManyEpochs = 100;

    private const int UsualLast = 5;

    // Round numbers, so that the epochs that are kept are those that people ask for.
    private static readonly int[] Steps = [2, 5, 10, 20, 50, 100];

    /// <summary>
    /// What is kept of a run for which nobody says it: at most <see cref="ManyEpochs"/> evenly, the best and the last five; null, which is all, for a
    /// short one.
    /// </summary>
    public static CheckpointPolicy? UsualFor(int epochs) => epochs <= ManyEpochs ? null
        : new CheckpointPolicy
        {
            Every = Array.Find(Steps, step => epochs <= ManyEpochs * step) is > 0 and var every ? every : Steps[^1],
            Last = UsualLast
        };

    /// <summary>Every so many epochs one is kept for good; 0 keeps none for this reason.</summary>
    public int Every { get; init; } = 1;

    /// <summary>The best epoch's is kept.</summary>
    public bool Best { get; init; } = true;

    /// <summary>Of the newest this many are kept beside the others, at least 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Last { get; init; }

    internal void Check(ProblemList problems)
    {
        problems.Require(Every is >= 0 and <= TrainingSpec.MaxEpochs, "checkpoints.every",
            $"Every so many epochs: a whole number from 0 (none) to {TrainingSpec.MaxEpochs:N0}; {Every:N0} is not.");
        problems.Require(Last is null or >= 1 and <= TrainingSpec.MaxEpochs, "checkpoints.last",
            $"Keep the last 1 to {TrainingSpec.MaxEpochs:N0} epochs; {Last:N0} is not in between.");
    }
}
