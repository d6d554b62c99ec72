using System.Globalization;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs;
using ExperimentHub.Web.Specs;

namespace ExperimentHub.Web.Compare;

/// <summary>Something that runs are coloured by and plotted against, with what each of the compared runs has of it.</summary>
/// <param name="Key">In the address, written as in a search: <c>params.optimizer.learningRate</c>, <c>metrics.test_loss</c>.</param>
/// <param name="Texts">One for each run; null where it has none.</param>
/// <param name="Numbers">The same as numbers; null where the values are words.</param>
/// <param name="Said">Of a metric: what the series of these runs say about which values are better.</param>
public sealed record CompareVariable(string Key, string Name, IReadOnlyList<string?> Texts, IReadOnlyList<double?>? Numbers,
    DirectionsSaid Said = default)
{
    private const string OfSettings = "params.";
    private const string OfMetrics = "metrics.";

    public bool IsMetric => Key.StartsWith(OfMetrics, StringComparison.Ordinal);

    /// <summary>The metric's own name.</summary>
    public string Metric => Key[OfMetrics.Length..];

    /// <summary>Which values are better; none where nobody says, or the runs contradict each other.</summary>
    public MetricDirection Direction => Said.Agreed;

    public bool IsSeed => Key == OfSettings + SpecFields.Seed.Path;

    /// <summary>A fraction, shown as per cent.</summary>
    public bool IsFraction => IsMetric && IsFractionOf(Metric);

    /// <summary>Two runs that have it have different values. That some have none, because of their model, is what the model says already.</summary>
    public bool Differs => Texts.OfType<string>().Distinct().Skip(1).Any();

    /// <summary>Spread over so many magnitudes that only a logarithmic axis shows the small ones.</summary>
    public bool IsLogarithmic => Numbers?.OfType<double>().ToList() is { Count: > 1 } known && known.Min() > 0 && known.Max() / known.Min() >= 50;

    /// <summary>The words that occur, in the order of the alphabet.</summary>
    public IReadOnlyList<string> Words => [.. Texts.OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    public static string KeyOfMetric(string metric) => OfMetrics + metric;

    /// <summary>Whether a metric is a fraction.</summary>
    public static bool IsFractionOf(string metric) => MetricNames.UnitOf(metric) == MetricUnit.Fraction;

    /// <summary>A metric's name for people.</summary>
    public static string WordsOf(string metric) => metric.Replace('_', ' ');

    /// <summary>The settings that differ between runs, in the order of the form; the device is the one really used.</summary>
    public static IReadOnlyList<CompareVariable> Settings(IReadOnlyList<Run> runs)
    {
        var drafts = runs.Select(run => run.Training is { } training ? SpecDraft.Of(training.Spec) : null).ToList();
        // What programs of their own call their parameters; those that are called as a field of the spec stand in its row.
        var others = runs.SelectMany(run => run.Params).Select(param => param.Param.Name).Distinct()
            .Except(SpecFields.All.Select(field => field.Path)).Order(StringComparer.Ordinal);
        return
        [
            .. SpecFields.All.Select(field => Of(OfSettings + field.Path, SpecFacts.Name(field),
                [.. runs.Zip(drafts, (run, draft) => TextOf(field, run, draft))]))
                .Concat(others.Select(name => Of(OfSettings + name, name, [.. runs.Select(run => ParamOf(run, name))])))
                .Where(variable => variable.Differs),
        ];
    }

    /// <summary>The metrics that any of the runs has, by name, each with its <see cref="FinalFigure"/>.</summary>
    /// <param name="at">The epoch of each run that they are of.</param>
    public static IReadOnlyList<CompareVariable> Metrics(IReadOnlyList<Run> runs, IReadOnlyList<MetricSeries> summaries, FigureEpoch at)
    {
        var byRun = summaries.ToDictionary(series => (series.Name, series.RunNumber));
        return
        [
            .. summaries.Select(series => series.Name).Distinct().Select(metric =>
            {
                List<double?> numbers =
                    [.. runs.Select(run => byRun.TryGetValue((metric, run.Number), out var series) ? FinalFigure.Of(series, run, at) : null)];
                // What is measured at every step has a mean of the last epoch alone.
                var isMean = metric != MetricNames.TrainLoss && at == FigureEpoch.Best
                    && runs.Any(run => byRun.TryGetValue((metric, run.Number), out var series)
                        && FinalFigure.IsNoisy(series, run.Training?.EpochsDone ?? 0));
                return new CompareVariable(KeyOfMetric(metric), isMean ? $"{WordsOf(metric)} ({EpochWords.Of(FigureEpoch.Last)})" : WordsOf(metric),
                    [.. numbers.Select(number => number?.ToString("R", CultureInfo.InvariantCulture))], numbers,
                    DirectionsSaid.Of(runs.Select(run => byRun.TryGetValue((metric, run.Number), out var series)
                        ? series.Direction : MetricDirection.None)));
            }),
            Of("seconds", "seconds of training",
                [.. runs.Select(run => run.Training is { EpochsDone: > 0 } training
                    ? training.TrainSeconds.ToString("R", CultureInfo.InvariantCulture) : null)]),
        ];
    }

    private static CompareVariable Of(string key, string name, IReadOnlyList<string?> texts)
    {
        List<double?> numbers =
            [.. texts.Select(text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                && double.IsFinite(number) ? number : (double?)null)];
        var isNumeric = texts.Zip(numbers).All(pair => pair.First is null || pair.Second is not null) && numbers.Exists(number => number is not null);
        return new CompareVariable(key, name, texts, isNumeric ? numbers : null);
    }

    /// <summary>Null where it means nothing for the run. What is left empty is what that stands for; a number that is switched off is none.</summary>
    private static string? TextOf(SpecField field, Run run, SpecDraft? draft)
    {
        if (run.Training is not { } training || draft is null)
            return ParamOf(run, field.Path);
        if (field == SpecFields.Device)
            return training.Device?.TorchName ?? training.Spec.Device;
        if (!field.Applies(draft))
            return null;
        if (draft[field] is { Length: > 0 } text)
            return text;
        var isWord = field.Kind is not (SpecFieldKind.Whole or SpecFieldKind.Number);
        return field.Empty is { Length: > 0 } empty && (isWord || double.TryParse(empty, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            ? empty : null;
    }

    private static string? ParamOf(Run run, string name) => run.Params.Find(param => param.Param.Name == name)?.Text;
}
