namespace ExperimentHub.Tracking.Search;

public enum ColumnKind
{
    /// <summary>What every run has: <see cref="RunAttributes"/>.</summary>
    Attribute,
    Metric,

    /// <summary>A leaf of the spec.</summary>
    Param,
    Tag,
}

/// <summary>Which figure of a metric's points.</summary>
public enum MetricFigure
{
    Last,
    Min,
    Max,

    /// <summary>The least or the greatest, whichever is better by what the runs' series say; see <see cref="BoundSearch"/>.</summary>
    Best,

    /// <summary>The value at the end of the run's best epoch.</summary>
    AtBest,
}

/// <summary>Something that runs can be filtered, sorted and grouped by, and a column of a table.</summary>
/// <param name="Name">Of an attribute its first name; of a hyperparameter its dotted path in the spec's JSON.</param>
/// <param name="Figure">Counts for metrics only.</param>
public sealed record SearchColumn(ColumnKind Kind, string Name, MetricFigure Figure = MetricFigure.Last)
{
    /// <summary>As it is written in a filter: <c>status</c>, <c>params.optimizer.kind</c>, <c>best(metrics.test_accuracy)</c>.</summary>
    public override string ToString() => Kind switch
    {
        ColumnKind.Attribute => Name,
        ColumnKind.Param => $"params.{Quoted(Name)}",
        ColumnKind.Tag => $"tags.{Quoted(Name)}",
        _ when Figure == MetricFigure.Last => $"metrics.{Quoted(Name)}",
        _ => $"{FigureWord(Figure)}(metrics.{Quoted(Name)})",
    };

    /// <summary>The same, and of a metric's last value <c>last(metrics.x)</c>.</summary>
    public string WholeName => (Kind, Figure) == (ColumnKind.Metric, MetricFigure.Last) ? $"{FigureWord(Figure)}({this})" : ToString();

    public static string FigureWord(MetricFigure figure) => figure == MetricFigure.AtBest ? "at_best" : figure.ToString().ToLowerInvariant();

    /// <summary>The figure of a word such as <c>best</c>, in any case.</summary>
    public static MetricFigure? FigureOf(string word) =>
        Enum.GetValues<MetricFigure>().Cast<MetricFigure?>()
            .FirstOrDefault(figure => FigureWord(figure!.Value).Equals(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>Its value of a run that trains changes with each epoch.</summary>
    internal bool FollowsResults =>
        Kind == ColumnKind.Metric || (Kind == ColumnKind.Attribute && RunAttributes.Find(Name) is { FollowsResults: true });

    private static string Quoted(string name)
    {
        var plain = name.Split('.').All(segment => segment.Length > 0 && segment.All(FilterLexer.IsWordPart));
        return plain ? name : $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";
    }
}
