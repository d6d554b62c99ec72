using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs;
using ExperimentHub.Web.Specs;

namespace ExperimentHub.Web.Compare;

/// <summary>What one run has in one row.</summary>
/// <param name="Delta">Against the baseline, with its sign; null for the baseline itself and where one of the two has no value.</param>
/// <param name="Better">Whether the delta is good; null where there is none, or where neither direction is.</param>
/// <param name="Best">The best value of its row, where the runs differ.</param>
/// <param name="Differs">It is not what the baseline has.</param>
public sealed record ComparisonCell(string Text, string? Delta = null, bool? Better = null, bool Best = false, bool Differs = false);

/// <summary>One setting or one figure of all compared runs.</summary>
/// <param name="Differs">At least two runs have different values.</param>
/// <param name="Values">What runs are ordered by: numbers, or else words.</param>
/// <param name="HigherIsBetter">Null where neither direction is.</param>
public sealed record ComparisonRow(string Name, IReadOnlyList<ComparisonCell> Cells, bool Differs, ComparedValues Values,
    bool? HigherIsBetter = null);

/// <summary>Rows under one heading.</summary>
/// <param name="Key">Its word in an address.</param>
/// <param name="Foldable">Its equal rows may be hidden; results are always shown.</param>
public sealed record ComparisonSection(string Key, string Title, IReadOnlyList<ComparisonRow> Rows, bool Foldable)
{
    /// <summary>A row's word in an address; the same name may stand in two sections.</summary>
    public string KeyOf(ComparisonRow row) => $"{Key}.{row.Name.Replace(' ', '-')}";
}

/// <summary>Runs side by side, each measured against one of them.</summary>
public sealed class Comparison
{
    private readonly int _baseline;
    private readonly Func<string, DatasetInfo?> _datasetOf;

    /// <param name="runs">At least one, with their epochs.</param>
    /// <param name="baseline">One of them; the first where it is none of them.</param>
    /// <param name="datasetOf">Finds a data set by its key.</param>
    /// <param name="target">A test accuracy that the runs are timed to, 0..1.</param>
    /// <param name="at">The epoch of each run that its results are of.</param>
    /// <param name="summaries">Of the metrics of the runs.</param>
    public Comparison(
        IReadOnlyList<Run> runs, RunId? baseline, Func<string, DatasetInfo?> datasetOf, double? target = null, FigureEpoch at = FigureEpoch.Best,
        IReadOnlyList<MetricSeries>? summaries = null)
    {
        _datasetOf = datasetOf;
        Runs = runs;
        _baseline = Math.Max(0, runs.ToList().FindIndex(run => run.Id == baseline));
        var hasTrainings = runs.Any(run => run.Training is not null);
        Sections =
        [
            // What no program but ours has, is not shown of runs of other programs alone.
            .. hasTrainings ? [Results(at)] : Array.Empty<ComparisonSection>(),
            .. Logged(summaries ?? []),
            new("time", "Time",
            [
                .. hasTrainings ? TimesOfTraining() : [],
                Measured("start to end", run => (run.EndedAt - run.StartedAt)?.TotalSeconds, Figures.Duration, DurationDelta, higherIsBetter: false),
            ], Foldable: false),
            .. hasTrainings && target is { } accuracy ? [ToReach(accuracy)] : Array.Empty<ComparisonSection>(),
            new("settings", "Settings", [.. Settings()], Foldable: true),
            .. hasTrainings ? [Devices()] : Array.Empty<ComparisonSection>(),
        ];
        SpeedUps = [.. SpecsOnTwoDevices().SelectMany(pair => pair.Others.Select(other => SpeedUp(other, pair.Reference)))];
    }

    public IReadOnlyList<Run> Runs { get; }

    public Run Baseline => Runs[_baseline];

    public IReadOnlyList<ComparisonSection> Sections { get; }

    /// <summary>
    /// One sentence for each run that differs in nothing but the kind of its device from the baseline or, where it trains something else, from the
    /// first of its kind.
    /// </summary>
    public IReadOnlyList<string> SpeedUps { get; }

    /// <summary>Images that a run trains on in each epoch; null where its data set is not known any more.</summary>
    public static int? SamplesPerEpoch(Run run, Func<string, DatasetInfo?> datasetOf) => run.Training is { } training
        ? datasetOf(training.Dataset)?.TrainSamples - (training.ValidationSamples ?? training.Spec.Validation?.Samples ?? 0)
        : null;

    /// <summary>Wall time of the training part of an epoch; null before the first is finished.</summary>
    public static double? SecondsPerEpoch(Run run) =>
        run.Training is { EpochsDone: > 0 } training ? training.TrainSeconds / training.EpochsDone : null;

    /// <summary>A column speaks of one epoch of its run, and says which.</summary>
    private ComparisonSection Results(FigureEpoch at)
    {
        var figures = Runs.ToDictionary(run => run, run => RunFigures.Of(run, at));
        List<ComparisonRow> rows =
        [
            Measured("epoch", run => figures[run]?.Epoch, value => Figures.Count((long?)value), CountDelta, higherIsBetter: null),
            Measured("test accuracy", run => figures[run]?.TestAccuracy, Figures.Accuracy, AccuracyDelta, higherIsBetter: true),
            Measured("test loss", run => figures[run]?.TestLoss, Figures.Loss, LossDelta, higherIsBetter: false),
            Measured("train loss", run => figures[run]?.TrainLoss, Figures.Loss, LossDelta, higherIsBetter: false),
        ];
        if (figures.Values.Any(one => one?.ValidationAccuracy is not null))
        {
            rows.InsertRange(1,
            [
                Measured("validation accuracy", run => figures[run]?.ValidationAccuracy, Figures.Accuracy, AccuracyDelta, higherIsBetter: true),
                Measured("validation loss", run => figures[run]?.ValidationLoss, Figures.Loss, LossDelta, higherIsBetter: false),
            ]);
        }

        return new ComparisonSection("results", $"Results, {EpochWords.Of(at)}", rows, Foldable: false);
    }

    /// <summary>Runs of other programs have no epochs: of each metric that one of them has, the best and the last value of every run.</summary>
    private IEnumerable<ComparisonSection> Logged(IReadOnlyList<MetricSeries> summaries)
    {
        var rows = LoggedMetrics.Of(Runs, summaries)
            .SelectMany(metric => metric.Figures().Select(figure => Measured(figure.Name, run => figure.ValueOf(run.Number), metric.Text,
            metric.IsFraction ? AccuracyDelta : LossDelta,
            metric.Said.Agreed switch { MetricDirection.HigherIsBetter => true, MetricDirection.LowerIsBetter => false, _ => null }))).ToList();
        return rows.Count == 0 ? [] : [new ComparisonSection(LoggedMetrics.Section, "Metrics", rows, Foldable: false)];
    }

    private IEnumerable<ComparisonRow> TimesOfTraining() =>
    [
        Measured("training", run => run.Training is { EpochsDone: > 0 } training ? training.TrainSeconds : null, Figures.Duration, DurationDelta,
            higherIsBetter: false),
        Measured("per epoch", run => SecondsPerEpoch(run), Figures.Duration, DurationDelta, higherIsBetter: false),
        Measured("images per second", run => ImagesPerSecond(run), value => value is { } speed ? Figures.Rough(speed) : Figures.None, Factor,
            higherIsBetter: true),
    ];

    private ComparisonSection Devices() => new("device", "Device",
    [
        Said("used", run => run.Training?.Device?.TorchName ?? Figures.None),
        Said("hardware", run => run.Training?.DeviceName ?? Figures.None),
        Said("threads", run => Figures.Count(run.Training?.Threads)),
    ], Foldable: true);

    private double? ImagesPerSecond(Run run) =>
        SecondsPerEpoch(run) is > 0 and var seconds && SamplesPerEpoch(run, _datasetOf) is { } samples ? samples / seconds : null;

    private ComparisonSection ToReach(double accuracy)
    {
        var reached = Runs.ToDictionary(run => run, run => TargetReached.Of(run, accuracy));
        return new("reach", $"To reach {Figures.Accuracy(accuracy)}",
        [
            Measured("epochs", run => reached[run]?.Epochs, value => Figures.Count((long?)value), CountDelta, higherIsBetter: false),
            Measured("images seen", run => reached[run]?.Epochs * (double?)SamplesPerEpoch(run, _datasetOf), value => Figures.Count((long?)value),
                CountDelta, higherIsBetter: false),
            Measured("training", run => reached[run]?.TrainSeconds, Figures.Duration, DurationDelta, higherIsBetter: false),
        ], Foldable: false);
    }

    private IEnumerable<ComparisonRow> Settings()
    {
        var facts = Runs.Select(run => SpecFacts.Of(run).ToDictionary(fact => fact.Name, fact => fact.Value)).ToList();
        foreach (var name in facts.SelectMany(fact => fact.Keys).Distinct())
            yield return Said(name, facts.Select(fact => fact.GetValueOrDefault(name, Figures.None)).ToList());
    }

    private ComparisonRow Said(string name, Func<Run, string> text) => Said(name, Runs.Select(text).ToList());

    private ComparisonRow Said(string name, List<string> texts) =>
        new(name, [.. texts.Select(text => new ComparisonCell(text, Differs: text != texts[_baseline]))], texts.Distinct().Count() > 1,
            ComparedValues.Of(texts));

    private ComparisonRow Measured(
        string name, Func<Run, double?> value, Func<double?, string> text, Func<double, double, string> delta, bool? higherIsBetter)
    {
        var values = Runs.Select(value).ToList();
        var known = values.OfType<double>().ToList();
        double? best = known.Count < 2 || known.Min() == known.Max() ? null
            : higherIsBetter switch { true => known.Max(), false => known.Min(), null => null };
        var cells = values.Select((own, index) =>
        {
            if (index == _baseline || own is not { } number || values[_baseline] is not { } reference)
                return new ComparisonCell(text(own), Best: own == best && best is not null,
                    Differs: index != _baseline && !Nullable.Equals(own, values[_baseline]));
            var better = number == reference || higherIsBetter is null ? (bool?)null : number > reference == higherIsBetter;
            return new ComparisonCell(text(own), number == reference ? "same" : delta(number, reference), better, own == best, number != reference);
        });
        return new ComparisonRow(name, [.. cells], values.Distinct().Count() > 1, new ComparedValues(values, null), higherIsBetter);
    }

    private IEnumerable<(Run Reference, IEnumerable<Run> Others)> SpecsOnTwoDevices() =>
        Runs.Where(run => run.Training is not null).GroupBy(run => run.Training!.Spec with { Device = "" }).Select(runs =>
    {
        // The baseline's device is measured against; elsewhere the CPU, where there is one.
        var reference = runs.Contains(Baseline) ? Baseline : runs.FirstOrDefault(run => KindOf(run) == DeviceRequest.Cpu) ?? runs.First();
        return (reference, runs.Where(run => KindOf(run) != KindOf(reference)));
    });

    /// <summary>Before a run starts only what it asks for is known.</summary>
    private static string KindOf(Run run) => run.Training!.DeviceKind ?? run.Training.Spec.Device;

    private static string SpeedUp(Run run, Run reference) =>
        SecondsPerEpoch(run) is > 0 and var own && SecondsPerEpoch(reference) is > 0 and var other
        ? $"{run.Name} on {run.Training!.Device!.TorchName} trains {Times(other / own)} as fast as {reference.Name} on {reference.Training!.Device!.TorchName}: "
            + $"{Figures.Duration(own)} against {Figures.Duration(other)} an epoch."
        : $"{run.Name} and {reference.Name} train the same on two devices; how much faster one is appears here once both have finished an epoch.";

    private static string AccuracyDelta(double own, double reference) => Figures.Difference((own - reference) * 100, 2);

    private static string LossDelta(double own, double reference) => Figures.Difference(own - reference, 4);

    private static string CountDelta(double own, double reference) => Figures.Difference(own - reference, 0);

    private static string DurationDelta(double own, double reference) =>
        $"{(own < reference ? "−" : "+")}{Figures.Duration(Math.Abs(own - reference))}";

    private static string Factor(double own, double reference) => Times(own / reference);

    private static string Times(double factor) =>
        $"{factor.ToString(factor < 10 ? "0.00" : "0.0", System.Globalization.CultureInfo.InvariantCulture)}×";
}
