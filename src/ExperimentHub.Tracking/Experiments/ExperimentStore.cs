using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Moves;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Experiments;

/// <summary>Creates, changes and lists experiments.</summary>
public sealed class ExperimentStore(
    IDbContextFactory<TrackingDb> databases, RunFeed feed, DatasetLibrary datasets, Deletions.RunPurge purge, IDatabaseSpace space,
    Schedules.IFireTimes fireTimes,
    DeletionOptions deletions, TimeProvider time)
{
    /// <summary>Raised with the id of an experiment that was changed, archived, deleted or brought back, after the database knows.</summary>
    public event Action<int>? Changed;

    /// <param name="anyName">The hub chose the name: where it is taken, it chooses the next that is free.</param>
    public async Task<ExperimentResult> CreateAsync(
        ExperimentDraft draft, SettingsOrigin by = SettingsOrigin.Page, bool anyName = false, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (anyName)
            draft = draft with { Name = await ExperimentNames.NextAsync(db, NameRule.Tidied(draft.Name), cancellation) };
        if (await ValidateAsync(db, draft, null, cancellation) is { Count: > 0 } problems)
            return new ExperimentResult(null, problems);
        var experiment = new Experiment
        {
            Name = NameRule.Tidied(draft.Name),
            Description = draft.Description.Trim(),
            Conclusion = draft.Conclusion,
            DefaultSpec = draft.DefaultSpec.Tidied(),
            CreatedAt = Now,
        };
        db.Experiments.Add(experiment.Begin(by, Now));
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new ExperimentResult(experiment.Id, []);
    }

    /// <summary>Makes another experiment with the description and the settings of one; it starts without runs and schedules.</summary>
    /// <param name="name">null for "X copy", or with a number where that is taken.</param>
    /// <returns>The id, or the problems; null where there is nothing to clone.</returns>
    public async Task<ExperimentResult?> CloneAsync(int id, string? name = null, SettingsOrigin by = SettingsOrigin.Page,
        CancellationToken cancellation = default) =>
        await ProposeCloneAsync(id, cancellation) is { } draft
            // Others may clone at the same time, and the name that is free now is taken a moment later.
            ? await CreateAsync(name is null ? draft : draft with { Name = name }, by, anyName: name is null, cancellation)
            : null;

    /// <summary>What a clone of an experiment would begin with, under a name that is free; null where there is no such experiment.</summary>
    public async Task<ExperimentDraft?> ProposeCloneAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.Experiments.AsNoTracking().FirstOrDefaultAsync(e => e.Id == id, cancellation) is { } experiment
            ? new ExperimentDraft(await ExperimentNames.CopyAsync(db, experiment.Name, cancellation), experiment.Description, experiment.DefaultSpec)
            : null;
    }

    /// <summary>
    /// Changes parts of an experiment: all of them, or none. Only a part that somebody else changed after the edit began is in the way; two people
    /// may change the description and the settings at the same time.
    /// </summary>
    /// <param name="begunFrom">The <see cref="Experiment.Version"/> that the edit began from. null writes over any.</param>
    /// <returns>The id, or the problems; an unknown experiment is a problem of the name.</returns>
    public async Task<ExperimentResult> UpdateAsync(
        int id, ExperimentChange change, int? begunFrom = null, SettingsOrigin by = SettingsOrigin.Page, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await db.Experiments.AsNoTracking().FirstOrDefaultAsync(e => e.Id == id, cancellation) is not { } before)
            return new ExperimentResult(null, [new SpecProblem("name", "This experiment no longer exists.")]);
        if (change is { Name: null, Description: null, DefaultSpec: null, Conclusion: null })
            return new ExperimentResult(id, []);
        var (name, description, spec) = (change.Name is null
            || change.Name == before.Name ? null : NameRule.Tidied(change.Name), change.Description?.Trim(), change.DefaultSpec?.Tidied());
        var draft = new ExperimentDraft(change.Name ?? before.Name, change.Description ?? before.Description, spec ?? before.DefaultSpec,
            change.Conclusion ?? before.Conclusion);
        // What is there already was accepted once, and is not judged again by an edit of something else.
        var problems = await ValidateAsync(db, draft, id, cancellation);
        problems.RemoveAll(problem => spec is null && problem.Field.StartsWith("spec.", StringComparison.Ordinal));
        if (problems.Count > 0)
            return new ExperimentResult(null, problems);
        var unchanged = db.Experiments.Where(e => e.Id == id && (begunFrom == null
            || ((name == null || e.NameVersion <= begunFrom) && (description == null || e.DescriptionVersion <= begunFrom)
                && (change.Conclusion == null || e.ConclusionVersion <= begunFrom)
                && (change.DefaultSpec == null || e.SettingsVersion <= begunFrom))));
        var changed = await unchanged.ExecuteUpdateAsync(set =>
        {
            set.SetProperty(e => e.Version, e => e.Version + 1);
            if (name is not null)
                set.SetProperty(e => e.Name, name).SetProperty(e => e.NameKey, NameRule.Key(name))
                    .SetProperty(e => e.NameVersion, e => e.Version + 1);
            if (description is not null)
                set.SetProperty(e => e.Description, description).SetProperty(e => e.DescriptionVersion, e => e.Version + 1);
            if (change.Conclusion is { } conclusion)
                set.SetProperty(e => e.Conclusion, conclusion).SetProperty(e => e.ConclusionVersion, e => e.Version + 1);
            if (spec is not null)
                set.SetProperty(e => e.DefaultSpec, spec).SetProperty(e => e.SettingsVersion, e => e.Version + 1);
        }, cancellation);
        if (changed == 0)
            return new ExperimentResult(null, [], Conflict: true);
        if (spec is not null && spec != before.DefaultSpec)
        {
            var number = await db.SettingsChanges.Where(c => c.ExperimentId == id).MaxAsync(c => (int?)c.Number, cancellation) ?? 0;
            db.SettingsChanges.Add(new SettingsChange { ExperimentId = id, Number = number + 1, Spec = spec, At = Now, By = by, Note = change.Note });
            await db.SaveChangesAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
        Changed?.Invoke(id);
        return new ExperimentResult(id, []);
    }

    /// <summary>What the settings of an experiment were, newest first; the first is what they are.</summary>
    public async Task<IReadOnlyList<SettingsChange>> SettingsHistoryAsync(int id, int most, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.SettingsChanges.AsNoTracking().Where(c => c.ExperimentId == id).OrderByDescending(c => c.Number).Take(most)
            .ToListAsync(cancellation);
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
            Best = e.Runs.Where(r => r.ArchivedAt == null && r.Training!.Diverged != true).Max(r => r.Training!.BestTestAccuracy),
            Last = e.Runs.Max(r => (DateTime?)r.CreatedAt),
        }).ToListAsync(cancellation);
        var validated = new Dictionary<int, double?>();
        foreach (var id in rows.Where(row => BestMetrics.Of(row.Experiment.DefaultSpec) == BestMetrics.ValidationAccuracy)
            .Select(row => row.Experiment.Id))
        {
            var best = await (from run in db.Runs
                              join series in db.MetricSeries on run.Number equals series.RunNumber
                              where run.ExperimentId == id && run.ArchivedAt == null && run.Training!.Diverged != true
                                  && run.Training.BestTestAccuracy != null && series.Name == BestMetrics.ValidationAccuracy && series.Max != null
                              orderby series.Max descending, run.Number
                              select run.Training!.BestTestAccuracy).FirstOrDefaultAsync(cancellation);
            if (best is not null)
                validated[id] = best;
        }

        return
        [
            .. rows.OrderByDescending(row => row.Last ?? row.Experiment.CreatedAt).Select(row => new ExperimentSummary(
                row.Experiment, row.Runs, row.Active, validated.GetValueOrDefault(row.Experiment.Id, row.Best),
                validated.ContainsKey(row.Experiment.Id), row.Last,
                row.Experiment.ArchivedAt is null
                    ? row.Schedules.Where(s => s.Enabled).Select(s => fireTimes.Next(s.Cron, s.TimeZone, time.GetUtcNow(), 1).Cast<DateTimeOffset?>()
                        .FirstOrDefault()).Min()
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
        return await db.Experiments.AsNoTracking().CalledAsync(name, cancellation);
    }

    /// <returns>false where there is no such experiment.</returns>
    public async Task<bool> ArchiveAsync(int id, bool archived, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        DateTime? at = archived ? Now : null;
        var changed = await db.Experiments.IgnoreQueryFilters().Where(e => e.Id == id && e.DeletedAt == null && archived == (e.ArchivedAt == null))
            .ExecuteUpdateAsync(set => set.SetProperty(e => e.ArchivedAt, at), cancellation) > 0;
        if (changed)
            Changed?.Invoke(id);
        return changed || await db.Experiments.AnyAsync(e => e.Id == id, cancellation);
    }

    /// <summary>
    /// Hides an experiment with all its runs; <see cref="RestoreAsync"/> brings it back within <see cref="DeletionOptions.KeptFor"/>.
    /// </summary>
    /// <param name="begunFrom">The <see cref="Experiment.Version"/> that the caller saw: one that was edited since stays. null takes any.</param>
    public async Task<ExperimentDeletion> DeleteAsync(int id, int? begunFrom = null, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        DateTime? at = Now; // its runs keep marks of their own
        var (hidden, active) = (false, false);
        var deleted = await db.TogetherAsync(async () =>
        {
            hidden = await db.Experiments.IgnoreQueryFilters()
                .Where(e => e.Id == id && e.DeletedAt == null && (begunFrom == null || e.Version <= begunFrom))
                .ExecuteUpdateAsync(set => set.SetProperty(e => e.DeletedAt, at), cancellation) > 0;
            // Held from here: nobody gives it another run or lets one go on.
            active = await db.Runs.IgnoreQueryFilters()
                .AnyAsync(r => r.ExperimentId == id && r.DeletedAt == null && (r.Status == RunStatus.Queued || r.Status == RunStatus.Running),
                    cancellation);
            return hidden && !active;
        }, cancellation);
        if (!deleted)
        {
            return !await db.Experiments.AnyAsync(e => e.Id == id, cancellation) ? ExperimentDeletion.NotFound
                : active ? ExperimentDeletion.StillActive : ExperimentDeletion.Conflict;
        }

        await TellAsync(db, id, cancellation);
        return ExperimentDeletion.Deleted;
    }

    /// <summary>Whether there is no such experiment any more, not even a deleted one.</summary>
    public async Task<bool> IsGoneAsync(int id, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return !await db.Experiments.IgnoreQueryFilters()
            .AnyAsync(e => e.Id == id && (e.DeletedAt == null || e.DeletedAt < Experiment.Leaving), cancellation);
    }

    /// <returns>What is in the way; null where it is back.</returns>
    public Task<string?> RestoreAsync(int id, CancellationToken cancellation = default) => databases.DecideAsync<string?>(async db =>
    {
        if (await db.Experiments.IgnoreQueryFilters().AsNoTracking()
            .FirstOrDefaultAsync(e => e.Id == id && (e.DeletedAt == null || e.DeletedAt < Experiment.Leaving), cancellation) is not { } experiment)
            return "It was deleted for good before it could be brought back.";
        if (experiment.DeletedAt is null)
            return (string?)null;
        var deleted = db.Experiments.IgnoreQueryFilters().Where(e => e.Id == id && e.DeletedAt == experiment.DeletedAt);
        var (held, taken) = (false, false);
        var back = await db.TogetherAsync(async () =>
        {
            held = await deleted.ExecuteUpdateAsync(set => set.SetProperty(e => e.Version, e => e.Version), cancellation) > 0;
            taken = held && await db.Experiments.AnyAsync(e => e.NameKey == experiment.NameKey, cancellation);
            return held && !taken && await deleted.ExecuteUpdateAsync(set => set.SetProperty(e => e.DeletedAt, (DateTime?)null), cancellation) > 0;
        }, cancellation);
        if (taken)
            return $"Another experiment is called '{experiment.Name}' by now. Rename that one first.";
        if (!back)
            return Decision<string?>.Overtaken;
        await TellAsync(db, id, cancellation);
        return (string?)null;
    }, cancellation);

    /// <summary>
    /// Removes what was deleted longer than <see cref="DeletionOptions.KeptFor"/> ago, and what an earlier removal left: rows, checkpoints and logs.
    /// </summary>
    /// <returns>The bytes that were freed in files.</returns>
    public Task<long> PurgeAsync(CancellationToken cancellation = default)
    {
        var before = Now - deletions.KeptFor;
        return PurgeAsync(experiments => experiments.Where(e => e.DeletedAt < before || e.DeletedAt == Experiment.Leaving), cancellation);
    }

    /// <summary>Removes a deleted experiment without waiting any longer. One that was brought back meanwhile stays.</summary>
    /// <returns>The bytes that were freed in files.</returns>
    public Task<long> PurgeAsync(int id, CancellationToken cancellation = default) =>
        PurgeAsync(experiments => experiments.Where(e => e.Id == id), cancellation);

    private async Task<long> PurgeAsync(Func<IQueryable<Experiment>, IQueryable<Experiment>> which, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        // What is hidden gets no pin any more: it is enough to ask for them here, and with one it stays hidden.
        var free = await which(db.Experiments.IgnoreQueryFilters()).Where(e => e.DeletedAt < Experiment.Leaving)
            .Where(e => !db.Runs.IgnoreQueryFilters().Any(r => r.ExperimentId == e.Id && r.Artifacts.Any(artifact => artifact.Pins.Count > 0)))
            .Select(e => new { e.Id, e.DeletedAt }).ToListAsync(cancellation);
        // From this statement on nobody brings one back, so that a removal that is ended halfway leaves nothing that could be seen.
        foreach (var hidden in free)
        {
            await db.Experiments.IgnoreQueryFilters().Where(e => e.Id == hidden.Id && e.DeletedAt == hidden.DeletedAt)
                .ExecuteUpdateAsync(set => set.SetProperty(e => e.DeletedAt, (DateTime?)Experiment.Leaving), cancellation);
        }

        var leaving = await which(db.Experiments.IgnoreQueryFilters()).Where(e => e.DeletedAt == Experiment.Leaving).Select(e => e.Id)
            .ToListAsync(cancellation);
        var freed = 0L;
        foreach (var id in leaving)
        {
            freed += (await purge.PurgeAsync(db, runs => runs.Where(r => r.ExperimentId == id), cancellation)).Freed;
            await db.Experiments.IgnoreQueryFilters().Where(e => e.Id == id && e.DeletedAt == Experiment.Leaving).ExecuteDeleteAsync(cancellation);
        }

        if (leaving.Count > 0)
            await space.GiveBackAsync(cancellation);
        return freed;
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private async Task TellAsync(TrackingDb db, int id, CancellationToken cancellation)
    {
        foreach (var run in await db.Runs.IgnoreQueryFilters().Where(r => r.ExperimentId == id).Select(r => r.Id).ToListAsync(cancellation))
            feed.Publish(run, RunSignal.Existence);
        Changed?.Invoke(id);
    }

    private async Task<List<SpecProblem>> ValidateAsync(TrackingDb db, ExperimentDraft draft, int? id, CancellationToken cancellation)
    {
        var problems = new List<SpecProblem>();
        var (name, key) = (NameRule.Tidied(draft.Name), NameRule.Key(draft.Name));
        if (NameRule.Problem(draft.Name, Experiment.MaxNameLength) is { } problem)
        {
            // A name that an older hub allowed stays until another is chosen.
            if (!await db.Experiments.AnyAsync(e => e.Id == id && e.Name == draft.Name, cancellation))
                problems.Add(new SpecProblem("name", $"The experiment's name {problem}"));
        }
        else if (await db.Experiments.AnyAsync(e => e.NameKey == key && e.Id != id, cancellation)
            && !await db.Experiments.AnyAsync(e => e.Id == id && e.Name == name, cancellation))
        {
            problems.Add(new SpecProblem("name", $"There is an experiment called '{name}' already. Choose another name."));
        }

        if (NameRule.TextProblem(draft.Description, Experiment.MaxDescriptionLength, lines: true) is { } wrong)
            problems.Add(new SpecProblem("description", $"The description {wrong}"));
        if (NameRule.TextProblem(draft.Conclusion, Experiment.MaxConclusionLength, lines: true) is { } odd)
            problems.Add(new SpecProblem("conclusion", $"The conclusion {odd}"));
        problems.AddRange(draft.DefaultSpec.Validate(datasets.Find(draft.DefaultSpec.Dataset)).Select(p => p with { Field = $"spec.{p.Field}" }));
        return problems;
    }
}
