using System.Globalization;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Compare;

/// <summary>What is said of a group of runs that differ in the seed alone.</summary>
/// <param name="Measure">The metric that it is said of.</param>
/// <param name="Counted">The runs that it is said of, and how many were left out.</param>
/// <param name="Difference">From the group of the baseline; null for that group itself.</param>
public sealed record SeedGroupRow(NamedGroup Group, CompareVariable Measure, SampleStatistics Statistics, CountedRuns Counted,
    GroupDifference? Difference)
{
    /// <summary>How many of the group's runs do not have the metric.</summary>
    private int Without => Group.Seeds.Runs.Count - Counted.Runs.Count - Counted.Repeats - Counted.Diverged;

    /// <summary>How many runs it is said of, and of how many where others are left out.</summary>
    public string Share => Counted.Runs.Count == Group.Seeds.Runs.Count
        ? Figures.Count(Counted.Runs.Count) : $"{Figures.Count(Counted.Runs.Count)} of {Figures.Count(Group.Seeds.Runs.Count)}";

    /// <summary>A sentence for each reason why others are left out.</summary>
    public IReadOnlyList<string> LeftOut => LeftOutOf([this]);

    /// <inheritdoc cref="LeftOut"/>
    /// <param name="rows">Of one measure.</param>
    public static IReadOnlyList<string> LeftOutOf(IReadOnlyList<SeedGroupRow> rows) =>
    [
        .. CountedWords.Of(CountedRuns.Together(rows.Select(row => row.Counted))),
        .. rows.Sum(row => row.Without) is > 0 and var without
            ? [$"{(without == 1 ? "1 run has" : $"{Figures.Count(without)} runs have")} no {CompareVariable.WordsOf(rows[0].Measure.Metric)}; "
                + "left out."] : Array.Empty<string>(),
    ];

    public string Mean => Statistics.Count == 0 ? Figures.None : Statistics.Margin is { } margin
        ? $"{Value(Statistics.Mean)} ± {Spread(margin)}" : Value(Statistics.Mean);

    public string Deviation => Statistics.Count < 2 ? Figures.None : Spread(Statistics.StandardDeviation);

    public string DifferenceText => Difference is not { } known || double.IsNaN(known.Difference) ? Figures.None
        : Measure.IsFraction ? $"{Figures.Difference(known.Difference * 100, 2)}{(known.Margin is { } points ? $" ± {Spread(points)}" : "")}"
        : $"{Figures.Difference(known.Difference, 4)}{(known.Margin is { } margin ? $" ± {Spread(margin)}" : "")}";

    /// <summary>Never certainty: so few runs do not give it.</summary>
    public string Probability => Difference?.FirstBetter is not { } probability ? Figures.None
        : probability > 0.999 ? "> 99.9 %" : probability < 0.001
            ? "< 0.1 %" : $"{(probability * 100).ToString("0.0", CultureInfo.InvariantCulture)} %";

    public string Words => Difference?.Verdict switch
    {
        null => "",
        GroupVerdict.WithinNoise => "within noise",
        GroupVerdict.FirstIsBetter => "better",
        GroupVerdict.SecondIsBetter => "worse",
        GroupVerdict.Different => "different",
        _ => "too few runs",
    };

    /// <summary>The class of the words.</summary>
    public string Mood => Difference?.Verdict switch { GroupVerdict.FirstIsBetter => "better", GroupVerdict.SecondIsBetter => "worse", _ => "quiet" };

    /// <summary>Each group against that of the baseline.</summary>
    public static IReadOnlyList<SeedGroupRow> Of(ComparedRuns compared, CompareVariable measure, Run baseline)
    {
        var values = compared.Runs.Zip(measure.Numbers!).ToDictionary(pair => pair.First.Id, pair => pair.Second);
        var groups = compared.Groups.Select(group => (Group: group, Measured: group.Seeds.Measure(run => values[run.Id]))).ToList();
        var reference = groups.Single(group => group.Group.Seeds.Runs.Any(run => run.Id == baseline.Id));
        return
        [
            .. groups.Select(group => new SeedGroupRow(group.Group, measure, group.Measured.Statistics, group.Measured.Counted,
                group == reference ? null : GroupDifference.Of(group.Measured.Statistics, reference.Measured.Statistics, measure.Direction))),
        ];
    }

    private string Value(double value) => Measure.IsFraction ? Figures.Accuracy(value) : Figures.Loss(value);

    private string Spread(double value) => Measure.IsFraction ? (value * 100).ToString("0.00", CultureInfo.InvariantCulture) : Figures.Compact(value);
}
