using ExperimentHub.Tracking.Queries;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Search;

/// <summary>Finds runs by the filter language, in any order, page by page. It reads summaries and never a series' points.</summary>
public sealed class RunSearch(IDbContextFactory<TrackingDb> databases, ISearchDialect dialect, QueryTurns turns, TimeProvider time)
{
    public const int MaxPageSize = 500;

    /// <param name="columns">What is wanted of each run beside itself, as written in a filter, with commas between; may be empty.</param>
    /// <param name="pageSize">1 to <see cref="MaxPageSize"/>.</param>
    /// <param name="pageToken">Of the page before; null for the first page.</param>
    /// <exception cref="QueryTooLongException">It took too long; so do the other questions.</exception>
    public Task<SearchResult<RunSearchPage>> ListAsync(
        RunQuery query, string columns = "", int pageSize = 50, string? pageToken = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageSize, MaxPageSize);
        return turns.AskAsync(waited => ReadPageAsync(query, columns, pageSize, pageToken, waited), cancellation);
    }

    private async Task<SearchResult<RunSearchPage>> ReadPageAsync(RunQuery query, string columns, int pageSize, string? pageToken,
        CancellationToken cancellation)
    {
        var (wanted, uses, problem) = OrderParser.ReadColumns("columns", columns);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (problem is not null)
            return SearchResult<RunSearchPage>.Refused([await NameAdvice.OnAsync(db, problem, columns, Now, cancellation)]);
        // One connection for all statements of a search.
        await db.Database.OpenConnectionAsync(cancellation);
        var (search, problems) = await BoundSearch.ReadAsync(db, query, Now, [.. uses.Select(use => ("columns", use))], cancellation);
        if (search is null)
            return SearchResult<RunSearchPage>.Refused(problems);
        var keys = await SortKey.OfAsync(db, search, cancellation);
        PageEnd? after = null;
        if (pageToken is not null)
        {
            (after, var refused) = PageToken.Read(pageToken, query, keys.Count);
            if (refused is not null)
                return SearchResult<RunSearchPage>.Refused([refused]);
        }

        // One more than asked tells whether there is a next page.
        var found = await new RunFinder(db, dialect).PageAsync(search, keys, after, pageSize + 1, cancellation);
        var shown = found.Take(pageSize).ToList();
        var rows = await new RunRows(db, search).ReadAsync([.. shown.Select(run => run.Number)], wanted, cancellation);
        var next = found.Count > pageSize ? PageToken.Write(query, new PageEnd(shown[^1].Keys, shown[^1].Number)) : null;
        return SearchResult<RunSearchPage>.Of(new RunSearchPage(search, wanted)
        {
            Items = rows, Titles = [.. uses.Zip(search.Whole(wanted), (use, whole) => use.Title(whole))], NextPageToken = next,
        });
    }

    /// <summary>
    /// The page with what epochs have changed since in the rows of its running runs: one statement, or none. Which runs it has and in which order
    /// stays as it was; where that may have changed (<see cref="RunSearchPage.FollowsResults"/>, or a run began, ended, came or went), the page is to
    /// be asked for anew.
    /// </summary>
    public async Task<RunSearchPage> ReadResultsAsync(RunSearchPage page, CancellationToken cancellation = default)
    {
        long[] running = [.. page.Items.Select(row => row.Run).Where(run => run is { Status: RunStatus.Running, Training: not null })
            .Select(run => run.Number)];
        if (running.Length == 0)
            return page;
        return await turns.AskAsync(waited => ReadResultsAsync(page, running, waited), cancellation);
    }

    private async Task<RunSearchPage> ReadResultsAsync(RunSearchPage page, IReadOnlyList<long> running, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await db.Database.OpenConnectionAsync(cancellation);
        var now = await new RunRows(db, page.Search).CellsAsync(running, [.. page.Asked, RunRow.BestEpoch, RunRow.EpochsDone], cancellation);
        return page with { Items = [.. page.Items.Select(row => now.TryGetValue(row.Run.Number, out var cells) ? row.With(cells) : row)] };
    }

    /// <summary>How many runs match. It may have to look at every run, so it is asked for itself and not with each page.</summary>
    public Task<SearchResult<RunCount>> CountAsync(RunQuery query, CancellationToken cancellation = default) =>
        turns.AskAsync(waited => ReadCountAsync(query, waited), cancellation);

    private async Task<SearchResult<RunCount>> ReadCountAsync(RunQuery query, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await db.Database.OpenConnectionAsync(cancellation);
        var (search, problems) = await BoundSearch.ReadAsync(db, query, Now, [], cancellation);
        return search is null
            ? SearchResult<RunCount>.Refused(problems)
            : SearchResult<RunCount>.Of(new RunCount(await new RunFinder(db, dialect).CountAsync(search, cancellation), search.Warnings));
    }

    /// <summary>The numbers of all runs that match, in no order.</summary>
    internal Task<SearchResult<FoundNumbers>> NumbersAsync(RunQuery query, CancellationToken cancellation) =>
        turns.AskAsync(waited => ReadNumbersAsync(query, waited), cancellation);

    private async Task<SearchResult<FoundNumbers>> ReadNumbersAsync(RunQuery query, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await db.Database.OpenConnectionAsync(cancellation);
        var (search, problems) = await BoundSearch.ReadAsync(db, query, Now, [], cancellation);
        if (search is null)
            return SearchResult<FoundNumbers>.Refused(problems);
        var numbers = new List<long>();
        await foreach (var number in new RunFinder(db, dialect).StreamAsync(search, _ => [], row => row.GetInt64(0), cancellation))
            numbers.Add(number);
        return SearchResult<FoundNumbers>.Of(new FoundNumbers(numbers, search.Warnings));
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;
}

/// <summary>The numbers of the runs that match, in no order.</summary>
/// <param name="Warnings">What is no mistake and probably one.</param>
internal sealed record FoundNumbers(IReadOnlyList<long> Numbers, IReadOnlyList<SearchProblem> Warnings);

/// <param name="Total">How many runs a search finds.</param>

/// <param name="Warnings">What is no mistake and probably one.</param>
public sealed record RunCount(long Total, IReadOnlyList<SearchProblem> Warnings);
