using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Runs.Grid;

/// <summary>A column of the table of runs.</summary>
/// <param name="Width">In pixels; null for the usual one.</param>
/// <param name="Pinned">Stays at the left while the others are scrolled.</param>
public sealed record GridColumn(SearchColumn Column, int? Width = null, bool Pinned = false)
{
    public const int MinWidth = 56;
    public const int MaxWidth = 800;

    private static readonly Dictionary<string, string> Words = new()
    {
        ["start_time"] = "Started",
        ["end_time"] = "Ended",
        ["duration"] = "Time",
        ["dataset"] = "Data set",
        ["metrics.test_accuracy"] = "Accuracy %",
        ["best_epoch"] = "Epoch",
        ["epochs_done"] = "Epoch",
        ["params.optimizer.learningRate"] = "LR",
        ["params.batchSize"] = "Batch",
        ["params.seed"] = "Seed",
    };

    private static readonly Dictionary<string, int> Widths = new()
    {
        ["name"] = 170,
        ["experiment"] = 88,
        ["status"] = 136,
        ["metrics.test_accuracy"] = 94,
        ["metrics.test_loss"] = 80,
        ["best_epoch"] = 60,
        ["epochs_done"] = 60,
        ["model"] = 88,
        ["params.optimizer.learningRate"] = 64,
        ["params.batchSize"] = 64,
        ["params.seed"] = 64,
        ["device"] = 66,
        ["duration"] = 84,
        ["created"] = 104,
        ["start_time"] = 100,
        ["end_time"] = 100,
    };

    private static readonly Dictionary<string, int> FewWidths = new()
    {
        ["name"] = 148, ["experiment"] = 100, ["status"] = 120, ["metrics.test_accuracy"] = 92, ["metrics.test_loss"] = 76, ["best_epoch"] = 54,
        ["epochs_done"] = 54,
        ["model"] = 78, ["params.optimizer.learningRate"] = 48, ["params.batchSize"] = 52, ["device"] = 62, ["duration"] = 66, ["created"] = 88,
    };

    private static readonly IReadOnlyList<GridColumn> UsualAtBest = UsualOf("at_best(metrics.test_accuracy), at_best(metrics.test_loss), best_epoch");
    private static readonly IReadOnlyList<GridColumn> UsualAtLast = UsualOf("metrics.test_accuracy, metrics.test_loss, epochs_done");

    /// <summary>What the table shows unless somebody chose otherwise: figures of one epoch, and which it was.</summary>
    public static IReadOnlyList<GridColumn> Usual(FigureEpoch at) => at == FigureEpoch.Last ? UsualAtLast : UsualAtBest;

    private static IReadOnlyList<GridColumn> UsualOf(string figures) =>
    [
        .. SearchText.Columns(
            $"name, experiment, status, {figures}, model, params.optimizer.learningRate, params.batchSize, params.seed, device, duration, created")
            .Select(column => new GridColumn(column, Pinned: column.Name == "name")),
    ];

    // With all of them the rows are as wide as a page of 1,280 pixels has room for.
    private static readonly IReadOnlyList<GridColumn> FewAtBest = FewOf(UsualAtBest);
    private static readonly IReadOnlyList<GridColumn> FewAtLast = FewOf(UsualAtLast);

    /// <summary>What a few rows show on a page that is about something else.</summary>
    public static IReadOnlyList<GridColumn> Few(FigureEpoch at) => at == FigureEpoch.Last ? FewAtLast : FewAtBest;

    private static IReadOnlyList<GridColumn> FewOf(IReadOnlyList<GridColumn> usual) =>
        [.. usual.Where(column => column.Name != "params.seed")
            .Select(column => column with { Pinned = false, Width = FewWidths.GetValueOrDefault(column.Plain) is > 0 and var width ? width : null })];

    /// <summary>How long a column of these stays where there is less and less room.</summary>
    public static string Staying(GridColumn column) => column.Name switch
    {
        _ when GivesWay(column) => "brief",
        "model" or "duration" or "params.optimizer.learningRate" => "middling",
        "experiment" => "longer",
        "created" => "longest",
        _ when column.Plain == "metrics.test_accuracy" => "result",
        _ when column.Plain == "metrics.test_loss" => "middling",
        _ => "",
    };

    /// <summary>The same metric of another epoch; a column that speaks of no epoch, or of all of them, stays as it is.</summary>
    public static SearchColumn At(SearchColumn column, FigureEpoch at) =>
        column is not { Kind: ColumnKind.Metric, Figure: MetricFigure.Last or MetricFigure.AtBest } ? column
        : column with { Figure = at == FigureEpoch.Last ? MetricFigure.Last : MetricFigure.AtBest };

    /// <summary>Of the usual columns those that give way where there is little room; a column that somebody chose stays.</summary>
    public static bool GivesWay(GridColumn column) => column.Name is "params.batchSize" or "params.seed" or "device" or "best_epoch" or "epochs_done";

    /// <summary>Those that the smallest screens have no room for beside name, status and result.</summary>
    public static bool GivesWayToResult(GridColumn column) => column.Name is "experiment" or "params.seed";

    /// <summary>As it is written in a filter.</summary>
    public string Name => Column.ToString();

    /// <summary>Over the column; <see cref="Note"/> belongs to it.</summary>
    public string Heading =>
        Words.GetValueOrDefault(Plain) ?? (Column.Kind == ColumnKind.Metric ? $"{Sentence(Column.Name)}{(IsFraction ? " %" : "")}"
        : Column.Kind == ColumnKind.Attribute ? Sentence(Column.Name) : LeafHeading);

    /// <summary>Which of a metric's values it shows; null where there is only one.</summary>
    public string? Note => Column switch
    {
        { Kind: ColumnKind.Attribute, Name: "best_epoch" } => "best",
        { Kind: ColumnKind.Attribute, Name: "epochs_done" } => "last",
        { Kind: not ColumnKind.Metric } => null,
        { Figure: MetricFigure.AtBest } => EpochWords.Of(FigureEpoch.Best),
        { Figure: MetricFigure.Last } => IsOnceAnEpoch ? EpochWords.Of(FigureEpoch.Last) : "last value",
        { Figure: MetricFigure.Min } => "lowest of all",
        { Figure: MetricFigure.Max } => "highest of all",
        _ => "best of all",
    };

    /// <summary>Heading and note in one line.</summary>
    public string Whole => Note is null ? Heading : $"{Heading}, {Note}";

    /// <summary>For a person who wonders what the note means.</summary>
    public string? Meaning => Column.Kind != ColumnKind.Metric ? null : Column.Figure switch
    {
        MetricFigure.AtBest => "at the end of the run's best epoch",
        MetricFigure.Last => IsOnceAnEpoch ? "at the end of the run's newest epoch" : "its newest value",
        _ => "over all epochs, whichever it was",
    };

    /// <summary>The epoch of a run that a value of this column is of; null where it is of none, or of all.</summary>
    public int? EpochOf(Run run) => Column is not { Kind: ColumnKind.Metric } ? null : Column.Figure switch
    {
        MetricFigure.AtBest => RunFigures.NumberOf(run, FigureEpoch.Best),
        MetricFigure.Last when IsOnceAnEpoch => RunFigures.NumberOf(run, FigureEpoch.Last),
        _ => null,
    };

    /// <summary>What the hub measures at the end of each epoch.</summary>
    private bool IsOnceAnEpoch =>
        Column.Name.StartsWith("test_", StringComparison.Ordinal) || Column.Name.StartsWith("validation_", StringComparison.Ordinal);

    /// <summary>The name without the figure: headings and widths are the same for all of them.</summary>
    private string Plain => (Column.Kind == ColumnKind.Metric ? Column with { Figure = MetricFigure.Last } : Column).ToString();

    public bool IsFraction => Unit == MetricUnit.Fraction;

    private MetricUnit Unit => Column.Kind == ColumnKind.Metric ? MetricNames.UnitOf(Column.Name) : MetricUnit.None;

    /// <summary>Numbers stand at the right.</summary>
    public bool IsNumber =>
        Column.Kind is ColumnKind.Metric or ColumnKind.Param
            || Column is
            {
                Kind: ColumnKind.Attribute, Name: "duration" or "epochs_done" or "best_epoch" or "parameters" or "attempts"
                or "experiment_id" or "created" or "start_time" or "end_time"
            };

    public int Pixels =>
        Width ?? Widths.GetValueOrDefault(Plain, Math.Clamp(24 + (Math.Max(Heading.Length, Note?.Length ?? 0) * 8), IsNumber ? 76 : 120, 200));

    /// <summary>The end that a person looks for first: the newest, the best, and of words the first.</summary>
    /// <param name="direction">Of a metric: which values are better.</param>
    public bool FirstDescending(MetricDirection direction) => Column is { Kind: ColumnKind.Attribute, Name: "created" or "start_time" or "end_time" }
        || (Column.Kind == ColumnKind.Metric && direction == MetricDirection.HigherIsBetter);

    /// <summary>The kind of something is called as the thing itself.</summary>
    private string LeafHeading =>
        (Column.Name.EndsWith(".kind", StringComparison.Ordinal) ? Column.Name[..^".kind".Length] : Column.Name).Split('.')[^1];

    private static string Sentence(string name) => char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' ');

    /// <summary>A value of this column as text.</summary>
    public string Text(object? value) => value switch
    {
        null => Figures.None,
        double number when Column is { Kind: ColumnKind.Attribute, Name: "duration" } => Figures.Duration(number),
        double number when IsFraction => Figures.Percent(number),
        double number when Column.Kind == ColumnKind.Metric =>
            Unit == MetricUnit.Bytes && double.IsFinite(number) ? Figures.Size((long)number) : Figures.Loss(number),
        double number when Column.Kind == ColumnKind.Attribute => Figures.Count((long)number),
        double number => Figures.Setting(number),
        bool flag => flag ? "yes" : "no",
        string { Length: 0 } => "✓",
        _ => value.ToString()!,
    };
}
