namespace ExperimentHub.Trainer;

/// <summary>What some steps in a row gave; in the lists one entry for each.</summary>
/// <param name="Losses">Before the step's update.</param>
/// <param name="Correct">Images of these steps that the network got right when their step came.</param>
/// <param name="GradientNorms">Over all parameters, before clipping; null where the spec does not ask for them.</param>
/// <param name="LearningRates">null where the rate is the optimizer's and never changes.</param>
internal sealed record StepResults(float[] Losses, long Correct, float[]? GradientNorms = null, double[]? LearningRates = null)
{
    public int Count => Losses.Length;

    /// <summary>The first so many steps, with the count of right images of all: it is only cut where the training ends.</summary>
    public StepResults First(int count) => count == Count ? this : new(Losses[..count], Correct, GradientNorms?[..count], LearningRates?[..count]);

    /// <param name="parts">One after the other; at least one.</param>
    public static StepResults Join(IReadOnlyList<StepResults> parts) => parts.Count == 1 ? parts[0] : new(
        [.. parts.SelectMany(part => part.Losses)],
        parts.Sum(part => part.Correct),
        parts[0].GradientNorms is null ? null : [.. parts.SelectMany(part => part.GradientNorms!)],
        parts[0].LearningRates is null ? null : [.. parts.SelectMany(part => part.LearningRates!)]);
}
