namespace ExperimentHub.Tracking.Search;

/// <summary>A number of a comparison.</summary>
/// <param name="Op">How it is compared; of a list, equal.</param>
/// <param name="Value">In the unit of the column.</param>
/// <param name="Position">Where it stands, its sign included.</param>
/// <param name="End">Behind its last character.</param>
/// <param name="IsBare">Written without a unit.</param>
internal sealed record ComparedNumber(CompareOp Op, double Value, int Position, int End, bool IsBare);

/// <summary>A column compared with numbers, as it stands in a filter.</summary>
/// <param name="Position">Of its first character.</param>
/// <param name="Length">From there to the end of the last number, or of the list.</param>
/// <param name="Negated">It is a list or a range with "not" before it.</param>
internal sealed record NumberPredicate(ColumnUse Use, int Position, int Length, IReadOnlyList<ComparedNumber> Numbers, bool Negated)
{
    public SearchColumn Column => Use.Column;
}
