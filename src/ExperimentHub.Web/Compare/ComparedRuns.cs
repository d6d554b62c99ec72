using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Compare;

/// <summary>Runs of a comparison as they were read, and what follows from them however they are looked at.</summary>
public sealed class ComparedRuns
{
    private ComparedRuns(IReadOnlyList<Run> runs, IReadOnlyList<MetricSeries> summaries, FigureEpoch at)
    {
        (Runs, At) = (runs, at);
        Settings = CompareVariable.Settings(runs);
        Figures = [.. CompareVariable.Metrics(runs, summaries, at).Select(figure => Settings.Any(setting => setting.Name == figure.Name) ? figure with { Name = $"{figure.Name} (curve)" } : figure)];
        Groups = [.. SeedGroup.Of(runs).Select(group => new NamedGroup(NameOf(group), group))];
    }

    public IReadOnlyList<Run> Runs { get; }

    /// <summary>The epoch of each run that its figures are of.</summary>
    public FigureEpoch At { get; }

    /// <summary>Those that differ.</summary>
    public IReadOnlyList<CompareVariable> Settings { get; }

    /// <summary>The metrics of the runs, and their time of training.</summary>
    public IReadOnlyList<CompareVariable> Figures { get; }

    /// <summary>Runs that differ in the seed alone, group by group.</summary>
    public IReadOnlyList<NamedGroup> Groups { get; }

    /// <summary>The seeds say something: some runs differ in nothing else.</summary>
    public bool HasSeeds => Groups.Any(group => group.Seeds.Runs.Count > 1);

    /// <summary>Enough runs to see how settings go together with a metric.</summary>
    public bool HasRelations => Runs.Count > 2;

    public IEnumerable<CompareVariable> Variables => Settings.Concat(Figures);

    /// <summary>The names of the metrics that the runs have.</summary>
    public IEnumerable<string> Metrics => Figures.Where(figure => figure.IsMetric).Select(figure => figure.Metric);

    public static async Task<ComparedRuns?> ReadAsync(IReadOnlyList<RunId> ids, RunHistory history, MetricReader metrics, FigureEpoch at, CancellationToken cancellation)
    {
        var runs = await history.FindManyAsync(ids, cancellation);
        return runs.Count == 0 ? null : new ComparedRuns(runs, await metrics.SummariesAsync([.. runs.Select(run => run.Number)], cancellation), at);
    }

    public CompareVariable? Find(string? key) => Variables.FirstOrDefault(variable => variable.Key == key);

    /// <summary>The metric of each run that the address asks for; null where no run has it.</summary>
    public CompareVariable? Measure(CompareAddress address) => Find(CompareVariable.KeyOfMetric(address.Measure));

    /// <summary>What each setting had to do with a metric; empty where that cannot be told. A hundred trees take a moment.</summary>
    public IReadOnlyList<HyperparameterImportance> ImportanceFor(CompareVariable? measure) => HyperparameterImportance.Of(
    [
        .. Runs.Select((_, i) => ((IReadOnlyDictionary<string, string>)Settings.ToDictionary(setting => setting.Name, setting => setting.Texts[i] ?? ""), measure?.Numbers?[i])),
    ]);

    /// <summary>What sets a group apart: its settings that differ between the runs, without the seed.</summary>
    private string NameOf(SeedGroup group)
    {
        var index = Runs.ToList().IndexOf(group.Runs[0]);
        var words = Settings.Where(setting => !setting.IsSeed && setting.Texts[index] is not null).Select(setting => $"{setting.Name} {setting.Texts[index]}").ToList();
        return words.Count == 0 ? group.Runs[0].Experiment.Name : string.Join(", ", words);
    }
}

/// <summary>A group of runs with the words that tell it from the others.</summary>
public sealed record NamedGroup(string Name, SeedGroup Seeds);
