using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Search;

/// <summary>A run in a table.</summary>
/// <param name="Run">With its experiment, tags and the rows of its best and its last epoch; without attempts and checkpoints.</param>
/// <param name="Cells">The values of the columns asked for, in their order: a double, a string, a bool, a DateTime in UTC or null.</param>
public sealed record RunRow(Run Run, IReadOnlyList<object?> Cells)
{
    internal static readonly SearchColumn BestEpoch = new(ColumnKind.Attribute, RunAttributes.BestEpoch);
    internal static readonly SearchColumn EpochsDone = new(ColumnKind.Attribute, RunAttributes.EpochsDone);

    /// <summary>The row with other cells, of the epochs that <paramref name="read"/> names after them.</summary>
    internal RunRow With(object?[] read)
    {
        // Nobody tracks the run and it belongs to this row alone.
        var training = Run.Training!;
        (training.BestEpoch, training.EpochsDone) = ((int?)(double?)read[^2], (int)(double)read[^1]!);
        return this with { Cells = read[..^2] };
    }
}

/// <summary>A page of runs.</summary>
public sealed record RunSearchPage
{
    internal RunSearchPage(BoundSearch search, IReadOnlyList<SearchColumn> asked) => (Search, Asked) = (search, asked);

    public required IReadOnlyList<RunRow> Items { get; init; }

    /// <summary>The columns asked for, under their whole names.</summary>
    public IReadOnlyList<SearchColumn> Columns => Search.Whole(Asked);

    /// <summary>Of these columns, as they were asked for: <c>last(metrics.x)</c> where it was written so.</summary>
    public required IReadOnlyList<string> Titles { get; init; }

    /// <summary>Asks for the next page; null on the last.</summary>
    public required string? NextPageToken { get; init; }

    /// <summary>What is no mistake and probably one: names that no run has, comparisons that every run or none can meet.</summary>
    public IReadOnlyList<SearchProblem> Warnings => Search.Warnings;

    /// <summary>Which runs these are and how they stand can change with the end of an epoch: the search asks for what epochs measure.</summary>
    public bool FollowsResults => Search.FollowsResults;

    /// <summary>Which values of a metric that the search speaks of are better, by what the runs' series say.</summary>
    public MetricDirection DirectionOf(string metric) => Search.DirectionOf(metric);

    internal BoundSearch Search { get; }

    /// <summary>The columns as they were typed.</summary>
    internal IReadOnlyList<SearchColumn> Asked { get; }
}
