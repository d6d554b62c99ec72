namespace ExperimentHub.Tracking.Search;

/// <summary>What is wrong with a part of a search, and where.</summary>
/// <param name="Field">The part: <c>filter</c>, <c>orderBy</c>, <c>columns</c>, <c>groupBy</c>, <c>metric</c> or <c>pageToken</c>.</param>
/// <param name="Position">The first character that is wrong, counted from 0.</param>
/// <param name="Length">How many characters are wrong; 0 where something is missing at the end.</param>
/// <param name="Message">What was found and what to write instead, as sentences for a person.</param>
/// <param name="Found">The characters that are wrong.</param>
/// <param name="Allowed">What may stand there.</param>
/// <param name="DidYouMean">The nearest thing that is allowed, where there is one.</param>
public sealed record SearchProblem(
    string Field, int Position, int Length, string Message, string Found, IReadOnlyList<string> Allowed, string? DidYouMean = null)
{
    /// <summary>A name that cannot be understood without the database: whoever knows the names of the hub says what it may mean.</summary>
    internal UnknownName? Unknown { get; init; }
}

/// <param name="Figure">The function that it stands in; null outside of one.</param>
/// <param name="Kind">What was written before it, as far as that could be understood; null where nothing was.</param>
internal sealed record UnknownName(string Name, MetricFigure? Figure, ColumnKind? Kind = null);
