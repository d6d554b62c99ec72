using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Experiments;

namespace ExperimentHub.Web.Compare;

/// <summary>A metric that a run of another program has, with what each of the compared runs has of it.</summary>
/// <param name="Said">What the series of these runs say about which values are better.</param>
internal sealed record LoggedMetrics(string Name, DirectionsSaid Said, IReadOnlyDictionary<long, MetricSeries> OfRuns)
{
    /// <summary>The word of their rows in an address.</summary>
    public const string Section = "metrics";

    /// <summary>The curves have all of them; a table has those that can be better or worse first.</summary>
    public const int Most = 40;

    public bool IsFraction => MetricWords.IsFraction(Name);

    /// <summary>The key of the row with the best values of a metric.</summary>
    public static string KeyOfBest(string metric) => $"{Section}.{BestOf(metric).Replace(' ', '-')}";

    public static IEnumerable<LoggedMetrics> Of(IReadOnlyList<Run> runs, IReadOnlyList<MetricSeries> summaries)
    {
        var logged = runs.Where(run => run.Training is null).Select(run => run.Number).ToHashSet();
        return summaries.GroupBy(series => series.Name).Where(metric => metric.Any(series => logged.Contains(series.RunNumber)))
            .Select(metric => new LoggedMetrics(metric.Key, DirectionsSaid.Of(metric.Select(series => series.Direction)),
                metric.ToDictionary(series => series.RunNumber)))
            .OrderBy(metric => metric.Said.Agreed == MetricDirection.None).ThenBy(metric => metric.Name, StringComparer.Ordinal).Take(Most);
    }

    /// <summary>The best value, where one is, and the last.</summary>
    public IEnumerable<(string Name, Func<long, double?> ValueOf)> Figures()
    {
        if (Said.Agreed != MetricDirection.None)
            yield return (BestOf(Name), run => Finite(
                Said.Agreed == MetricDirection.LowerIsBetter ? OfRuns.GetValueOrDefault(run)?.Min : OfRuns.GetValueOrDefault(run)?.Max));
        yield return ($"{Name}, last", run => Finite(OfRuns.GetValueOrDefault(run)?.Last));
    }

    public string Text(double? value) => value is { } known ? MetricWords.Value(Name, known) : Web.Figures.None;

    private static string BestOf(string metric) => $"{metric}, best";

    private static double? Finite(double? value) => value is { } known && double.IsFinite(known) ? known : null;
}
