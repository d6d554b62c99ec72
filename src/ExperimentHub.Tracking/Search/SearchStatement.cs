using System.Globalization;
using System.Text;
using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Tracking.Search;

/// <summary>Where a page ended: the sort keys' values of its last run, and its number.</summary>
internal sealed record PageEnd(IReadOnlyList<object?> Values, long Run);

/// <summary>Builds the statements that find runs.</summary>
internal sealed class SearchStatement
{
    private readonly BoundSearch _search;
    private readonly IReadOnlyList<SortKey> _keys;
    private readonly RunSource _source;
    private readonly ColumnSql _columns;
    private readonly FilterSql _filter;
    private readonly List<string> _keySql;

    public SearchStatement(BoundSearch search, IReadOnlyList<SortKey> keys, RunSource source, ISearchDialect dialect)
    {
        (_search, _keys, _source) = (search, keys, source);
        _columns = new ColumnSql(search.ParamIds,
            Parameters)
        { Run = source.IsTrainings ? "tr.\"RunNumber\"" : source.Column is null ? "r.\"Number\"" : "d.\"RunNumber\"" };
        _filter = new FilterSql(_columns, dialect, Parameters);
        _keySql = [.. keys.Select(key => key.Sql(_columns))];
    }

    public SqlParameters Parameters { get; } = new();

    /// <summary>The numbers of all runs and what is wanted of each, in no order.</summary>
    public string All(Func<ColumnSql, IEnumerable<string>> values) => Select([_columns.Run, .. values(_columns)], []);

    public string Count() => Select(["COUNT(*)"], []);

    /// <summary>
    /// The numbers of a page's runs and the values of their sort keys. Where the source is in order and has a key, runs without a value of the first
    /// key are not among them; they come last, and <see cref="WithoutFirstKey"/> of the runs finds them.
    /// </summary>
    public string Page(PageEnd? after, int take)
    {
        if (!_source.InOrder || _keys.Count == 0)
            return Ordered(0, [], after, take);
        var first = _keySql[0];
        // The index is on a column itself, which may be spelled differently where it is missing.
        _keySql[0] = _source.Column is null
            ? $"{(_source.IsTrainings ? "tr" : "r")}.\"{RunAttributes.Find(_keys[0].Column.Name)!.Index}\""
            : $"d.\"{ColumnSql.Figure(_source.Column, _source.Number)}\"";
        return Ordered(0, [_source.Column is null ? $"{first} IS NOT NULL" : $"{_keySql[0]} IS NOT NULL"], after, take);
    }

    /// <summary>The runs without a value of the first key.</summary>
    public string WithoutFirstKey(PageEnd? after, int take) =>
        Ordered(1, [$"{_keySql[0]} IS NULL"], after?.Values[0] is null ? after : null, take);

    /// <summary>Runs of which the first key is the newest or the oldest first, so that one direction of an index serves both it and them.</summary>
    private bool Descending => _keys.Count == 0 || _keys[0].Descending;

    /// <param name="from">The first key that is still to be sorted by.</param>
    private string Ordered(int from, List<string> conditions, PageEnd? after, int take)
    {
        var firstIsKnown = from == 0 && _source.InOrder && _keys.Count > 0;
        if (after is not null)
            conditions.Add(After(after, from, firstIsKnown));
        var order = new List<string>();
        for (var i = from; i < _keys.Count; i++)
        {
            if (i > 0 || !firstIsKnown)
                order.Add($"{_keySql[i]} IS NULL");
            order.Add($"{_keySql[i]}{(_keys[i].Descending ? " DESC" : "")}");
        }

        // The sign keeps SQLite from reading all runs in their own order where it is to begin with few and sort them.
        order.Add($"{(_source.InOrder ? "" : "+")}{_columns.Run}{(Descending ? " DESC" : "")}");
        return string.Create(CultureInfo.InvariantCulture,
            $"{Select([_columns.Run, .. _keySql], conditions)} ORDER BY {string.Join(", ", order)} LIMIT {take}");
    }

    private string After(PageEnd after, int from, bool firstIsKnown)
    {
        var beyond = Descending ? "<" : ">";
        var run = Parameters.Add(after.Run);
        if (firstIsKnown && _keys.Count == 1)
            return $"({_keySql[0]}, {_columns.Run}) {beyond} ({Parameters.Add(after.Values[0]!)}, {run})";
        var beyondAnyKey = new StringBuilder();
        var equalSoFar = new StringBuilder();
        for (var i = from; i < _keys.Count; i++)
        {
            if (after.Values[i] is not { } value)
            {
                equalSoFar.Append(CultureInfo.InvariantCulture, $"{_keySql[i]} IS NULL AND ");
                continue;
            }

            var placeholder = Parameters.Add(value);
            beyondAnyKey.Append(CultureInfo.InvariantCulture,
                $"({equalSoFar}({_keySql[i]} {(_keys[i].Descending ? "<" : ">")} {placeholder} OR {_keySql[i]} IS NULL)) OR ");
            equalSoFar.Append(CultureInfo.InvariantCulture, $"{_keySql[i]} = {placeholder} AND ");
        }

        var condition = $"({beyondAnyKey}({equalSoFar}{_columns.Run} {beyond} {run}))";
        // Follows from the rest, and tells the index where to begin.
        return firstIsKnown ? $"{_keySql[0]} {beyond}= {Parameters.Add(after.Values[0]!)} AND {condition}" : condition;
    }

    private string Select(IEnumerable<string> values, IEnumerable<string> conditions)
    {
        // Only when the conditions are spelled as well is it known which tables they need.
        var where = Where(conditions);
        return $"SELECT {string.Join(", ", values)} {From}{where}";
    }

    // CROSS tells SQLite to keep the order of the tables, and changes nothing elsewhere.
    private string From => _source.IsTrainings ? "FROM \"Trainings\" tr CROSS JOIN \"Runs\" r CROSS JOIN \"Experiments\" e"
        : _source.Column is null ? $"FROM \"Runs\" r CROSS JOIN \"Experiments\" e{_columns.Joins}"
        : $"FROM {_columns.Rows(_source.Column).Table} d CROSS JOIN \"Runs\" r CROSS JOIN \"Experiments\" e{_columns.Joins}";

    private string Where(IEnumerable<string> more)
    {
        var conditions = new List<string>();
        if (_source.Column is not null)
            conditions.Add($"{_source.Sql(_columns, Parameters)} AND r.\"Number\" = d.\"RunNumber\"");
        if (_source.IsTrainings)
            conditions.Add("r.\"Number\" = tr.\"RunNumber\"");
        conditions.AddRange(more);
        conditions.AddRange(((AllOf)_search.Filter).Parts.Where(part => !_source.Conditions.Contains(part, ReferenceEqualityComparer.Instance))
            .Select(_filter.Write));
        // An index of the runs by their experiments has all else that is needed of a run. SQLite would pass them in its order, and look each training
        // up at another place of the file. This always holds, and that index does not have it.
        if (_source.Column is null && _columns.Joins.Length > 0)
            conditions.Add("r.\"Id\" IS NOT NULL");
        conditions.Add("e.\"Id\" = r.\"ExperimentId\" AND r.\"DeletedAt\" IS NULL AND e.\"DeletedAt\" IS NULL");
        return $" WHERE {string.Join(" AND ", conditions)}";
    }
}
