using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Compare;

/// <summary>Runs of a comparison as they were read, and what follows from them however they are looked at.</summary>
public sealed class ComparedRuns
{
    private readonly Dictionary<RunId, int> _places;

    private ComparedRuns(IReadOnlyList<Run> chosen, IReadOnlyList<Run> runs, IReadOnlyList<MetricSeries> summaries, FigureEpoch at)
    {
        (Chosen, Runs, Summaries, At) = (chosen, runs, summaries, at);
        Diverged = [.. chosen.Where(run => run.Training?.Diverged == true)];
        _places = runs.Index().ToDictionary(place => place.Item.Id, place => place.Index);
        Settings = CompareVariable.Settings(runs);
        Figures = [.. CompareVariable.Metrics(runs, summaries, at)
            .Select(figure => Settings.Any(setting => setting.Name == figure.Name) ? figure with { Name = $"{figure.Name} (curve)" } : figure)];
        Groups = [.. SeedGroup.Of(runs, withDiverged: true).Select(group => new NamedGroup(NameOf(group), group))];
    }

    /// <summary>All that were asked for and are there, in that order.</summary>
    public IReadOnlyList<Run> Chosen { get; }

    /// <summary>Those that everything is shown of: without those that diverged, unless they are asked for or there are no others.</summary>
    public IReadOnlyList<Run> Runs { get; }

    /// <summary>Of the metrics of the runs, by name.</summary>
    public IReadOnlyList<MetricSeries> Summaries { get; }

    /// <summary>Those of the chosen ones that diverged, shown or not.</summary>
    public IReadOnlyList<Run> Diverged { get; }

    /// <summary>Runs that diverged are out of the way.</summary>
    public bool SetsAside => Runs.Count < Chosen.Count;

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

    /// <param name="withDiverged">Runs that diverged are shown and counted like the others.</param>
    public static async Task<ComparedRuns?> ReadAsync(IReadOnlyList<RunId> ids, bool withDiverged, FigureEpoch at, RunHistory history,
        MetricReader metrics, CancellationToken cancellation)
    {
        var chosen = await history.FindManyAsync(ids, cancellation);
        if (chosen.Count == 0)
            return null;
        List<Run> sound = [.. chosen.Where(run => run.Training?.Diverged != true)];
        var runs = withDiverged || sound.Count == 0 ? chosen : sound;
        return new ComparedRuns(chosen, runs, await metrics.SummariesAsync([.. runs.Select(run => run.Number)], cancellation), at);
    }

    public CompareVariable? Find(string? key) => Variables.FirstOrDefault(variable => variable.Key == key);

    /// <summary>The metric of each run that the address asks for; null where no run has it.</summary>
    public CompareVariable? Measure(CompareAddress address) => Find(CompareVariable.KeyOfMetric(MeasureOf(address)));

    /// <summary>The name of that metric.</summary>
    public string MeasureOf(CompareAddress address) => address.Measure ?? UsualMeasure;

    /// <summary>
    /// Where all of the runs held images back, the accuracy on them; else that on the test set, by which runs of both kinds can be compared. Where no
    /// run has it, the first metric that can be better or worse, or else the first.
    /// </summary>
    public string UsualMeasure
    {
        get
        {
            var usual = Runs.All(run => run.Training is { } training && BestMetrics.Of(training.Spec) == BestMetrics.ValidationAccuracy)
                ? MetricNames.ValidationAccuracy : MetricNames.TestAccuracy;
            return Metrics.Contains(usual) ? usual
                : Figures.Where(figure => figure.IsMetric).OrderBy(figure => figure.Direction == MetricDirection.None)
                    .FirstOrDefault()?.Metric ?? usual;
        }
    }

    /// <summary>What a run has of a variable; null where it has none.</summary>
    public double? ValueOf(CompareVariable? variable, Run run) => variable?.Numbers?[_places[run.Id]];

    /// <summary>The runs that have a metric, each training once.</summary>
    public CountedRuns CountedFor(CompareVariable? measure) =>
        CountedRuns.Of(Runs.Where(run => ValueOf(measure, run) is { } value && double.IsFinite(value)), withDiverged: true);

    /// <summary>What each setting had to do with a metric; empty where that cannot be told. A hundred trees take a moment.</summary>
    public IReadOnlyList<HyperparameterImportance> ImportanceFor(CompareVariable? measure) => HyperparameterImportance.Of(
    [
        .. CountedFor(measure).Runs.Select(run =>
            ((IReadOnlyDictionary<string, string>)Settings.ToDictionary(setting => setting.Name,
                setting => setting.Texts[_places[run.Id]] ?? ""), ValueOf(measure, run))),
    ]);

    /// <summary>
    /// What sets a group apart: its settings that differ between the runs, without the seed. A run that some other program logged may have none of
    /// them, and is called by its name.
    /// </summary>
    private string NameOf(SeedGroup group)
    {
        var index = Runs.ToList().IndexOf(group.Runs[0]);
        var words = Settings.Where(setting => !setting.IsSeed && setting.Texts[index] is not null)
            .Select(setting => $"{setting.Name} {setting.Texts[index]}").ToList();
        return words.Count > 0 ? string.Join(", ", words) : group.Runs is [{ Training: null } logged] ? logged.Name : group.Runs[0].Experiment.Name;
    }
}

/// <summary>A group of runs with the words that tell it from the others.</summary>
public sealed record NamedGroup(string Name, SeedGroup Seeds);
