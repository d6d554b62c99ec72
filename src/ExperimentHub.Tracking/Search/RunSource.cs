using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Tracking.Search;

/// <summary>The rows that a statement begins with: those of one column in an index, the runs themselves, or their trainings.</summary>
/// <param name="Column">null for the runs and the trainings.</param>
/// <param name="Number">Of a hyperparameter: its number, not its text.</param>
/// <param name="Conditions">Parts of the filter that its index decides.</param>
/// <param name="InOrder">Its order is the order asked for, so that the reading ends with the page.</param>
internal sealed record RunSource(SearchColumn? Column, bool Number, IReadOnlyList<FilterNode> Conditions, bool InOrder)
{
    /// <summary>The trainings, in the order of one of their columns.</summary>
    public bool IsTrainings { get; private init; }

    public static RunSource Runs(bool inOrder) => new(null, false, [], inOrder);

    /// <summary>Runs without a training are not among them: they have no value of any of its columns.</summary>
    public static RunSource Trainings { get; } = new(null, false, [], InOrder: true) { IsTrainings = true };

    /// <summary>Whether the index of a column could decide the condition.</summary>
    public static (SearchColumn Column, bool Number)? IndexOf(FilterNode node) => node switch
    {
        Compare { Column: var column, Value: var value, Op: not CompareOp.NotEqual } when column.Kind != ColumnKind.Attribute =>
            (column, value is double),
        OneOf { Column: var column, Values: var values } when column.Kind != ColumnKind.Attribute => (column, values[0] is double),
        _ => null,
    };

    /// <summary>The conditions on the source's own rows, called d.</summary>
    public string Sql(ColumnSql columns, SqlParameters parameters)
    {
        var value = $"d.\"{ColumnSql.Figure(Column!, Number)}\"";
        IEnumerable<string> conditions = Conditions.Select(condition => condition switch
        {
            Compare compare => $"{value} {FilterSql.Symbol(compare.Op)} {parameters.Add(compare.Value)}",
            OneOf one => $"{value} IN ({string.Join(", ", one.Values.Select(parameters.Add))})",
            _ => throw new ArgumentException($"No index decides {condition.GetType().Name}.", nameof(columns)),
        });
        return string.Join(" AND ", conditions.Prepend(columns.Rows(Column!).Condition));
    }
}
