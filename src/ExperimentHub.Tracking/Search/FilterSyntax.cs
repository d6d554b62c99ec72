namespace ExperimentHub.Tracking.Search;

internal enum CompareOp
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>
/// A filter that was understood. It is true, false or unknown for a run, as in SQL: comparing a value that the run does not have is unknown,
/// <c>not</c> leaves unknown as it is, and only runs for which the whole is true are found. <see cref="IsMissing"/> is never unknown.
/// </summary>
internal abstract record FilterNode
{
    /// <summary>The same filter over other columns.</summary>
    public static FilterNode Over(FilterNode node, Func<SearchColumn, SearchColumn> column) => node switch
    {
        AllOf all => new AllOf([.. all.Parts.Select(part => Over(part, column))]),
        AnyOf any => new AnyOf([.. any.Parts.Select(part => Over(part, column))]),
        Not not => new Not(Over(not.Inner, column)),
        Compare compare => compare with { Column = column(compare.Column) },
        OneOf one => one with { Column = column(one.Column) },
        Like like => like with { Column = column(like.Column) },
        IsMissing missing => missing with { Column = column(missing.Column) },
        _ => throw new ArgumentException($"There is no filter {node.GetType().Name}.", nameof(node)),
    };
}

/// <summary>True for every run where it has no parts.</summary>
internal sealed record AllOf(IReadOnlyList<FilterNode> Parts) : FilterNode;

internal sealed record AnyOf(IReadOnlyList<FilterNode> Parts) : FilterNode;

internal sealed record Not(FilterNode Inner) : FilterNode;

/// <param name="Value">A double, a string or a DateTime in UTC, and fits the column.</param>
internal sealed record Compare(SearchColumn Column, CompareOp Op, object Value) : FilterNode;

/// <param name="Values">At least one, all of one type.</param>
internal sealed record OneOf(SearchColumn Column, IReadOnlyList<object> Values) : FilterNode;

/// <param name="Pattern">% stands for any characters, _ for one, \ takes the meaning from what follows.</param>
/// <param name="IgnoreCase">Of letters in every script that has cases.</param>
internal sealed record Like(SearchColumn Column, string Pattern, bool IgnoreCase) : FilterNode;

/// <summary>The run has no value there. A metric that is NaN counts as none.</summary>
internal sealed record IsMissing(SearchColumn Column) : FilterNode;

/// <summary>Where a column stands in a filter or an order.</summary>
/// <param name="InFunction">The metric's figure was written, the last as well.</param>
internal sealed record ColumnUse(SearchColumn Column, int Position, int Length, bool InFunction = false)
{
    /// <summary>What an answer calls it: as it was asked for, under its whole name.</summary>
    public string Title(SearchColumn whole) => InFunction ? whole.WholeName : whole.ToString();
}

/// <summary>A column that runs are sorted by.</summary>
/// <param name="Descending">Runs without a value stand last in both directions.</param>
public sealed record OrderTerm(SearchColumn Column, bool Descending)
{
    /// <summary>As it is written in an order.</summary>
    public override string ToString() => Descending ? $"{Column} desc" : Column.ToString();
}
