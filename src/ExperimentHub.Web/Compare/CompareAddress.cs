using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Compare;

/// <summary>What the curves of a comparison are drawn over: what each run had spent by then.</summary>
public enum CompareAxis
{
    Epoch,
    Step,

    /// <summary>Training images seen, those of earlier epochs counted again.</summary>
    Samples,

    /// <summary>Seconds that the device trained, without evaluation and checkpoints.</summary>
    Training,

    /// <summary>Seconds since the first step, with everything in between.</summary>
    Time,
}

/// <summary>A comparison as it stands in the address. Words that mean nothing are ignored.</summary>
public sealed record CompareAddress
{
    /// <summary>As many ids as fit into an address that every server and browser takes.</summary>
    public const int MaxRuns = Limits.RunsCompared;

    /// <summary>With more runs each of them is a row.</summary>
    public const int MostColumns = 8;

    public const double UsualSmoothing = 0.85;
    public const double MaxSmoothing = 0.99;

    public static IReadOnlyList<string> UsualMetrics { get; } = [MetricNames.TrainLoss, MetricNames.TestAccuracy, MetricNames.TestLoss];

    /// <summary>In the order of the columns; more than <see cref="MaxRuns"/> are refused by the page.</summary>
    public IReadOnlyList<RunId> Runs { get; init; } = [];

    /// <summary>The run that the others are measured against; null for the first.</summary>
    public RunId? Baseline { get; init; }

    /// <summary>Only settings that differ are shown.</summary>
    public bool HideEqual { get; init; }

    /// <summary>Each run is a row of the table, and not a column; null for what suits their number.</summary>
    public bool? AsRows { get; init; }

    /// <summary>What the table is ordered by; null for the usual order.</summary>
    public ComparedSort? Sort { get; init; }

    /// <summary>The epoch of each run that its figures are of.</summary>
    public FigureEpoch At { get; init; }

    public CompareAxis Axis { get; init; }

    /// <summary>The stretch of the axis that is looked at closely, in its units; null for all of it.</summary>
    public (double From, double To)? Zoom { get; init; }

    /// <summary>The curves that are drawn, a panel each.</summary>
    public IReadOnlyList<string> Metrics { get; init; } = UsualMetrics;

    /// <summary>0 to <see cref="MaxSmoothing"/>.</summary>
    public double Smoothing { get; init; } = UsualSmoothing;

    /// <summary>Those of the metrics that have a logarithmic axis.</summary>
    public IReadOnlyList<string> Log { get; init; } = [];

    /// <summary>Those of the metrics whose axis reaches as far as the furthest value.</summary>
    public IReadOnlyList<string> Whole { get; init; } = [];

    /// <summary>The least and the greatest value of each bucket around its curve.</summary>
    public bool Bands { get; init; }

    /// <summary>Key of the <see cref="CompareVariable"/> that runs are coloured by; null gives each its own colour.</summary>
    public string? Colour { get; init; }

    /// <summary>Runs that differ in the seed alone are drawn as their mean.</summary>
    public bool Seeds { get; init; }

    /// <summary>Runs that diverged are shown and counted like the others.</summary>
    public bool Diverged { get; init; }

    /// <summary>
    /// The metric that groups and relations are about; null for the usual one of the runs (<see cref="ComparedRuns.UsualMeasure"/>).
    /// </summary>
    public string? Measure { get; init; }

    /// <summary>Keys of the variables of the scatter; null for the usual ones.</summary>
    public string? X { get; init; }

    /// <inheritdoc cref="X"/>
    public string? Y { get; init; }

    /// <summary>What is kept in view by variables, at most one of each; all of them count together.</summary>
    public IReadOnlyList<Brush> Keep { get; init; } = [];

    /// <summary>A test accuracy, 0..1, that is asked for: when did a run reach it?</summary>
    public double? Target { get; init; }

    /// <summary>The two runs whose mistakes are compared; null for the usual ones.</summary>
    public RunId? Left { get; init; }

    /// <inheritdoc cref="Left"/>
    public RunId? Right { get; init; }

    /// <summary>From the query string of an address.</summary>
    public static CompareAddress Of(string query)
    {
        var values = PageQuery.Of(query);
        var ids = RunSelection.Parse(values.Joined("runs"));
        return new CompareAddress
        {
            Runs = ids,
            Baseline = IdAt("baseline"),
            HideEqual = Flag("hideEqual"),
            AsRows = Text("runsAs") switch { "rows" => true, "columns" => false, _ => null },
            Sort = ComparedSort.Parse(Text("sort")),
            At = EpochWords.Read(Text(EpochWords.Parameter)),
            Axis = Enum.TryParse<CompareAxis>(Text("axis"), ignoreCase: true, out var axis) && Enum.IsDefined(axis) ? axis : CompareAxis.Epoch,
            Zoom = Stretch(Text("zoom")),
            Metrics = List("metrics") is { Count: > 0 } metrics ? metrics : UsualMetrics,
            Smoothing = Math.Clamp(Number("smoothing") ?? UsualSmoothing, 0, MaxSmoothing),
            Log = List("log"),
            Whole = List("whole"),
            Bands = Flag("bands"),
            Colour = Text("colour"),
            Seeds = Flag("seeds"),
            Diverged = Flag("diverged"),
            Measure = Text("measure"),
            X = Text("x"),
            Y = Text("y"),
            Keep = [.. values.All("keep").Select(Brush.Parse).OfType<Brush>().DistinctBy(brush => brush.Key)],
            Target = Number("target") is > 0 and <= 1 and var target ? target : null,
            Left = IdAt("left"),
            Right = IdAt("right"),
        };

        string? Text(string name) => values.One(name);
        bool Flag(string name) => values.Flag(name);
        double? Number(string name) => NumberOf(Text(name));
        RunId? IdAt(string name) => RunId.TryParse(Text(name), out var id) && ids.Contains(id) ? id : null;
        IReadOnlyList<string> List(string name) =>
            [.. (values.Joined(name) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Where(metric => metric.Length <= MetricNames.MaxLength).Distinct()];
    }

    /// <summary>The query string's parameters; null removes one.</summary>
    public IReadOnlyDictionary<string, object?> Parameters => new Dictionary<string, object?>
    {
        ["runs"] = Runs.Count == 0 ? null : RunSelection.Text(Runs),
        ["baseline"] = Baseline?.ToString(),
        ["hideEqual"] = HideEqual ? "true" : null,
        ["runsAs"] = AsRows switch { true => "rows", false => "columns", null => null },
        ["sort"] = Sort?.ToString(),
        ["axis"] = Axis == CompareAxis.Epoch ? null : Word(Axis),
        ["zoom"] = Zoom is { } zoom ? string.Create(CultureInfo.InvariantCulture, $"{zoom.From:R}..{zoom.To:R}") : null,
        [EpochWords.Parameter] = EpochWords.Text(At),
        ["metrics"] = Metrics.SequenceEqual(UsualMetrics) ? null : string.Join(',', Metrics),
        ["smoothing"] = Smoothing == UsualSmoothing ? null : Smoothing,
        ["log"] = Log.Count == 0 ? null : string.Join(',', Log),
        ["whole"] = Whole.Count == 0 ? null : string.Join(',', Whole),
        ["bands"] = Bands ? "true" : null,
        ["colour"] = Colour,
        ["seeds"] = Seeds ? "true" : null,
        ["diverged"] = Diverged ? "true" : null,
        ["measure"] = Measure,
        ["x"] = X,
        ["y"] = Y,
        ["keep"] = Keep.Count == 0 ? null : Keep.Select(brush => brush.ToString()).ToArray(),
        ["target"] = Target,
        ["left"] = Left?.ToString(),
        ["right"] = Right?.ToString(),
    };

    /// <summary>Of an axis in the address.</summary>
    public static string Word(CompareAxis axis) => axis.ToString().ToLowerInvariant();

    /// <summary>Of an axis on the screen.</summary>
    public static string Words(CompareAxis axis) => axis switch
    {
        CompareAxis.Epoch => "epochs",
        CompareAxis.Step => "steps",
        CompareAxis.Samples => "images seen",
        CompareAxis.Training => "training time",
        _ => "wall time",
    };

    /// <summary>The address of a comparison of these runs.</summary>
    public static string To(IEnumerable<RunId> runs, RunId? baseline = null) =>
        $"compare?runs={RunSelection.Text(runs)}{(baseline is { } id ? $"&baseline={id}" : "")}";

    public CompareAddress Without(RunId run) => this with
    {
        Runs = [.. Runs.Where(other => other != run)],
        Baseline = Other(Baseline, run),
        Left = Other(Left, run),
        Right = Other(Right, run),
    };

    /// <summary>The same with a metric's panel shown, or no longer; the last one stays.</summary>
    public CompareAddress WithMetric(string metric) =>
        this with { Metrics = Metrics.Count == 1 && Metrics.Contains(metric) ? Metrics : Toggled(Metrics, metric) };

    /// <summary>The same with another brush of a variable, or without one.</summary>
    public CompareAddress WithBrush(string key, Brush? brush) =>
        this with { Keep = [.. Keep.Where(other => other.Key != key), .. brush is null ? Array.Empty<Brush>() : [brush]] };

    public CompareAddress WithLog(string metric) => this with { Log = Toggled(Log, metric) };

    public CompareAddress WithWhole(string metric) => this with { Whole = Toggled(Whole, metric) };

    private static double? NumberOf(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    private static (double From, double To)? Stretch(string? text) =>
        text?.Split("..") is [var first, var second] && NumberOf(first) is >= 0 and var from && NumberOf(second) is { } to && to > from
            ? (from, to) : null;

    private static RunId? Other(RunId? chosen, RunId gone) => chosen == gone ? null : chosen;

    private static IReadOnlyList<string> Toggled(IReadOnlyList<string> list, string one) =>
        list.Contains(one) ? [.. list.Where(other => other != one)] : [.. list, one];
}
