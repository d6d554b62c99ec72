using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Deletions;

/// <summary>A deleted run that can be brought back.</summary>
/// <param name="Experiment">The experiment that it belongs to.</param>
/// <param name="WithExperiment">It is hidden because its experiment was deleted, and comes back with that.</param>
/// <param name="Until">Removed for good at the first housekeeping after this.</param>
public sealed record DeletedRun(RunId Id, string Name, int ExperimentId, string Experiment, bool WithExperiment, DateTime DeletedAt, DateTime Until);

/// <summary>A deleted experiment that can be brought back, with its runs and schedules.</summary>
/// <param name="Until">Removed for good at the first housekeeping after this.</param>
public sealed record DeletedExperiment(int Id, string Name, IReadOnlyList<RunId> Runs, DateTime DeletedAt, DateTime Until);

/// <summary>What can be brought back, newest deletion first.</summary>
/// <param name="Runs">Those that were deleted on their own, as many as were asked for.</param>
/// <param name="RunCount">How many there are in all.</param>
public sealed record DeletedListing(IReadOnlyList<DeletedExperiment> Experiments, IReadOnlyList<DeletedRun> Runs, int RunCount);

/// <summary>Finds what was deleted and is not removed yet.</summary>
public sealed class DeletedThings(IDbContextFactory<TrackingDb> databases, ArtifactStore store, DeletionOptions options)
{
    /// <summary>How long after its deletion a thing is removed.</summary>
    public TimeSpan KeptFor => options.KeptFor;

    public async Task<DeletedListing> ListAsync(int mostRuns, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var experiments = await Experiments(db).OrderByDescending(e => e.DeletedAt)
            .Select(e => new { e.Id, e.Name, Runs = e.Runs.Select(run => run.Id).ToList(), e.DeletedAt })
            .ToListAsync(cancellation);
        var runs = Runs(db).Where(run => run.Experiment.DeletedAt == null);
        var newest = await runs.OrderByDescending(run => run.DeletedAt).ThenByDescending(run => run.Number).Take(mostRuns)
            .Select(run => new { run.Id, run.Name, run.ExperimentId, Experiment = run.Experiment.Name, run.DeletedAt }).ToListAsync(cancellation);
        return new DeletedListing(
            [.. experiments.Select(e => new DeletedExperiment(e.Id, e.Name, e.Runs, e.DeletedAt!.Value, e.DeletedAt!.Value + KeptFor))],
            [.. newest.Select(run => new DeletedRun(run.Id, run.Name, run.ExperimentId, run.Experiment, false, run.DeletedAt!.Value,
                run.DeletedAt!.Value + KeptFor))],
            await runs.CountAsync(cancellation));
    }

    /// <summary>A run that is hidden because it or its experiment was deleted; null where it is not, or is gone for good.</summary>
    public async Task<DeletedRun?> FindAsync(RunId id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Runs.IgnoreQueryFilters()
            .Where(run => run.Id == id && (run.Experiment.DeletedAt < Experiment.Leaving
                || (run.Experiment.DeletedAt == null && run.DeletedAt != null)))
            .Select(run => new { run.Name, run.ExperimentId, Experiment = run.Experiment.Name, Own = run.DeletedAt, With = run.Experiment.DeletedAt })
            .FirstOrDefaultAsync(cancellation) is { } run
            ? new DeletedRun(id, run.Name, run.ExperimentId, run.Experiment, run.With is not null, (run.With ?? run.Own)!.Value,
                (run.With ?? run.Own)!.Value + KeptFor)
            : null;
    }

    /// <summary>A deleted experiment; null where it is not, or is gone for good.</summary>
    public async Task<DeletedExperiment?> FindAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await Experiments(db).Where(e => e.Id == id).Select(e => new { e.Name, Runs = e.Runs.Select(run => run.Id).ToList(), e.DeletedAt })
            .FirstOrDefaultAsync(cancellation) is { } found
            ? new DeletedExperiment(id, found.Name, found.Runs, found.DeletedAt!.Value, found.DeletedAt!.Value + KeptFor)
            : null;
    }

    /// <summary>All runs that were deleted on their own.</summary>
    public async Task<IReadOnlyList<RunId>> RunIdsAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await Runs(db).Where(run => run.Experiment.DeletedAt == null).Select(run => run.Id).ToListAsync(cancellation);
    }

    /// <summary>The bytes that the files of runs take, and that are free once they are removed.</summary>
    public Task<long> SizeAsync(IReadOnlyCollection<RunId> runs) => Task.Run(() => store.SizeAsync(runs.Select(ArtifactKey.OfRun)));

    private static IQueryable<Experiment> Experiments(TrackingDb db) =>
        db.Experiments.IgnoreQueryFilters().Where(e => e.DeletedAt < Experiment.Leaving);

    private static IQueryable<Run> Runs(TrackingDb db) => db.Runs.IgnoreQueryFilters().Where(run => run.DeletedAt != null);
}
