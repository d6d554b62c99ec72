using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Queries;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Search;

/// <summary>A column that runs have.</summary>
/// <param name="Type"><c>number</c>, <c>duration</c>, <c>text</c>, <c>time</c>, <c>word</c>, <c>flag</c>, or <c>either</c> for numbers and
/// texts.</param>
/// <param name="Runs">How many have a value, those that are archived or just deleted included; of an attribute all.</param>
/// <param name="Meaning">Of an attribute: what it is.</param>
/// <param name="Direction">Of a metric: which values are better, where its runs agree.</param>
public sealed record KnownColumn(SearchColumn Column, string Type, long Runs, string? Meaning = null,
    MetricDirection Direction = MetricDirection.None);

/// <summary>Says which columns there are, and in which of them runs differ.</summary>
public sealed class RunColumns(IDbContextFactory<TrackingDb> databases, ISearchDialect dialect, QueryTurns turns, TimeProvider time)
{
    /// <summary>Counting looks at every value, so an answer is good for this long.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(30);

    /// <summary>So many runs are compared in every column; beyond them only in those where these did not differ.</summary>
    private const int LookedAtFirst = 200;

    private static readonly string[] ComparedAttributes =
        ["experiment", "status", "device", "device_name", "trigger", "app_version", "torch_version"];

    private readonly Lock _lock = new();
    private (DateTime At, Task<IReadOnlyList<KnownColumn>> Columns)? _kept;

    /// <param name="text">Columns that contain it, those that begin with it first; empty for all.</param>
    public async Task<IReadOnlyList<KnownColumn>> ListAsync(string text = "", CancellationToken cancellation = default)
    {
        Task<IReadOnlyList<KnownColumn>> columns;
        lock (_lock)
        {
            if (_kept is not { } kept || Now - kept.At >= KeptFor || kept.Columns.IsFaulted)
                _kept = kept = (Now, Task.Run(() => CountAsync(CancellationToken.None), CancellationToken.None));
            columns = kept.Columns;
        }

        var all = await columns.WaitAsync(cancellation);
        return text.Length == 0 ? all
            : [.. all.Where(column => column.Column.ToString().Contains(text, StringComparison.OrdinalIgnoreCase))
                .OrderBy(column => column.Column.Name.StartsWith(text, StringComparison.OrdinalIgnoreCase) ? 0 : 1)];
    }

    /// <summary>The hyperparameters, tags and a few attributes in which the runs of a search are not all the same.</summary>
    public Task<SearchResult<IReadOnlyList<SearchColumn>>> DifferingAsync(RunQuery query, CancellationToken cancellation = default) =>
        turns.AskAsync(waited => ReadDifferingAsync(query, waited), cancellation);

    private async Task<SearchResult<IReadOnlyList<SearchColumn>>> ReadDifferingAsync(RunQuery query, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await db.Database.OpenConnectionAsync(cancellation);
        List<SearchColumn> columns =
        [
            .. ComparedAttributes.Select(name => new SearchColumn(ColumnKind.Attribute, name)),
            .. (await db.ParamNames.OrderBy(name => name.Id).Select(name => name.Name)
                .ToListAsync(cancellation)).Select(name => new SearchColumn(ColumnKind.Param, name)),
            .. (await KnownNames.TagsAsync(db, cancellation)).Select(name => new SearchColumn(ColumnKind.Tag, name)),
        ];
        var (search, problems) = await BoundSearch.ReadAsync(db, query, Now, [.. columns.Select(column => ("columns", new ColumnUse(column, 0, 0)))],
            cancellation);
        if (search is null)
            return SearchResult<IReadOnlyList<SearchColumn>>.Refused(problems);

        var finder = new RunFinder(db, dialect);
        var first = await finder.PageAsync(search with { Order = [] }, [], null, LookedAtFirst, cancellation);
        var cells = first.Count == 0
            ? [] : (await new RunRows(db, search).CellsAsync([.. first.Select(run => run.Number)], columns, cancellation)).Values.ToList();
        var differing = columns.Where((_, i) => cells.Exists(row => !Equals(row[i], cells[0][i]))).ToHashSet();
        List<SearchColumn> same = [.. columns.Where(column => !differing.Contains(column))];
        if (first.Count == LookedAtFirst)
        {
            List<object?> known = [.. same.Select(column => cells[0][columns.IndexOf(column)])];
            await foreach (var row in finder.StreamAsync(search, sql => CellSql.Of(same, sql), row => CellSql.Read(row, same, 1), cancellation))
            {
                for (var i = 0; i < row.Length; i++)
                {
                    if (!Equals(row[i], known[i]))
                        differing.Add(same[i]);
                }

                if (differing.Count == columns.Count)
                    break;
            }
        }

        return SearchResult<IReadOnlyList<SearchColumn>>.Of([.. columns.Where(differing.Contains)]);
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private async Task<IReadOnlyList<KnownColumn>> CountAsync(CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var runs = await db.Runs.IgnoreQueryFilters().LongCountAsync(cancellation);
        var @params = await db.RunParams.GroupBy(param => param.ParamId)
            .Select(group => new { group.Key, Runs = group.LongCount(), Numbers = group.LongCount(param => param.Number != null) })
            .ToListAsync(cancellation);
        var names = await db.ParamNames.ToDictionaryAsync(name => name.Id, name => name.Name, cancellation);
        var metrics = await db.MetricSeries.GroupBy(series => series.Name).Select(group => new { group.Key, Runs = group.LongCount() })
            .ToListAsync(cancellation);
        var directions = await KnownNames.DirectionsAsync(db, [.. metrics.Select(metric => metric.Key)], experiment: null, cancellation);
        var tags = await db.RunTags.GroupBy(tag => tag.NameKey).Select(group => new { Key = group.Min(tag => tag.Name)!, Runs = group.LongCount() })
            .ToListAsync(cancellation);
        return
        [
            .. RunAttributes.All.Select(attribute =>
                new KnownColumn(new SearchColumn(ColumnKind.Attribute, attribute.Name), attribute.Type.ToString().ToLowerInvariant(), runs,
                    attribute.Meaning)),
            .. @params.OrderBy(param => param.Key).Select(param =>
                new KnownColumn(new SearchColumn(ColumnKind.Param, names[param.Key]),
                    param.Numbers == param.Runs ? "number" : param.Numbers == 0 ? "text" : "either", param.Runs)),
            .. metrics.OrderBy(metric => metric.Key, StringComparer.Ordinal)
                .Select(metric => new KnownColumn(new SearchColumn(ColumnKind.Metric, metric.Key), "number", metric.Runs,
                    Direction: directions[metric.Key].Agreed)),
            .. tags.OrderBy(tag => tag.Key, StringComparer.OrdinalIgnoreCase)
                .Select(tag => new KnownColumn(new SearchColumn(ColumnKind.Tag, tag.Key), "text", tag.Runs)),
        ];
    }
}
