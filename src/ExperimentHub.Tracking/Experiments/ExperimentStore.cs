using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>What a person types about an experiment.</summary>
public sealed record ExperimentDraft(string Name, string Description, TrainingSpec DefaultSpec);

/// <summary>An experiment's id, or what is wrong with the draft.</summary>
public sealed record ExperimentResult(int? Id, IReadOnlyList<SpecProblem> Problems);

/// <summary>An experiment in the list.</summary>
/// <param name="NextFire">The next time that one of its enabled schedules is due.</param>
public sealed record ExperimentSummary(Experiment Experiment, int Runs, int ActiveRuns, double? BestTestAccuracy, DateTime? LastRunAt, DateTimeOffset? NextFire);

public enum ExperimentDeletion
{
    NotFound,
    Deleted,

    /// <summary>It has queued or running runs; stop them first.</summary>
    StillActive,
}

/// <summary>Creates, changes and lists experiments.</summary>
public sealed class ExperimentStore(
    IDbContextFactory<TrackingDb> databases, RunFeed feed, DatasetLibrary datasets, DataFolder folder, IDatabaseSpace space, Schedules.IFireTimes fireTimes, TimeProvider time)
{
    /// <summary>How long a deletion can be undone; after it the rows and files are removed.</summary>
    public static readonly TimeSpan UndoTime = TimeSpan.FromHours(1);

    /// <summary>Raised with the id of an experiment that was archived, deleted or brought back, after the database knows: its schedules count anew.</summary>
    public event Action<int>? Changed;

    public async Task<ExperimentResult> CreateAsync(ExperimentDraft draft, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await ValidateAsync(db, draft, null, cancellation) is { Count: > 0 } problems)
            return new ExperimentResult(null, problems);
        var experiment = new Experiment
        {
            Name = draft.Name.Trim(),
            Description = draft.Description.Trim(),
            DefaultSpec = draft.DefaultSpec.Tidied(),
            CreatedAt = Now,
        };
        db.Experiments.Add(experiment);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new ExperimentResult(experiment.Id, []);
    }

    /// <summary>Makes another experiment with the description and the settings of one; it starts without runs and schedules.</summary>
    /// <param name="name">null for "X copy", or with a number where that is taken.</param>
    /// <returns>The id, or the problems; null where there is nothing to clone.</returns>
    public async Task<ExperimentResult?> CloneAsync(int id, string? name = null, CancellationToken cancellation = default) =>
        await ProposeCloneAsync(id, cancellation) is { } draft ? await CreateAsync(name is null ? draft : draft with { Name = name }, cancellation) : null;

    /// <summary>What a clone of an experiment would begin with, under a name that is free; null where there is no such experiment.</summary>
    public async Task<ExperimentDraft?> ProposeCloneAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Experiments.AsNoTracking().FirstOrDefaultAsync(e => e.Id == id, cancellation) is { } experiment
            ? new ExperimentDraft(await ExperimentNames.CopyAsync(db, experiment.Name, cancellation), experiment.Description, experiment.DefaultSpec)
            : null;
    }

    /// <returns>The id, or the problems; an unknown experiment is a problem of the name.</returns>
    public async Task<ExperimentResult> UpdateAsync(int id, ExperimentDraft draft, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await ValidateAsync(db, draft, id, cancellation) is { Count: > 0 } problems)
            return new ExperimentResult(null, problems);
        if (await db.Experiments.FirstOrDefaultAsync(e => e.Id == id, cancellation) is not { } experiment)
            return new ExperimentResult(null, [new SpecProblem("name", "This experiment no longer exists.")]);
        experiment.Name = draft.Name.Trim();
        experiment.Description = draft.Description.Trim();
        experiment.DefaultSpec = draft.DefaultSpec.Tidied();
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new ExperimentResult(id, []);
    }

    /// <summary>Newest activity first. Archived ones are left out unless asked for.</summary>
    public async Task<IReadOnlyList<ExperimentSummary>> ListAsync(bool archived = false, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var rows = await db.Experiments.AsNoTracking().Where(e => archived == (e.ArchivedAt != null)).Select(e => new
        {
            Experiment = e,
            e.Schedules,
            Runs = e.Runs.Count(r => r.ArchivedAt == null),
            Active = e.Runs.Count(r => r.Status == RunStatus.Queued || r.Status == RunStatus.Running),
            Best = e.Runs.Where(r => r.ArchivedAt == null).Max(r => r.BestTestAccuracy),
            Last = e.Runs.Max(r => (DateTime?)r.CreatedAt),
        }).ToListAsync(cancellation);
        return
        [
            .. rows.OrderByDescending(row => row.Last ?? row.Experiment.CreatedAt).Select(row => new ExperimentSummary(
                row.Experiment, row.Runs, row.Active, row.Best, row.Last,
                row.Experiment.ArchivedAt is null
                    ? row.Schedules.Where(s => s.Enabled).Select(s => fireTimes.Next(s.Cron, s.TimeZone, time.GetUtcNow(), 1).Cast<DateTimeOffset?>().FirstOrDefault()).Min()
                    : null)),
        ];
    }

    public async Task<Experiment?> FindAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Experiments.AsNoTracking().FirstOrDefaultAsync(e => e.Id == id, cancellation);
    }

    public async Task<Experiment?> FindAsync(string name, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Experiments.AsNoTracking().FirstOrDefaultAsync(e => e.Name == name, cancellation);
    }

    /// <summary>A deleted experiment that <see cref="RestoreAsync"/> can still bring back.</summary>
    public async Task<Experiment?> FindDeletedAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var before = Now - UndoTime;
        return await db.Experiments.IgnoreQueryFilters().AsNoTracking().FirstOrDefaultAsync(e => e.Id == id && e.DeletedAt >= before && e.DeletedAt != Experiment.Arriving, cancellation);
    }

    /// <returns>false where there is no such experiment.</returns>
    public async Task<bool> ArchiveAsync(int id, bool archived, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        DateTime? at = archived ? Now : null;
        var found = await db.Experiments.Where(e => e.Id == id).ExecuteUpdateAsync(set => set.SetProperty(e => e.ArchivedAt, at), cancellation) > 0;
        Changed?.Invoke(id);
        return found;
    }

    /// <summary>Hides an experiment with all its runs; <see cref="RestoreAsync"/> brings it back within <see cref="UndoTime"/>.</summary>
    public async Task<ExperimentDeletion> DeleteAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Experiments.FirstOrDefaultAsync(e => e.Id == id, cancellation) is not { } experiment)
            return ExperimentDeletion.NotFound;
        if (await db.Runs.AnyAsync(r => r.ExperimentId == id && (r.Status == RunStatus.Queued || r.Status == RunStatus.Running), cancellation))
            return ExperimentDeletion.StillActive;
        experiment.DeletedAt = Now;
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        await TellAsync(db, id, cancellation);
        return ExperimentDeletion.Deleted;
    }

    /// <returns>What is in the way; null where it is back.</returns>
    public async Task<string?> RestoreAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Experiments.IgnoreQueryFilters().FirstOrDefaultAsync(e => e.Id == id && e.DeletedAt != Experiment.Arriving, cancellation) is not { } experiment)
            return "It was deleted for good before it could be brought back.";
        if (await db.Experiments.AnyAsync(e => e.Id != id && e.Name == experiment.Name, cancellation))
            return $"Another experiment is called '{experiment.Name}' by now. Rename that one first.";
        experiment.DeletedAt = null;
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        await TellAsync(db, id, cancellation);
        return null;
    }

    /// <summary>Removes what was deleted longer than <see cref="UndoTime"/> ago: rows, checkpoints and logs.</summary>
    /// <returns>The bytes that were freed in files.</returns>
    public async Task<long> PurgeAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var before = Now - UndoTime;
        var gone = await db.Experiments.IgnoreQueryFilters().Where(e => e.DeletedAt != null && e.DeletedAt < before)
            .Select(e => new { e.Id, Runs = e.Runs.Select(r => r.Id).ToList() }).ToListAsync(cancellation);
        var freed = 0L;
        foreach (var experiment in gone)
        {
            await db.Experiments.IgnoreQueryFilters().Where(e => e.Id == experiment.Id).ExecuteDeleteAsync(cancellation);
            // After the rows: a crash in between leaves files without a row, never a row without its files.
            freed += experiment.Runs.Sum(folder.Remove);
        }

        if (gone.Count > 0)
            await space.GiveBackAsync(cancellation);
        return freed;
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private async Task TellAsync(TrackingDb db, int id, CancellationToken cancellation)
    {
        foreach (var run in await db.Runs.IgnoreQueryFilters().Where(r => r.ExperimentId == id).Select(r => r.Id).ToListAsync(cancellation))
            feed.Publish(run);
        Changed?.Invoke(id);
    }

    private async Task<List<SpecProblem>> ValidateAsync(TrackingDb db, ExperimentDraft draft, int? id, CancellationToken cancellation)
    {
        var problems = new List<SpecProblem>();
        if (RunQueue.NameProblem(draft.Name, Experiment.MaxNameLength) is { } problem)
            problems.Add(new SpecProblem("name", $"The experiment's name {problem}"));
        else if (await db.Experiments.AnyAsync(e => e.Name == draft.Name.Trim() && e.Id != id, cancellation))
            problems.Add(new SpecProblem("name", $"There is an experiment called '{draft.Name.Trim()}' already. Choose another name."));
        if (draft.Description.Length > Experiment.MaxDescriptionLength)
            problems.Add(new SpecProblem("description", $"The description may have at most {Experiment.MaxDescriptionLength:N0} characters; this one has {draft.Description.Length:N0}."));
        problems.AddRange(draft.DefaultSpec.Validate(datasets.Find(draft.DefaultSpec.Dataset)).Select(p => p with { Field = $"spec.{p.Field}" }));
        return problems;
    }
}
