using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Search;

/// <summary>Which runs, and in which order. Archived runs are left out unless the filter speaks of <c>archived</c>.</summary>
/// <param name="Filter">In the filter language; empty for every run.</param>
/// <param name="OrderBy">Columns with asc or desc and commas between them; empty for the newest first.</param>
/// <param name="Statuses">A condition beside the filter: one of these. Likewise the others; null or empty lets every run through.</param>
public sealed record RunQuery(
    string Filter = "", string OrderBy = "", IReadOnlyList<RunStatus>? Statuses = null, string? Experiment = null,
    IReadOnlyList<string>? Models = null, IReadOnlyList<string>? Devices = null)
{
    /// <summary>The conditions that are no text.</summary>
    internal IEnumerable<FilterNode> Beside() =>
        new[]
        {
            Among(RunAttributes.Status, Statuses?.Select(status => status.ToString())),
            Among(RunAttributes.Experiment, Experiment is null ? null : [Experiment]),
            Among(RunAttributes.Model, Models),
            Among(RunAttributes.Device, Devices),
        }.OfType<FilterNode>();

    private static FilterNode? Among(string attribute, IEnumerable<string>? values)
    {
        var column = new SearchColumn(ColumnKind.Attribute, attribute);
        return values?.ToArray() switch
        {
            null or [] => null,
            [var only] => new Compare(column, CompareOp.Equal, only),
            var several => new OneOf(column, several),
        };
    }
}

/// <summary>An answer, or what is wrong with the question.</summary>
public sealed record SearchResult<T>(T? Answer, IReadOnlyList<SearchProblem> Problems)
    where T : class
{
    internal static SearchResult<T> Of(T answer) => new(answer, []);

    internal static SearchResult<T> Refused(IReadOnlyList<SearchProblem> problems) => new(null, problems);
}
