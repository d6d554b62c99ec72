using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Studies;

/// <summary>What an experiment's runs of two settings came to.</summary>
/// <param name="Settings">Those in which its runs differ, the seed aside; the first two are the ones that are laid out unless others are asked
/// for.</param>
/// <param name="Across">null where the runs do not differ.</param>
/// <param name="Down">null where one setting is all that differs, or that was asked for.</param>
/// <param name="Columns">Values of the setting across, in order.</param>
/// <param name="Rows">Values of the setting down; one that is null where there is none.</param>
/// <param name="Cells">By row and column; null where no run has both.</param>
/// <param name="Direction">Which values of the metric are better.</param>
public sealed record Study(
    IReadOnlyList<SearchColumn> Settings, SearchColumn? Across, SearchColumn? Down, IReadOnlyList<object?> Columns, IReadOnlyList<object?> Rows,
    IReadOnlyList<IReadOnlyList<RunGroup?>> Cells,
    MetricDirection Direction = MetricDirection.None)
{
    public static Study Nothing { get; } = new([], null, null, [], [], []);
}

/// <summary>Lays an experiment's runs out by two of their settings.</summary>
public sealed class StudyGrid(ExperimentResults results, RunColumns columns, RunGrouping grouping, RunSearch search, RunQueue queue)
{
    /// <summary>More rows or columns would be a table that nobody can read.</summary>
    public const int MostValues = 40;

    private static readonly SearchColumn Seed = new(ColumnKind.Param, "seed");

    /// <param name="metric">Of which each cell has the mean: of every run the best value, or the last where it has no better and worse.</param>
    /// <param name="across">A setting; null or an unknown one for the first in which the runs differ. Likewise <paramref name="down"/>.</param>
    public async Task<SearchResult<Study>> ReadAsync(Experiment experiment, string metric, string? across, string? down,
        CancellationToken cancellation = default)
    {
        var query = new RunQuery(Experiment: experiment.Name);
        var differing = await columns.DifferingAsync(query, cancellation);
        if (differing.Answer is not { } found)
            return SearchResult<Study>.Refused(differing.Problems);
        List<SearchColumn> settings = [.. found.Where(column => column.Kind == ColumnKind.Param && column != Seed)];
        if (settings.Count == 0)
            return SearchResult<Study>.Of(Study.Nothing);
        var first = settings.Find(column => column.ToString() == across) ?? settings[0];
        var second = settings.Find(column => column != first && column.ToString() == down) ?? settings.Find(column => column != first);
        var direction = (await results.SaidAsync(experiment, metric, cancellation)).Agreed;
        var measured = new SearchColumn(ColumnKind.Metric, metric, direction == MetricDirection.None ? MetricFigure.Last : MetricFigure.Best);
        var groups = await grouping.GroupAsync(query, SearchText.Columns(second is null ? [first] : [first, second]), measured.ToString(),
            cancellation);
        if (groups.Answer is not { Items: var items })
            return SearchResult<Study>.Refused(groups.Problems);
        List<object?> acrossValues = [.. items.Select(group => group.Keys[0]).Distinct().Order(SettingValues.Order).Take(MostValues)];
        List<object?> downValues = [.. items.Select(DownOf).Distinct().Order(SettingValues.Order).Take(MostValues)];
        var cells = items.ToDictionary(group => (group.Keys[0] ?? "", DownOf(group) ?? ""));
        return SearchResult<Study>.Of(new Study(settings, first, second, acrossValues, downValues,
            [.. downValues.Select(row => acrossValues.Select(column => cells.GetValueOrDefault((column ?? "", row ?? ""))).ToList())], direction));

        object? DownOf(RunGroup group) => second is null ? null : group.Keys[1];
    }

    /// <summary>Queues runs with the settings of the newest one in a cell, each with a seed that no run of these settings and data has.</summary>
    /// <returns>What is wrong, and then none is queued; empty where all are.</returns>
    public async Task<IReadOnlyList<string>> AddSeedsAsync(Experiment experiment, Study study, RunGroup cell, int count,
        CancellationToken cancellation = default)
    {
        IEnumerable<SearchColumn> settings = study.Down is { } down ? [study.Across!, down] : [study.Across!];
        var filter = settings.Zip(cell.Keys, SearchText.Condition).Aggregate("", SearchText.Both);
        var found = await search.ListAsync(new RunQuery(filter, Experiment: experiment.Name), pageSize: 1, cancellation: cancellation);
        if (found.Answer?.Items is not [var row])
            return ["The runs of this cell are gone."];
        if (row.Run.Training is not { Spec: var spec })
            return ["This hub did not train the newest run of this cell, so it cannot train it again with another seed."];
        var made = await queue.EnqueueAllAsync([.. Enumerable.Repeat(new RunRequest(experiment.Name, null, spec, NewSeed: true), count)],
            cancellation);
        return [.. made.Problems.Select(problem => problem.Message)];
    }
}
