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
        Compare compare => $"({columns.Value(compare.Column, compare.Value)} {Symbol(compare.Op)} {parameters.Add(compare.Value)})",
        OneOf one => $"({columns.Value(one.Column, one.Values[0])} IN ({string.Join(", ", one.Values.Select(parameters.Add))}))",
        IsMissing missing => $"({columns.Value(missing.Column)} IS NULL)",
        Like like => $"({dialect.Like(columns.Value(like.Column), LikePattern.Parse(like.Pattern), like.IgnoreCase, parameters.Add)})",
        _ => throw new ArgumentException($"{node.GetType().Name} has no translation.", nameof(node)),
    };

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
