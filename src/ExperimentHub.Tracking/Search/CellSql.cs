using System.Data.Common;
using System.Globalization;

namespace ExperimentHub.Tracking.Search;

/// <summary>Reads the values of columns for a table: a double, a string, a bool, a DateTime in UTC or null.</summary>
internal static class CellSql
{
    /// <summary>One expression for each column.</summary>
    public static IEnumerable<string> Of(IEnumerable<SearchColumn> columns, ColumnSql sql) => columns.Select(sql.Cell);

    public static object?[] Read(DbDataReader row, IReadOnlyList<SearchColumn> columns, int first)
    {
        var cells = new object?[columns.Count];
        for (var i = 0; i < cells.Length; i++)
            cells[i] = row.IsDBNull(first + i) ? ValueParser.TypeOf(columns[i]) == ValueType.Flag ? false : null : Cell(row, first + i, columns[i]);
        return cells;
    }

    private static object Cell(DbDataReader row, int at, SearchColumn column) => ValueParser.TypeOf(column) switch
    {
        ValueType.Number or ValueType.Duration => row.GetDouble(at),
        ValueType.Time => DateTime.SpecifyKind(row.GetDateTime(at), DateTimeKind.Utc),
        ValueType.Flag => true,
        ValueType.Word => RunAttributes.WordOf(column.Name, row.GetString(at)),
        // Marked by ColumnSql.Cell.
        ValueType.Either when row.GetString(at) is ['n', .. var number] => double.Parse(number, CultureInfo.InvariantCulture),
        ValueType.Either => row.GetString(at)[1..],
        _ => row.GetString(at),
    };
}
