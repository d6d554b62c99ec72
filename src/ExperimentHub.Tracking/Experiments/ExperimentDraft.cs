using ExperimentHub.Protocol;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>What a person types about an experiment.</summary>
public sealed record ExperimentDraft(string Name, string Description, TrainingSpec DefaultSpec, string Conclusion = "");

/// <summary>What is to be different about an experiment; what is null stays as it is.</summary>
/// <param name="Note">Where the settings were taken from.</param>
public sealed record ExperimentChange(string? Name = null, string? Description = null, TrainingSpec? DefaultSpec = null, string? Note = null,
    string? Conclusion = null);

/// <summary>An experiment's id, or what is wrong with the draft.</summary>
/// <param name="Conflict">Somebody changed the same part after the version that the edit began from; nothing was written.</param>
public sealed record ExperimentResult(int? Id, IReadOnlyList<SpecProblem> Problems, bool Conflict = false);

/// <summary>An experiment in the list.</summary>
/// <param name="BestTestAccuracy">Of its best run, at that run's best epoch. Runs that diverged are never best.</param>
/// <param name="BestByValidation">The best run is the one with the highest accuracy on images that were held back; otherwise the one with the highest
/// on the test set.</param>
/// <param name="NextFire">The next time that one of its enabled schedules is due.</param>
public sealed record ExperimentSummary(
    Experiment Experiment, int Runs, int ActiveRuns, double? BestTestAccuracy, bool BestByValidation, DateTime? LastRunAt, DateTimeOffset? NextFire);

public enum ExperimentDeletion
{
    NotFound,
    Deleted,

    /// <summary>It has queued or running runs; stop them first.</summary>
    StillActive,

    /// <summary>Somebody edited it after the version that the deletion began from.</summary>
    Conflict,
}
