using System.Data.Common;
using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Tracking.Search;

/// <summary>A run that was found.</summary>
/// <param name="Keys">The values of the sort keys.</param>
internal readonly record struct FoundRun(long Number, IReadOnlyList<object?> Keys);

/// <summary>Finds the numbers of runs: page by page in an order, or all of them.</summary>
internal sealed class RunFinder(TrackingDb db, ISearchDialect dialect)
{
    public async Task<List<FoundRun>> PageAsync(BoundSearch search, IReadOnlyList<SortKey> keys, PageEnd? after, int take,
        CancellationToken cancellation)
    {
        var source = await SourceChoice.ChooseAsync(db, search, keys, take, cancellation);
        var inTwoParts = source.InOrder && keys.Count > 0;
        var found = new List<FoundRun>();
        if (!inTwoParts || after is null || after.Values[0] is not null)
        {
            var page = new SearchStatement(search, keys, source, dialect);
            found = await Statement.ListAsync(db, page.Page(after, take), page.Parameters, row => Read(row, keys.Count), cancellation);
        }

        if (inTwoParts && found.Count < take)
        {
            var rest = new SearchStatement(search, keys, RunSource.Runs(inOrder: true), dialect);
            found.AddRange(await Statement.ListAsync(db, rest.WithoutFirstKey(after, take - found.Count), rest.Parameters,
                row => Read(row, keys.Count), cancellation));
        }

        return found;
    }

    public async Task<long> CountAsync(BoundSearch search, CancellationToken cancellation)
    {
        var statement = await AllAsync(search, cancellation);
        return (await Statement.ListAsync(db, statement.Count(), statement.Parameters, row => row.GetInt64(0), cancellation))[0];
    }

    /// <summary>Every run and what is wanted of it, in no order.</summary>
    /// <param name="values">Makes SQL expressions; <paramref name="read"/> finds them from column 1 on.</param>
    public async IAsyncEnumerable<T> StreamAsync<T>(
        BoundSearch search, Func<ColumnSql, IEnumerable<string>> values, Func<DbDataReader, T> read,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var statement = await AllAsync(search, cancellation);
        await foreach (var row in Statement.StreamAsync(db, statement.All(values), statement.Parameters, read, cancellation))
            yield return row;
    }

    private async Task<SearchStatement> AllAsync(BoundSearch search, CancellationToken cancellation) =>
        new(search, [], await SourceChoice.ChooseAsync(db, search, [], need: null, cancellation), dialect);

    private static FoundRun Read(DbDataReader row, int keys)
    {
        var values = new object?[keys];
        for (var i = 0; i < keys; i++)
            values[i] = row.IsDBNull(i + 1) ? null : row.GetValue(i + 1);
        return new FoundRun(row.GetInt64(0), values);
    }
}
