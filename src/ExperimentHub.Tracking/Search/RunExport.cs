using System.Runtime.CompilerServices;
using ExperimentHub.Tracking.Queries;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Search;

/// <summary>The rows of an export, which are read while they are written.</summary>
/// <param name="Titles">Of the columns, as they were asked for: <c>last(metrics.x)</c> where it was written so.</param>
public sealed record ExportedRuns(IReadOnlyList<SearchColumn> Columns, IReadOnlyList<string> Titles, IAsyncEnumerable<IReadOnlyList<object?>> Rows);

/// <summary>Reads exactly the columns, runs and order asked for, however many there are.</summary>
public sealed class RunExport(IDbContextFactory<TrackingDb> databases, ISearchDialect dialect, QueryTurns turns, TimeProvider time)
{
    private const int ReadAtOnce = 1_000;

    /// <param name="columns">As written in a filter, with commas between; at least one.</param>
    public async Task<SearchResult<ExportedRuns>> ReadAsync(RunQuery query, string columns, CancellationToken cancellation = default)
    {
        var (wanted, uses, problem) = OrderParser.ReadColumns("columns", columns);
        if (problem is null && wanted.Count == 0)
            problem = new SearchProblem("columns", 0, 0, "Name the columns to export, with commas between them.", "", ["a column"]);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (problem is not null)
            return SearchResult<ExportedRuns>.Refused([await NameAdvice.OnAsync(db, problem, columns, time.GetUtcNow().UtcDateTime, cancellation)]);
        var (search, problems) = await BoundSearch.ReadAsync(db, query, time.GetUtcNow().UtcDateTime, [.. uses.Select(use => ("columns", use))],
            cancellation);
        return search is null
            ? SearchResult<ExportedRuns>.Refused(problems)
            : SearchResult<ExportedRuns>.Of(new ExportedRuns(search.Whole(wanted),
                [.. uses.Zip(search.Whole(wanted), (use, whole) => use.Title(whole))], RowsAsync(search, wanted, cancellation)));
    }

    /// <summary>Page by page, so that a slow reader holds up no writer and a run that ends meanwhile is there once.</summary>
    private async IAsyncEnumerable<IReadOnlyList<object?>> RowsAsync(BoundSearch search, IReadOnlyList<SearchColumn> columns,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        PageEnd? after = null;
        while (true)
        {
            var (found, cells) = await turns.AskAsync(waited => PageAsync(search, columns, after, waited), cancellation);
            foreach (var run in found.Where(run => cells.ContainsKey(run.Number)))
                yield return cells[run.Number];
            if (found.Count < ReadAtOnce)
                yield break;
            after = new PageEnd(found[^1].Keys, found[^1].Number);
        }
    }

    private async Task<(List<FoundRun> Found, Dictionary<long, object?[]> Cells)> PageAsync(
        BoundSearch search, IReadOnlyList<SearchColumn> columns, PageEnd? after, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await db.Database.OpenConnectionAsync(cancellation);
        var found = await new RunFinder(db, dialect).PageAsync(search, await SortKey.OfAsync(db, search, cancellation), after, ReadAtOnce,
            cancellation);
        return (found, found.Count == 0 ? [] : await new RunRows(db, search).CellsAsync([.. found.Select(run => run.Number)], columns, cancellation));
    }
}
