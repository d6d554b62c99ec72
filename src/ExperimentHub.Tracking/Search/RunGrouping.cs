using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Queries;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Search;

/// <summary>Runs that have the same values in the columns grouped by.</summary>
/// <param name="Keys">One value for each of these columns; null where the runs have none.</param>
/// <param name="Runs">How many.</param>
/// <param name="Measured">How many of them have a finite value of the metric and count; the rest is over those.</param>
/// <param name="Deviation">Of the sample; null below two values.</param>
/// <param name="Best">The least or the greatest, whichever is better; null where that is not known of the metric.</param>
/// <param name="Repeats">Runs that have a value and do not count, because another one of the group is the same training
/// (<see cref="Evidence"/>).</param>
/// <param name="Diverged">Runs that have a value and do not count, because they diverged and the filter does not speak of <c>diverged</c>.</param>
public sealed record RunGroup(
    IReadOnlyList<object?> Keys, long Runs, long Measured, double? Mean, double? Deviation, double? Min, double? Max, double? Best, long Repeats,
    long Diverged)
{
    /// <summary>Half the width of the mean's 95 % interval (<see cref="SampleStatistics.Margin"/>); null below two values.</summary>
    public double? Margin => SampleStatistics.MarginFactor((int)Measured) * Deviation;
}

/// <param name="Columns">Grouped by these, under their whole names.</param>
/// <param name="Items">Largest first.</param>
/// <param name="Direction">Which values of the metric are better.</param>
public sealed record RunGroups(
    IReadOnlyList<SearchColumn> Columns, SearchColumn? Metric, IReadOnlyList<RunGroup> Items, IReadOnlyList<SearchProblem> Warnings,
    MetricDirection Direction = MetricDirection.None);

/// <summary>Groups the runs that a search finds.</summary>
public sealed class RunGrouping(IDbContextFactory<TrackingDb> databases, ISearchDialect dialect, QueryTurns turns, TimeProvider time)
{
    public const int MaxColumns = 4;
    public const int MaxGroups = 5_000;

    /// <param name="groupBy">Columns as written in a filter, with commas between.</param>
    /// <param name="metric">What is measured in each group, such as <c>best(metrics.test_accuracy)</c> or <c>duration</c>: a column of numbers; empty
    /// to count only.</param>
    public Task<SearchResult<RunGroups>> GroupAsync(RunQuery query, string groupBy, string metric = "", CancellationToken cancellation = default) =>
        turns.AskAsync(waited => ReadAsync(query, groupBy, metric, waited), cancellation);

    private async Task<SearchResult<RunGroups>> ReadAsync(RunQuery query, string groupBy, string metric, CancellationToken cancellation)
    {
        var (columns, uses, problem) = OrderParser.ReadColumns("groupBy", groupBy);
        var (metrics, metricUses, metricProblem) = OrderParser.ReadColumns("metric", metric);
        problem ??= metricProblem;
        problem ??= columns.Count is 0 or > MaxColumns
            ? new SearchProblem("groupBy", 0, groupBy.Length, $"Group by 1 to {MaxColumns} columns.", groupBy, ["a column"]) : null;
        problem ??= metrics.Count > 1 || !metrics.All(HasNumbers)
            ? new SearchProblem("metric", 0, metric.Length, "Name one column of numbers.", metric, ["a metric", "a hyperparameter", "duration"])
            : null;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (problem is not null)
            return SearchResult<RunGroups>.Refused(
                [await NameAdvice.OnAsync(db, problem, problem.Field == "metric" ? metric : groupBy, time.GetUtcNow().UtcDateTime, cancellation)]);
        await db.Database.OpenConnectionAsync(cancellation);
        var (search, problems) = await BoundSearch.ReadAsync(db, query, time.GetUtcNow().UtcDateTime,
            [.. uses.Select(use => ("groupBy", use)), .. metricUses.Select(use => ("metric", use))], cancellation);
        if (search is null)
            return SearchResult<RunGroups>.Refused(problems);
        IReadOnlyList<SearchColumn> read = [.. columns, .. metrics];
        var groups = new Dictionary<GroupKey, Measure>();
        await foreach (var (cells, told) in new RunFinder(db, dialect).StreamAsync(search,
            sql => [.. CellSql.Of(search.Plain(read), sql), .. EvidenceSql.Columns(sql)],
            row => (CellSql.Read(row, read, 1), metrics.Count == 0 ? default : EvidenceSql.Read(row, read.Count + 1)), cancellation))
        {
            var key = new GroupKey(cells[..columns.Count]);
            if (!groups.TryGetValue(key, out var group))
            {
                if (groups.Count == MaxGroups)
                    return SearchResult<RunGroups>.Refused([new SearchProblem("groupBy", 0, groupBy.Length,
                        $"That makes more than {MaxGroups} groups. Choose columns with fewer values.", groupBy, ["a column"])]);
                groups[key] = group = new Measure();
            }

            group.Add(metrics.Count == 0 ? null : cells[^1] as double?, told, search.SpeaksOfDiverged);
        }

        var direction = metrics is [{ Kind: ColumnKind.Metric } measured] ? search.DirectionOf(measured.Name) : MetricDirection.None;
        return SearchResult<RunGroups>.Of(new RunGroups(search.Whole(columns), metrics.Count == 0 ? null : metrics[0],
            [.. groups.OrderByDescending(group => group.Value.Runs).ThenBy(group => group.Key)
                .Select(group => group.Value.Of(group.Key.Values, direction))], search.Warnings, direction));
    }

    /// <summary>Hyperparameters may be texts; those do not count.</summary>
    private static bool HasNumbers(SearchColumn column) => ValueParser.TypeOf(column) is ValueType.Number or ValueType.Duration or ValueType.Either;

    /// <summary>The values of a group's runs, of the same evidence the one that counts.</summary>
    private sealed class Measure
    {
        private readonly Dictionary<Evidence, (EvidenceRank Rank, double Value)> _counted = [];
        private long _measured;
        private long _diverged;

        public long Runs { get; private set; }

        public void Add(double? value, ToldRun run, bool withDiverged)
        {
            Runs++;
            if (value is not { } number || !double.IsFinite(number))
                return;
            if (run.Diverged && !withDiverged)
            {
                _diverged++;
                return;
            }

            _measured++;
            if (!_counted.TryGetValue(run.Evidence, out var other) || run.Rank.CompareTo(other.Rank) < 0)
                _counted[run.Evidence] = (run.Rank, number);
        }

        public RunGroup Of(IReadOnlyList<object?> keys, MetricDirection direction)
        {
            if (_counted.Count == 0)
                return new RunGroup(keys, Runs, 0, null, null, null, null, null, 0, _diverged);
            var mean = new RunningMean();
            // In the order of the runs, so that the last digits do not depend on the order in which they were found.
            var values = _counted.Values.OrderBy(counted => counted.Rank.Number).Select(counted => counted.Value).ToList();
            foreach (var value in values)
                mean.Add(value);
            double? best = direction switch
            {
                MetricDirection.HigherIsBetter =>
                values.Max(),
                MetricDirection.LowerIsBetter => values.Min(),
                _ => null
            };
            return new RunGroup(keys, Runs, mean.Count, mean.Mean, mean.Deviation, values.Min(), values.Max(), best,
                _measured - mean.Count, _diverged);
        }
    }
}
