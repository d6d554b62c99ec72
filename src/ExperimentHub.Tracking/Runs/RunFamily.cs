using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

/// <summary>A run that another one is linked with.</summary>
public sealed record Relative(RunId Id, string Name, RunStatus Status);

/// <summary>A run that was forked from another.</summary>
public sealed record ForkedRun(RunId Id, string Name, RunStatus Status, int AfterEpoch);

/// <summary>What a run came from and what came from it.</summary>
/// <param name="Parent">The run that it was forked from; null where it was not, or where that one was deleted.</param>
/// <param name="Forks">The newest first.</param>
/// <param name="Original">The run that it reproduces; null where it does not, or where that one was deleted.</param>
/// <param name="Reproductions">The newest first.</param>
/// <param name="Repeats">The run that is the same training (<see cref="Evidence"/>) and counts instead of this one wherever runs are counted
/// together; null where this one counts.</param>
public sealed record RunFamily(Relative? Parent, IReadOnlyList<ForkedRun> Forks, Relative? Original, IReadOnlyList<Relative> Reproductions,
    Relative? Repeats)
{
    internal static async Task<RunFamily> OfAsync(TrackingDb db, Run run, CancellationToken cancellation)
    {
        var near = new[] { run.Training?.ForkedFrom, run.Training?.Reproduces }.OfType<RunId>().ToList();
        var found = near.Count == 0 ? []
            : await db.Runs.Where(r => near.Contains(r.Id)).Select(r => new Relative(r.Id, r.Name, r.Status)).ToListAsync(cancellation);
        return new RunFamily(
            found.FirstOrDefault(relative => relative.Id == run.Training?.ForkedFrom),
            await db.Runs.Where(r => r.Training!.ForkedFrom == run.Id).OrderByDescending(r => r.Number)
                .Select(r => new ForkedRun(r.Id, r.Name, r.Status, r.Training!.ForkedAfterEpoch ?? 0)).ToListAsync(cancellation),
            found.FirstOrDefault(relative => relative.Id == run.Training?.Reproduces),
            await db.Runs.Where(r => r.Training!.Reproduces == run.Id).OrderByDescending(r => r.Number)
                .Select(r => new Relative(r.Id, r.Name, r.Status)).ToListAsync(cancellation),
            await Evidence.CountedInsteadAsync(db, run, cancellation) is { } counted ? new Relative(counted.Id, counted.Name, counted.Status) : null);
    }
}
