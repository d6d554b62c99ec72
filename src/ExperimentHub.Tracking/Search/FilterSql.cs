using System.Text;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Tracking.Search;

/// <summary>Translates a filter to an SQL condition.</summary>
internal sealed class FilterSql(ColumnSql columns, ISearchDialect dialect, SqlParameters parameters)
{
    public string Write(FilterNode node) => node switch
    {
        AllOf { Parts.Count: 0 } => "1 = 1",
        AllOf all => $"({string.Join(" AND ", all.Parts.Select(Write))})",
        AnyOf any => $"({string.Join(" OR ", any.Parts.Select(Write))})",
        Not not => $"NOT {Write(not.Inner)}",
        Compare { Op: CompareOp.Equal or CompareOp.NotEqual, Value: string value } name when IsNameOf(name.Column, value) =>
            $"({dialect.NameKey(columns.Value(name.Column, value))} {Symbol(name.Op)} {parameters.Add(NameRule.Key(value))})",
        Compare compare => $"({columns.Value(compare.Column, compare.Value)} {Symbol(compare.Op)} {parameters.Add(compare.Value)})",
        OneOf names when names.Values.OfType<string>().Any(value => IsNameOf(names.Column, value)) =>
            $"({dialect.NameKey(columns.Value(names.Column, names.Values[0]))} IN ({string.Join(", ", names.Values.Select(value => parameters.Add(NameRule.Key((string)value))))}))",
        OneOf one => $"({columns.Value(one.Column, one.Values[0])} IN ({string.Join(", ", one.Values.Select(parameters.Add))}))",
        IsMissing missing => $"({columns.Value(missing.Column)} IS NULL)",
        Like like =>
            $"({dialect.Like(columns.Value(like.Column), LikePattern.Parse(like.Pattern), like.IgnoreCase, IsLong(like.Column), parameters.Add)})",
        _ => throw new ArgumentException($"{node.GetType().Name} has no translation.", nameof(node)),
    };

    private static bool IsLong(SearchColumn column) => column.Kind == ColumnKind.Attribute && RunAttributes.Find(column.Name)!.IsLong;

    /// <summary>ASCII is left to the column's collation, which has an index.</summary>
    private static bool IsNameOf(SearchColumn column, string value) =>
        column.Kind == ColumnKind.Attribute && RunAttributes.Find(column.Name)!.IgnoreCase && !Ascii.IsValid(value);

    public static string Symbol(CompareOp op) => op switch
    {
        CompareOp.Equal => "=",
        CompareOp.NotEqual => "<>",
        CompareOp.Less => "<",
        CompareOp.LessOrEqual => "<=",
        CompareOp.Greater => ">",
        _ => ">=",
    };
}
