using ExperimentHub.Tracking.Names;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

/// <summary>What became of a change that a person made: there is no such run, or it cannot be made, or it is made.</summary>
/// <param name="Problem">Why it cannot be made, for a person.</param>
public readonly record struct AnnotationResult(bool Found, string? Problem = null);

/// <summary>What people write about a run, at any time in its life: its name, its notes and its tags.</summary>
public sealed class RunAnnotations(IDbContextFactory<TrackingDb> databases, RunFeed feed)
{
    public Task<AnnotationResult> RenameAsync(RunId id, string name, CancellationToken cancellation = default) =>
        ChangeAsync(id, NameRule.Problem(name, Run.MaxNameLength) is { } problem ? $"The run's name {problem}" : null, run => run.Name = NameRule.Tidied(name), cancellation);

    /// <param name="markdown">Replaces what was written before.</param>
    public Task<AnnotationResult> WriteNotesAsync(RunId id, string markdown, CancellationToken cancellation = default) =>
        ChangeAsync(id, NameRule.TextProblem(markdown, Run.MaxNotesLength, lines: true) is { } problem ? $"The text of the notes {problem}" : null, run => run.Notes = markdown, cancellation);

    /// <summary>Gives a run a tag; one of the same name gets the new value.</summary>
    public async Task<AnnotationResult> TagAsync(RunId id, string name, string value, CancellationToken cancellation = default)
    {
        (name, value) = (NameRule.Tidied(name), NameRule.Tidied(value));
        if (RunTag.Problem(name, value) is { } problem)
            return new AnnotationResult(Found: true, problem);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await NumberAsync(db, id, cancellation) is not { } run)
            return new AnnotationResult(Found: false);
        var tags = await db.RunTags.Where(t => t.RunNumber == run).ToListAsync(cancellation);
        if (RunTag.Called(tags, name) is { } known)
            known.Value = value;
        else if (tags.Count >= RunTag.MaxOfARun)
            return new AnnotationResult(Found: true, $"A run has at most {RunTag.MaxOfARun} tags. Remove one first.");
        else
            db.RunTags.Add(new RunTag { RunNumber = run, Name = name, Value = value });
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        feed.Publish(id);
        return new AnnotationResult(Found: true);
    }

    /// <summary>Takes a tag from a run; that it has none of this name is no mistake.</summary>
    public async Task<AnnotationResult> UntagAsync(RunId id, string name, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await NumberAsync(db, id, cancellation) is not { } run)
            return new AnnotationResult(Found: false);
        if (RunTag.Called(await db.RunTags.Where(t => t.RunNumber == run).ToListAsync(cancellation), name) is { } tag)
        {
            await db.RunTags.Where(t => t.RunNumber == run && t.NameKey == tag.NameKey).ExecuteDeleteAsync(cancellation);
            feed.Publish(id);
        }

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

    private async Task<AnnotationResult> ChangeAsync(RunId id, string? problem, Action<Run> change, CancellationToken cancellation)
    {
        if (problem is not null)
            return new AnnotationResult(Found: true, problem);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Runs.FirstOrDefaultAsync(r => r.Id == id, cancellation) is not { } run)
            return new AnnotationResult(Found: false);
        change(run);
        await db.SaveChangesAsync(cancellation);
        feed.Publish(id);
        return new AnnotationResult(Found: true);
    }

    private static Task<long?> NumberAsync(TrackingDb db, RunId id, CancellationToken cancellation) =>
        db.Runs.Where(r => r.Id == id).Select(r => (long?)r.Number).FirstOrDefaultAsync(cancellation);
}
