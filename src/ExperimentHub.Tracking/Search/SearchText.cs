using System.Globalization;

namespace ExperimentHub.Tracking.Search;

/// <summary>Reads and writes parts of a search for whoever shows them in pieces. Whether the columns exist is not looked at.</summary>
public static class SearchText
{
    /// <summary>The columns of a list with commas; empty where it cannot be understood.</summary>
    public static IReadOnlyList<SearchColumn> Columns(string text) =>
        OrderParser.ReadColumns("columns", text) is (var columns, _, null) ? [.. columns.Distinct()] : [];

    public static string Columns(IEnumerable<SearchColumn> columns) => string.Join(", ", columns);

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
        var pattern = Quoted($"%{part.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%");
        return $"name ilike {pattern} or experiment ilike {pattern}";
    }

    /// <summary>Both conditions.</summary>
    public static string Both(string first, string second) =>
        string.IsNullOrWhiteSpace(first) ? second : string.IsNullOrWhiteSpace(second) ? first : $"({first}) and {second}";

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
