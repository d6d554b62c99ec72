using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>A run that a person or program asks for.</summary>
/// <param name="Experiment">Its name; an unknown one is created.</param>
/// <param name="Name">null for a readable name of ours.</param>
/// <param name="Fork">The checkpoint whose weights it starts from; null for fresh ones.</param>
/// <param name="Reproduces">The run that it does again.</param>
/// <param name="NewSeed">It takes a seed that no run of this recipe and data has: the spec's, or the first one after it that is free.</param>
public sealed record RunRequest(
    string Experiment, string? Name, TrainingSpec Spec, string? IdempotencyKey = null, RunTrigger Trigger = RunTrigger.Person,
    ForkSource? Fork = null, RunId? Reproduces = null,
    bool NewSeed = false);

/// <summary>What became of a <see cref="RunRequest"/>: an id, or what is wrong with it. Field names are the API's.</summary>
/// <param name="Repeated">The idempotency key was used before with the same request, and this is the run it made.</param>
public sealed record EnqueueResult(RunId? Run, IReadOnlyList<SpecProblem> Problems, bool Repeated = false);

/// <summary>What became of several requests that were made together: all of them, or none.</summary>
/// <param name="Runs">In the order of the requests; empty where one of them was refused.</param>
/// <param name="Problems">Of the first request that was refused.</param>
/// <param name="CreatedAt">UTC; the same for all of them, so that it finds them again. null where there are none.</param>
/// <param name="Repeated">The idempotency keys were used before with the same requests, and these are the runs they made.</param>
public sealed record EnqueuedRuns(IReadOnlyList<RunId> Runs, IReadOnlyList<SpecProblem> Problems, DateTime? CreatedAt = null, bool Repeated = false)
{
    internal static EnqueuedRuns Refused(IReadOnlyList<SpecProblem> problems) => new([], problems);
}
