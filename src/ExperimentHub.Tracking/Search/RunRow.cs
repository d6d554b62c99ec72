using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Search;

/// <summary>A run in a table.</summary>
/// <param name="Run">With its experiment, tags and the rows of its best and its last epoch; without attempts and checkpoints.</param>
/// <param name="Cells">The values of the columns asked for, in their order: a double, a string, a bool, a DateTime in UTC or null.</param>
public sealed record RunRow(Run Run, IReadOnlyList<object?> Cells);

/// <summary>A page of runs.</summary>
/// <param name="Columns">The columns asked for, under their whole names.</param>
/// <param name="Titles">Of these columns, as they were asked for: <c>last(metrics.x)</c> where it was written so.</param>
/// <param name="NextPageToken">Asks for the next page; null on the last.</param>
/// <param name="Directions">Of the metrics that the search speaks of: which values are better, by what the runs' series say.</param>
/// <param name="Warnings">What is no mistake and probably one: names that no run has, comparisons that every run or none can meet.</param>
public sealed record RunSearchPage(IReadOnlyList<RunRow> Items, IReadOnlyList<SearchColumn> Columns, IReadOnlyList<string> Titles, string? NextPageToken, IReadOnlyList<SearchProblem> Warnings,
    IReadOnlyDictionary<string, MetricDirection> Directions);
