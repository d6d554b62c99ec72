using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Web.Compare;

namespace ExperimentHub.Web.Runs.Grid;

/// <summary>The ticks of groups: a group is ticked when all of its runs are chosen. Which runs it has is asked for when somebody ticks it.</summary>
internal sealed class GroupPicks(RunSearch search)
{
    // By the filter that finds the group's runs.
    private readonly Dictionary<string, IReadOnlyList<RunId>> _runs = [];

    public bool IsPicked(GridAddress group, IReadOnlyList<RunId> chosen) =>
        _runs.GetValueOrDefault(group.WholeFilter) is { Count: > 0 } runs && runs.All(chosen.Contains);

    /// <returns>The chosen runs with all of the group's, or with none of them where it was ticked.</returns>
    public async Task<IReadOnlyList<RunId>> ToggleAsync(GridAddress group, IReadOnlyList<RunId> chosen)
    {
        if (IsPicked(group, chosen))
            return [.. chosen.Except(_runs[group.WholeFilter])];
        // More could not be compared, and the rest can be chosen where they stand one by one.
        if ((await search.ListAsync(group.Query, pageSize: CompareAddress.MaxRuns)).Answer is not { } page)
            return chosen;
        _runs[group.WholeFilter] = [.. page.Items.Select(row => row.Run.Id)];
        return [.. chosen.Union(_runs[group.WholeFilter])];
    }
}
