using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Search;

/// <summary>Which runs, and in which order. Archived runs are left out unless the filter speaks of <c>archived</c>.</summary>
/// <param name="Filter">In the filter language; empty for every run.</param>
/// <param name="OrderBy">Columns with asc or desc and commas between them; empty for the newest first.</param>
/// <param name="Status">A condition beside the filter; likewise the others.</param>
public sealed record RunQuery(string Filter = "", string OrderBy = "", RunStatus? Status = null, string? Experiment = null, string? Model = null)
{
    /// <summary>The conditions that are no text.</summary>
    internal IEnumerable<FilterNode> Beside()
    {
        if (Status is { } status)
            yield return new Compare(new SearchColumn(ColumnKind.Attribute, RunAttributes.Status), CompareOp.Equal, status.ToString());
        if (Experiment is not null)
            yield return new Compare(new SearchColumn(ColumnKind.Attribute, RunAttributes.Experiment), CompareOp.Equal, Experiment);
        if (Model is not null)
            yield return new Compare(new SearchColumn(ColumnKind.Attribute, RunAttributes.Model), CompareOp.Equal, Model);
    }
}

/// <summary>An answer, or what is wrong with the question.</summary>
public sealed record SearchResult<T>(T? Answer, IReadOnlyList<SearchProblem> Problems)
    where T : class
{
    internal static SearchResult<T> Of(T answer) => new(answer, []);

    internal static SearchResult<T> Refused(IReadOnlyList<SearchProblem> problems) => new(null, problems);
}
