using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Search;

/// <summary>Chosen runs, or all that a search finds.</summary>
public sealed record RunTargets
{
    private RunTargets(IReadOnlyList<RunId>? ids, RunQuery? query) => (Ids, Query) = (ids, query);

    internal IReadOnlyList<RunId>? Ids { get; }
    internal RunQuery? Query { get; }

    public static RunTargets Of(IReadOnlyList<RunId> ids) => new(ids, null);

    public static RunTargets Of(RunQuery query) => new(null, query);
}

/// <summary>What was done to many runs.</summary>
/// <param name="Changed">Runs that are different now.</param>
/// <param name="Skipped">Runs that could not be changed, or were that way before.</param>
/// <param name="Why">Of the skipped ones, as a sentence; null where there are none.</param>
/// <param name="DeletedAt">Of a deletion: what brings the runs back, given to
/// <see cref="RunDeletion.RestoreAsync(DateTime, CancellationToken)"/>.</param>
/// <param name="Warnings">What is no mistake in the filter and probably one, such as a comparison that every run meets; null where there is nothing
/// to say.</param>
public sealed record BulkOutcome(int Changed, int Skipped, string? Why = null, DateTime? DeletedAt = null,
    IReadOnlyList<SearchProblem>? Warnings = null);

/// <summary>What a deletion of many runs would do.</summary>
/// <param name="Runs">How many it would hide.</param>
/// <param name="Active">How many would stay, because they are queued or running.</param>
/// <param name="Bytes">What the files of the hidden ones take.</param>
public sealed record BulkDeletionPlan(int Runs, int Active, long Bytes);

/// <summary>What a run had before a bulk change of a tag.</summary>
/// <param name="Value">null where it did not have the tag.</param>
public readonly record struct TagBefore(long RunNumber, string? Value);

/// <summary>
/// Does one thing to many runs. Which ones is decided when it begins; it goes in steps, so that others can write in between, and each step is done or
/// not.
/// </summary>
public sealed class RunBulk(IDbContextFactory<TrackingDb> databases, RunSearch search, RunQueue queue, RunFeed feed, ArtifactStore store,
    TimeProvider time)
{
    private const int Step = 500;

    /// <summary>What one step did.</summary>
    /// <param name="Runs">Those that are told of.</param>
    /// <param name="Changed">How many of them are different now.</param>
    private sealed record BulkStep(IReadOnlyList<long> Runs, int Changed)
    {
        public static BulkStep Of(List<long> runs) => new(runs, runs.Count);
    }

    /// <summary>
    /// Gives each run the tag, or its tag of that name this value. A run that has <see cref="RunTag.MaxOfARun"/> tags gets no other.
    /// </summary>
    /// <param name="before">Gets what each changed run had before, for <see cref="RestoreTagsAsync"/>.</param>
    public async Task<SearchResult<BulkOutcome>> TagAsync(
        RunTargets targets, string name, string value, ICollection<TagBefore>? before = null, CancellationToken cancellation = default)
    {
        (name, value) = (NameRule.Tidied(name), NameRule.Tidied(value));
        if (RunTag.Problem(name, value) is { } problem)
            return SearchResult<BulkOutcome>.Refused([new SearchProblem("tag", 0, 0, problem, name, [])]);
        var key = NameRule.Key(name);
        return await EachStepAsync(targets, async (db, numbers) =>
        {
            var tagged = await db.RunTags.Where(tag => numbers.Contains(tag.RunNumber) && tag.NameKey == key).ToListAsync(cancellation);
            var changed = tagged.Where(tag => tag.Value != value).ToList();
            var full = await db.RunTags.Where(tag => numbers.Contains(tag.RunNumber)).GroupBy(tag => tag.RunNumber)
                .Where(tags => tags.Count() >= RunTag.MaxOfARun)
                .Select(tags => tags.Key).ToListAsync(cancellation);
            List<long> missing = [.. numbers.Except(tagged.Select(tag => tag.RunNumber)).Except(full)];
            List<long> different = [.. missing, .. changed.Select(tag => tag.RunNumber)];
            var versions = await NextVersionsAsync(db, different, untagged: false, cancellation);
            foreach (var tag in changed)
            {
                before?.Add(new TagBefore(tag.RunNumber, tag.Value));
                (tag.Value, tag.Version) = (value, versions[tag.RunNumber]);
            }

            foreach (var number in missing)
            {
                before?.Add(new TagBefore(number, null));
                db.RunTags.Add(new RunTag { RunNumber = number, Name = name, Value = value, Version = versions[number] });
            }

            await db.SaveChangesAsync(cancellation);
            return BulkStep.Of(different);
        }, $"had this tag already, or {RunTag.MaxOfARun} others", cancellation);
    }

    /// <inheritdoc cref="TagAsync"/>
    /// <summary>Takes the tag from each run that has it.</summary>
    public Task<SearchResult<BulkOutcome>> UntagAsync(RunTargets targets, string name, ICollection<TagBefore>? before = null,
        CancellationToken cancellation = default)
    {
        var key = NameRule.Key(name);
        return EachStepAsync(targets, async (db, numbers) =>
        {
            var tagged = db.RunTags.Where(tag => numbers.Contains(tag.RunNumber) && tag.NameKey == key);
            var had = await tagged.Select(tag => new TagBefore(tag.RunNumber, tag.Value)).ToListAsync(cancellation);
            had.ForEach(tag => before?.Add(tag));
            List<long> changed = [.. had.Select(tag => tag.RunNumber)];
            await NextVersionsAsync(db, changed, untagged: true, cancellation);
            await tagged.ExecuteDeleteAsync(cancellation);
            return BulkStep.Of(changed);
        }, "did not have this tag", cancellation);
    }

    /// <summary>Takes a bulk change of a tag back: each run has again what it had, unless somebody has changed its tag since.</summary>
    /// <param name="now">The value that the bulk change gave; null where it took the tag.</param>
    /// <returns>How many runs are as they were.</returns>
    public async Task<int> RestoreTagsAsync(string name, string? now, IReadOnlyCollection<TagBefore> before, CancellationToken cancellation = default)
    {
        var restored = 0;
        var key = NameRule.Key(name);
        foreach (var step in before.Chunk(Step))
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var had = step.ToDictionary(tag => tag.RunNumber, tag => tag.Value);
            var there = await db.Runs.Where(run => had.Keys.Contains(run.Number)).Select(run => new { run.Number, run.Id })
                .ToDictionaryAsync(run => run.Number, run => run.Id, cancellation);
            var tags = await db.RunTags.Where(tag => had.Keys.Contains(tag.RunNumber) && tag.NameKey == key)
                .ToDictionaryAsync(tag => tag.RunNumber, cancellation);
            List<long> same = [.. there.Keys.Where(number => tags.GetValueOrDefault(number)?.Value == now)];
            var versions = await NextVersionsAsync(db, same, untagged: true, cancellation);
            foreach (var number in same)
            {
                if (tags.GetValueOrDefault(number) is { } tag && had[number] is { } value)
                    (tag.Value, tag.Version) = (value, versions[number]);
                else if (tags.GetValueOrDefault(number) is { } superfluous)
                    db.RunTags.Remove(superfluous);
                else if (had[number] is { } lost)
                    db.RunTags.Add(new RunTag { RunNumber = number, Name = name, Value = lost, Version = versions[number] });
            }

            await db.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
            restored += same.Count;
            foreach (var number in same)
                feed.Publish(there[number], RunSignal.Texts);
        }

        return restored;
    }

    public Task<SearchResult<BulkOutcome>> ArchiveAsync(RunTargets targets, bool archived, CancellationToken cancellation = default)
    {
        DateTime? at = archived ? Now : null;
        return EachStepAsync(targets, async (db, numbers) =>
        {
            var meant = db.Runs.IgnoreQueryFilters()
                .Where(run => numbers.Contains(run.Number) && run.DeletedAt == null && archived == (run.ArchivedAt == null));
            return await MovedAsync(meant, runs => runs.ExecuteUpdateAsync(set => set.SetProperty(run => run.ArchivedAt, at), cancellation),
                cancellation);
        }, archived ? "were archived already" : "were not archived", cancellation, ownTransaction: false);
    }

    /// <summary>What a deletion would hide now.</summary>
    public async Task<SearchResult<BulkDeletionPlan>> PlanDeletionAsync(RunTargets targets, CancellationToken cancellation = default)
    {
        var (found, problems) = await NumbersAsync(targets, cancellation);
        if (found is null)
            return SearchResult<BulkDeletionPlan>.Refused(problems);
        var (ended, active) = (new List<RunId>(), 0);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        foreach (var step in found.Numbers.Chunk(Step))
        {
            var runs = await db.Runs.Where(run => step.Contains(run.Number)).Select(run => new { run.Id, run.Status }).ToListAsync(cancellation);
            ended.AddRange(runs.Where(run => !run.Status.IsActive()).Select(run => run.Id));
            active += runs.Count(run => run.Status.IsActive());
        }

        return SearchResult<BulkDeletionPlan>.Of(
            new BulkDeletionPlan(ended.Count, active,
                await Task.Run(() => store.SizeAsync(ended.Select(ArtifactKey.OfRun), cancellation), cancellation)));
    }

    /// <summary>Hides the runs that are not active; see <see cref="RunDeletion"/>.</summary>
    public async Task<SearchResult<BulkOutcome>> DeleteAsync(RunTargets targets, CancellationToken cancellation = default)
    {
        DateTime? at;
        await using (var db = await databases.CreateDbContextAsync(cancellation))
            at = await DeletionMark.NextAsync(db, Now, cancellation);
        var result = await EachStepAsync(targets, async (db, numbers) =>
        {
            var meant = db.Runs.IgnoreQueryFilters()
                .Where(run => numbers.Contains(run.Number) && run.DeletedAt == null && run.Status != RunStatus.Queued
                    && run.Status != RunStatus.Running);
            return await MovedAsync(meant, _ => db.HideAsync(runs => runs.Where(run => numbers.Contains(run.Number)), at, cancellation),
                cancellation);
        }, "are queued or running; stop them first", cancellation, ownTransaction: false);
        return result.Answer is { Changed: > 0 } outcome ? SearchResult<BulkOutcome>.Of(outcome with { DeletedAt = at }) : result;
    }

    /// <summary>Asks each run to stop.</summary>
    public Task<SearchResult<BulkOutcome>> StopAsync(RunTargets targets, CancellationToken cancellation = default) =>
        EachStepAsync(targets, async (db, numbers) =>
        {
            var stopped = new List<long>();
            var active = await db.Runs.Where(run => numbers.Contains(run.Number) && (run.Status == RunStatus.Queued || run.Status == RunStatus.Running
                    || run.Status == RunStatus.Interrupted || run.Status == RunStatus.Paused))
                .Select(run => new { run.Number, run.Id }).ToListAsync(cancellation);
            foreach (var run in active)
            {
                if (await queue.RequestStopAsync(run.Id, cancellation) is StopOutcome.Stopped or StopOutcome.Stopping)
                    stopped.Add(run.Number);
            }

            return BulkStep.Of(stopped);
        }, "had ended", cancellation, ownTransaction: false);

    /// <summary>A bulk change is an edit of each run that it changes; see <see cref="Run.Version"/>.</summary>
    /// <returns>The versions that they have now.</returns>
    private static async Task<IReadOnlyDictionary<long, int>> NextVersionsAsync(TrackingDb db, IReadOnlyList<long> runs, bool untagged,
        CancellationToken cancellation)
    {
        await db.Runs.Where(run => runs.Contains(run.Number)).ExecuteUpdateAsync(set =>
        {
            set.SetProperty(run => run.Version, run => run.Version + 1);
            if (untagged)
                set.SetProperty(run => run.UntaggedVersion, run => run.Version + 1);
        }, cancellation);
        return await db.Runs.Where(run => runs.Contains(run.Number)).Select(run => new { run.Number, run.Version })
            .ToDictionaryAsync(run => run.Number, run => run.Version, cancellation);
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>
    /// One statement moves those that are meant, by conditions of its own, and its count says how many; which ones they are is known but for those
    /// that somebody else moves meanwhile.
    /// </summary>
    private static async Task<BulkStep> MovedAsync(IQueryable<Run> meant, Func<IQueryable<Run>, Task<int>> move, CancellationToken cancellation)
    {
        var numbers = await meant.Select(run => run.Number).ToListAsync(cancellation);
        return new BulkStep(numbers, await move(meant));
    }

    /// <param name="change">Changes the runs with these numbers.</param>
    /// <param name="ownTransaction">false where <paramref name="change"/> is one statement, or writes over connections of its own.</param>
    private async Task<SearchResult<BulkOutcome>> EachStepAsync(
        RunTargets targets, Func<TrackingDb, IReadOnlyList<long>, Task<BulkStep>> change, string whySkipped, CancellationToken cancellation,
        bool ownTransaction = true)
    {
        var (found, problems) = await NumbersAsync(targets, cancellation);
        if (found is null)
            return SearchResult<BulkOutcome>.Refused(problems);
        var changed = 0;
        foreach (var step in found.Numbers.Chunk(Step))
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            await using var transaction = ownTransaction ? await db.Database.BeginTransactionAsync(cancellation) : null;
            // Some may have been deleted since they were found.
            var there = await db.Runs.Where(run => step.Contains(run.Number)).Select(run => new { run.Number, run.Id }).ToListAsync(cancellation);
            var done = await change(db, [.. there.Select(run => run.Number)]);
            var different = done.Runs.ToHashSet();
            if (transaction is not null)
                await transaction.CommitAsync(cancellation);
            changed += done.Changed;
            foreach (var run in there.Where(run => different.Contains(run.Number)))
                feed.Publish(run.Id, RunSignal.Texts | RunSignal.Existence);
        }

        var skipped = (targets.Ids?.Count ?? found.Numbers.Count) - changed;
        return SearchResult<BulkOutcome>.Of(new BulkOutcome(
            changed, skipped, skipped == 0 ? null : $"{skipped} {(skipped == 1 ? "run" : "runs")} {whySkipped}, or no longer exist.",
            Warnings: found.Warnings.Count == 0 ? null : found.Warnings));
    }

    private async Task<(FoundNumbers? Found, IReadOnlyList<SearchProblem> Problems)> NumbersAsync(RunTargets targets, CancellationToken cancellation)
    {
        if (targets.Query is { } query)
        {
            var result = await search.NumbersAsync(query, cancellation);
            return (result.Answer, result.Problems);
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        var numbers = new List<long>();
        foreach (var ids in targets.Ids!.Chunk(Step))
            numbers.AddRange(await db.Runs.Where(run => ids.Contains(run.Id)).Select(run => run.Number).ToListAsync(cancellation));
        return (new FoundNumbers(numbers, []), []);
    }
}
