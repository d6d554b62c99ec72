using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Search;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Runs;

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
/// <param name="DeletedAt">Of a deletion: what brings the runs back, given to <see cref="RunDeletion.RestoreAsync(DateTime, CancellationToken)"/>.</param>
public sealed record BulkOutcome(int Changed, int Skipped, string? Why = null, DateTime? DeletedAt = null);

/// <summary>
/// Does one thing to many runs. Which ones is decided when it begins; it goes in steps, so that others can write in between, and each step is done or not.
/// </summary>
public sealed class RunBulk(IDbContextFactory<TrackingDb> databases, RunSearch search, RunQueue queue, RunFeed feed, TimeProvider time)
{
    private const int Step = 500;

    /// <summary>Gives each run the tag, or its tag of that name this value. A run that has <see cref="RunTag.MaxOfARun"/> tags gets no other.</summary>
    public async Task<SearchResult<BulkOutcome>> TagAsync(RunTargets targets, string name, string value, CancellationToken cancellation = default)
    {
        (name, value) = (NameRule.Tidied(name), NameRule.Tidied(value));
        if (RunTag.Problem(name, value) is { } problem)
            return SearchResult<BulkOutcome>.Refused([new SearchProblem("tag", 0, 0, problem, name, [])]);
        var key = NameRule.Key(name);
        return await EachStepAsync(targets, async (db, numbers) =>
        {
            var tagged = await db.RunTags.Where(tag => numbers.Contains(tag.RunNumber) && tag.NameKey == key).ToListAsync(cancellation);
            var changed = tagged.Where(tag => tag.Value != value).ToList();
            changed.ForEach(tag => tag.Value = value);
            var full = await db.RunTags.Where(tag => numbers.Contains(tag.RunNumber)).GroupBy(tag => tag.RunNumber).Where(tags => tags.Count() >= RunTag.MaxOfARun)
                .Select(tags => tags.Key).ToListAsync(cancellation);
            List<long> missing = [.. numbers.Except(tagged.Select(tag => tag.RunNumber)).Except(full)];
            db.RunTags.AddRange(missing.Select(number => new RunTag { RunNumber = number, Name = name, Value = value }));
            await db.SaveChangesAsync(cancellation);
            return [.. missing, .. changed.Select(tag => tag.RunNumber)];
        }, $"had this tag already, or {RunTag.MaxOfARun} others", cancellation);
    }

    public Task<SearchResult<BulkOutcome>> UntagAsync(RunTargets targets, string name, CancellationToken cancellation = default)
    {
        var key = NameRule.Key(name);
        return EachStepAsync(targets, async (db, numbers) =>
        {
            var tagged = db.RunTags.Where(tag => numbers.Contains(tag.RunNumber) && tag.NameKey == key);
            var changed = await tagged.Select(tag => tag.RunNumber).ToListAsync(cancellation);
            await tagged.ExecuteDeleteAsync(cancellation);
            return changed;
        }, "did not have this tag", cancellation);
    }

    public Task<SearchResult<BulkOutcome>> ArchiveAsync(RunTargets targets, bool archived, CancellationToken cancellation = default)
    {
        DateTime? at = archived ? Now : null;
        return EachStepAsync(targets, (db, numbers) => ChangeAsync(
            db.Runs.Where(run => numbers.Contains(run.Number) && archived == (run.ArchivedAt == null)), runs => runs.ExecuteUpdateAsync(set => set.SetProperty(run => run.ArchivedAt, at), cancellation), cancellation),
            archived ? "were archived already" : "were not archived", cancellation);
    }

    /// <summary>Hides the runs that are not active; see <see cref="RunDeletion"/>.</summary>
    public async Task<SearchResult<BulkOutcome>> DeleteAsync(RunTargets targets, CancellationToken cancellation = default)
    {
        DateTime? at = Now;
        var result = await EachStepAsync(targets, (db, numbers) => ChangeAsync(
            db.Runs.Where(run => numbers.Contains(run.Number) && run.Status != RunStatus.Queued && run.Status != RunStatus.Running),
            runs => runs.ExecuteUpdateAsync(set => set.SetProperty(run => run.DeletedAt, at), cancellation), cancellation), "are queued or running; stop them first", cancellation);
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

            return stopped;
        }, "had ended", cancellation, ownTransaction: false);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private static async Task<IReadOnlyList<long>> ChangeAsync(IQueryable<Run> runs, Func<IQueryable<Run>, Task> change, CancellationToken cancellation)
    {
        var numbers = await runs.Select(run => run.Number).ToListAsync(cancellation);
        await change(runs);
        return numbers;
    }

    /// <param name="change">Changes the runs with these numbers and says which ones it did change.</param>
    /// <param name="ownTransaction">false where <paramref name="change"/> writes over connections of its own.</param>
    private async Task<SearchResult<BulkOutcome>> EachStepAsync(
        RunTargets targets, Func<TrackingDb, IReadOnlyList<long>, Task<IReadOnlyList<long>>> change, string whySkipped, CancellationToken cancellation, bool ownTransaction = true)
    {
        var (found, problems) = await NumbersAsync(targets, cancellation);
        if (found is null)
            return SearchResult<BulkOutcome>.Refused(problems);
        var changed = 0;
        foreach (var step in found.Chunk(Step))
        {
            await using var db = await databases.CreateDbContextAsync(cancellation);
            await using var transaction = ownTransaction ? await db.Database.BeginTransactionAsync(cancellation) : null;
            // Some may have been deleted since they were found.
            var there = await db.Runs.Where(run => step.Contains(run.Number)).Select(run => new { run.Number, run.Id }).ToListAsync(cancellation);
            var different = (await change(db, [.. there.Select(run => run.Number)])).ToHashSet();
            if (transaction is not null)
                await transaction.CommitAsync(cancellation);
            changed += different.Count;
            foreach (var run in there.Where(run => different.Contains(run.Number)))
                feed.Publish(run.Id);
        }

        var skipped = (targets.Ids?.Count ?? found.Count) - changed;
        return SearchResult<BulkOutcome>.Of(new BulkOutcome(changed, skipped, skipped == 0 ? null : $"{skipped} {(skipped == 1 ? "run" : "runs")} {whySkipped}, or no longer exist."));
    }

    private async Task<(IReadOnlyList<long>? Numbers, IReadOnlyList<SearchProblem> Problems)> NumbersAsync(RunTargets targets, CancellationToken cancellation)
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
        return (numbers, []);
    }
}
