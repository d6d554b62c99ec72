using System.Linq.Expressions;
using ExperimentHub.Tracking.Names;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;

namespace ExperimentHub.Tracking.Runs;

/// <summary>What became of a change that a person made: there is no such run, or it cannot be made, or it is made.</summary>
/// <param name="Problem">Why it cannot be made, for a person.</param>
/// <param name="Conflict">Somebody changed the same thing after the version that the change began from; nothing was written.</param>
public readonly record struct AnnotationResult(bool Found, string? Problem = null, bool Conflict = false);

/// <summary>
/// What people write about a run, at any time in its life: its name, its notes and its tags. Each change can name the version of the run that it
/// began from
/// (<see cref="Run.Version"/>); it is made only where nobody has changed the same thing since. Without one it is always made.
/// </summary>
public sealed class RunAnnotations(IDbContextFactory<TrackingDb> databases, RunFeed feed)
{
    public Task<AnnotationResult> RenameAsync(RunId id, string name, int? begunFrom = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, NameRule.Problem(name, Run.MaxNameLength) is { } problem ? $"The run's name {problem}" : null,
            run => begunFrom == null || run.NameVersion <= begunFrom,
            set => set.SetProperty(run => run.Name, NameRule.Tidied(name)).SetProperty(run => run.NameVersion, run => run.Version + 1), cancellation);

    /// <param name="markdown">Replaces what was written before.</param>
    public Task<AnnotationResult> WriteNotesAsync(RunId id, string markdown, int? begunFrom = null, CancellationToken cancellation = default) =>
        ChangeAsync(id, NameRule.TextProblem(markdown, Run.MaxNotesLength, lines: true) is { } problem ? $"The text of the notes {problem}" : null,
            run => begunFrom == null || run.NotesVersion <= begunFrom,
            set => set.SetProperty(run => run.Notes, markdown).SetProperty(run => run.NotesVersion, run => run.Version + 1), cancellation);

    /// <summary>Gives a run a tag; one of the same name gets the new value. Another tag that came meanwhile is no conflict.</summary>
    public async Task<AnnotationResult> TagAsync(RunId id, string name, string value, int? begunFrom = null, CancellationToken cancellation = default)
    {
        (name, value) = (NameRule.Tidied(name), NameRule.Tidied(value));
        if (RunTag.Problem(name, value) is { } problem)
            return new AnnotationResult(Found: true, problem);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await FindAsync(db, id, cancellation) is not var (run, version, untagged))
            return new AnnotationResult(Found: false);
        var tags = await db.RunTags.Where(t => t.RunNumber == run).ToListAsync(cancellation);
        var known = RunTag.Called(tags, name);
        // Where there is none now, the one that was removed may have been this one.
        if (known is not null ? known.Version > begunFrom : begunFrom == int.MaxValue || (begunFrom != RunTag.None && untagged > begunFrom))
            return new AnnotationResult(Found: true, Conflict: true);
        if (known is not null)
            (known.Value, known.Version) = (value, version + 1);
        else if (tags.Count >= RunTag.MaxOfARun)
            return new AnnotationResult(Found: true, $"A run has at most {RunTag.MaxOfARun} tags. Remove one first.");
        else
            db.RunTags.Add(new RunTag { RunNumber = run, Name = name, Value = value, Version = version + 1 });
        await db.Runs.Where(r => r.Number == run).ExecuteUpdateAsync(set => set.SetProperty(r => r.Version, r => r.Version + 1), cancellation);
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        feed.Publish(id, RunSignal.Texts);
        return new AnnotationResult(Found: true);
    }

    /// <summary>Takes a tag from a run; that it has none of this name is no mistake.</summary>
    public async Task<AnnotationResult> UntagAsync(RunId id, string name, int? begunFrom = null, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await FindAsync(db, id, cancellation) is not var (run, _, _))
            return new AnnotationResult(Found: false);
        if (RunTag.Called(await db.RunTags.Where(t => t.RunNumber == run).ToListAsync(cancellation), name) is not { } called)
            return new AnnotationResult(Found: true);
        var tag = db.RunTags.Where(t => t.RunNumber == run && t.NameKey == called.NameKey);
        if (await tag.Where(t => begunFrom == null || t.Version <= begunFrom).ExecuteDeleteAsync(cancellation) == 0)
            return new AnnotationResult(Found: true, Conflict: await tag.AnyAsync(cancellation));
        await db.Runs.Where(r => r.Number == run)
            .ExecuteUpdateAsync(set => set.SetProperty(r => r.Version, r => r.Version + 1).SetProperty(r => r.UntaggedVersion, r => r.Version + 1),
                cancellation);
        await transaction.CommitAsync(cancellation);
        feed.Publish(id, RunSignal.Texts);
        return new AnnotationResult(Found: true);
    }

    /// <summary>Tags that runs have, as a person would type them, the most used first.</summary>
    public async Task<IReadOnlyList<string>> UsedTagsAsync(int most, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var used = await db.RunTags.GroupBy(t => new { t.Name, t.Value }).Select(g => new { g.Key.Name, g.Key.Value, Count = g.Count() })
            .OrderByDescending(g => g.Count).ThenBy(g => g.Name).Take(most).ToListAsync(cancellation);
        return [.. used.Select(tag => new RunTag { Name = tag.Name, Value = tag.Value }.ToString())];
    }

    /// <summary>One statement that changes the run only where nobody changed the same thing before it.</summary>
    private async Task<AnnotationResult> ChangeAsync(
        RunId id, string? problem, Expression<Func<Run, bool>> unchanged, Action<UpdateSettersBuilder<Run>> change, CancellationToken cancellation)
    {
        if (problem is not null)
            return new AnnotationResult(Found: true, problem);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var changed = await db.Runs.Where(r => r.Id == id).Where(unchanged).ExecuteUpdateAsync(set =>
        {
            change(set);
            set.SetProperty(run => run.Version, run => run.Version + 1);
        }, cancellation);
        if (changed == 0)
            return await db.Runs.AnyAsync(r => r.Id == id, cancellation)
                ? new AnnotationResult(Found: true, Conflict: true) : new AnnotationResult(Found: false);
        feed.Publish(id, RunSignal.Texts);
        return new AnnotationResult(Found: true);
    }

    private static async Task<(long Number, int Version, int Untagged)?> FindAsync(TrackingDb db, RunId id, CancellationToken cancellation) =>
        await db.Runs.Where(r => r.Id == id).Select(r => new { r.Number, r.Version, r.UntaggedVersion }).FirstOrDefaultAsync(cancellation) is { } run
            ? (run.Number, run.Version, run.UntaggedVersion) : null;
}
