using System.Globalization;

namespace ExperimentHub.Tracking.Search;

/// <summary>Reads and writes parts of a search for whoever shows them in pieces. Whether the columns exist is not looked at.</summary>
public static class SearchText
{
    /// <summary>The columns of a list with commas; empty where it cannot be understood.</summary>
    public static IReadOnlyList<SearchColumn> Columns(string text) =>
        OrderParser.ReadColumns("columns", text) is (var columns, _, null) ? [.. columns.Distinct()] : [];

    public static string Columns(IEnumerable<SearchColumn> columns) => string.Join(", ", columns);

    /// <summary>The same with every metric's figure in words, the last as well: what stands in a file without its explanation.</summary>
    public static string WholeColumns(IEnumerable<SearchColumn> columns) => string.Join(", ", columns.Select(column => column.WholeName));

    /// <summary>The terms of an order; empty where it cannot be understood.</summary>
    public static IReadOnlyList<OrderTerm> Order(string text) => OrderParser.ReadOrder(text) is (var terms, _, null) ? terms : [];

    public static string Order(IEnumerable<OrderTerm> terms) => string.Join(", ", terms);

    /// <summary>A condition that is true for the runs with this value of a column.</summary>
    /// <param name="value">As a <see cref="RunRow"/> has it.</param>
    public static string Condition(SearchColumn column, object? value) => value switch
    {
        null => $"{column} is null",
        bool flag => $"{column} = {(flag ? "true" : "false")}",
        double number => string.Create(CultureInfo.InvariantCulture, $"{column} = {number:R}"),
        DateTime time => string.Create(CultureInfo.InvariantCulture, $"{column} = '{time:O}'"),
        _ => $"{column} = {Quoted(value.ToString()!)}",
    };

    /// <summary>A condition that is true for the runs with one of these words.</summary>
    public static string Among(SearchColumn column, IReadOnlyList<string> words) =>
        words is [var only] ? Condition(column, only) : $"{column} in ({string.Join(", ", words.Select(Quoted))})";

    /// <summary>Finds runs by a part of their name or of their experiment's.</summary>
    public static string NameContains(string part)
    {
        var pattern =
            Quoted($"%{part.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%");
        return $"name ilike {pattern} or experiment ilike {pattern}";
    }

    /// <summary>A condition that every run meets, and that lets archived ones through, too.</summary>
    public const string ArchivedToo = "archived = true or archived = false";

    /// <summary>Both conditions.</summary>
    public static string Both(string first, string second) =>
        string.IsNullOrWhiteSpace(first) ? second : string.IsNullOrWhiteSpace(second) ? first : $"({first}) and {second}";

    /// <summary>The metrics whose last value a filter speaks of without saying so; none where it cannot be understood.</summary>
    public static IReadOnlyList<string> LastValues(string filter) => [.. PlainMetrics(filter).Select(use => use.Column.Name).Distinct()];

    /// <summary>The same filter with the values at each run's best epoch instead.</summary>
    public static string AtBest(string filter) => PlainMetrics(filter).Reverse()
        .Aggregate(filter,
            (text, use) => $"{text[..use.Position]}{use.Column with { Figure = MetricFigure.AtBest }}{text[(use.Position + use.Length)..]}");

    private static IEnumerable<ColumnUse> PlainMetrics(string filter) =>
        FilterParser.Parse(filter, DateTime.UnixEpoch).Filter?.Uses.Where(use => use is { InFunction: false, Column.Kind: ColumnKind.Metric }) ?? [];

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
