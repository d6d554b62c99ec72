namespace ExperimentHub.Trainer;

/// <summary>Training cannot go on, and the reason is known. It becomes the TrainingFailed event.</summary>
/// <param name="reason">What happened, as a sentence for a person.</param>
/// <param name="remedy">What the person can do about it.</param>
internal sealed class TrainingFailure(string reason, string? remedy, Exception? cause = null) : Exception(reason, cause)
{
    public string? Remedy => remedy;
}
