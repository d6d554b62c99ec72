using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Search;

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
        ["best(metrics.test_accuracy)"] = "Accuracy %",
        ["metrics.test_loss"] = "Test loss",
        ["params.optimizer.learningRate"] = "LR",
        ["params.batchSize"] = "Batch",
    };

    private static readonly Dictionary<string, int> Widths = new()
    {
        ["name"] = 150,
        ["experiment"] = 96,
        ["status"] = 152,
        ["best(metrics.test_accuracy)"] = 94,
        ["metrics.test_loss"] = 80,
        ["model"] = 88,
        ["params.optimizer.learningRate"] = 64,
        ["params.batchSize"] = 64,
        ["device"] = 66,
        ["duration"] = 84,
        ["created"] = 92,
        ["start_time"] = 100,
        ["end_time"] = 100,
    };

    /// <summary>What the table shows unless somebody chose otherwise.</summary>
    public static IReadOnlyList<GridColumn> Usual { get; } =
    [
        .. SearchText.Columns("name, experiment, status, best(metrics.test_accuracy), metrics.test_loss, model, params.optimizer.learningRate, params.batchSize, device, duration, created")
            .Select(column => new GridColumn(column, Pinned: column.Name == "name")),
    ];

    /// <summary>Of the usual columns those that give way where there is little room; a column that somebody chose stays.</summary>
    public static bool GivesWay(GridColumn column) => column.Name is "params.batchSize" or "device";

    /// <summary>As it is written in a filter.</summary>
    public string Name => Column.ToString();

    /// <summary>Over the column.</summary>
    public string Heading => Words.GetValueOrDefault(Name) ?? (Column.Kind == ColumnKind.Metric ? MetricHeading
        : Column.Kind == ColumnKind.Attribute ? Sentence(Column.Name) : LeafHeading);


    public bool IsFraction => Column.Kind == ColumnKind.Metric && Column.Name.EndsWith("accuracy", StringComparison.Ordinal);

    /// <summary>Numbers stand at the right.</summary>
    public bool IsNumber => Column.Kind is ColumnKind.Metric or ColumnKind.Param || Column is { Kind: ColumnKind.Attribute, Name: "duration" or "epochs_done" or "best_epoch" or "parameters" or "attempts" or "experiment_id" or "created" or "start_time" or "end_time" };

    public int Pixels => Width ?? Widths.GetValueOrDefault(Name, Math.Clamp(20 + (Heading.Length * 7), IsNumber ? 76 : 120, 200));

    /// <summary>The end that a person looks for first: the newest, the best, and of words the first.</summary>
    public bool FirstDescending => Column is { Kind: ColumnKind.Attribute, Name: "created" or "start_time" or "end_time" }
        || (Column.Kind == ColumnKind.Metric && MetricNames.DirectionOf(Column.Name) == MetricDirection.HigherIsBetter);

    /// <summary>The kind of something is called as the thing itself.</summary>
    private string LeafHeading => (Column.Name.EndsWith(".kind", StringComparison.Ordinal) ? Column.Name[..^".kind".Length] : Column.Name).Split('.')[^1];

    private static string Sentence(string name) => char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' ');

    private string MetricHeading => $"{Sentence(Column.Name)}{(IsFraction ? " %" : "")}{Column.Figure switch
    {
        MetricFigure.Last => "",
        MetricFigure.AtBest => ", at best",
        var figure => $", {SearchColumn.FigureWord(figure)}",
    }}";

    /// <summary>A value of this column as text.</summary>
    public string Text(object? value) => value switch
    {
        null => Figures.None,
        double number when Column is { Kind: ColumnKind.Attribute, Name: "duration" } => Figures.Duration(number),
        double number when IsFraction => Figures.Percent(number),
        double number when Column.Kind == ColumnKind.Metric => Column.Name.EndsWith("_bytes", StringComparison.Ordinal) && double.IsFinite(number) ? Figures.Size((long)number) : Figures.Loss(number),
        double number when Column.Kind == ColumnKind.Attribute => Figures.Count((long)number),
        double number => Figures.Setting(number),
        bool flag => flag ? "yes" : "no",
        string { Length: 0 } => "✓",
        _ => value.ToString()!,
    };
}
