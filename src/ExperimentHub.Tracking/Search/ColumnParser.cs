using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Tracking.Search;

/// <summary>Reads columns: <c>status</c>, <c>params.lr</c>, <c>best(metrics.test_accuracy)</c>, <c>tags."a name"</c>.</summary>
internal static class ColumnParser
{
    private static readonly Dictionary<string, ColumnKind> Prefixes = new(StringComparer.OrdinalIgnoreCase)
    {
        ["metrics"] = ColumnKind.Metric,
        ["metric"] = ColumnKind.Metric,
        ["params"] = ColumnKind.Param,
        ["param"] = ColumnKind.Param,
        ["parameters"] = ColumnKind.Param,
        ["parameter"] = ColumnKind.Param,
        ["tags"] = ColumnKind.Tag,
        ["tag"] = ColumnKind.Tag,
        ["attributes"] = ColumnKind.Attribute,
        ["attribute"] = ColumnKind.Attribute,
        ["attr"] = ColumnKind.Attribute,
        ["run"] = ColumnKind.Attribute,
    };

    public static IReadOnlyList<string> Figures { get; } = [.. Enum.GetValues<MetricFigure>().Select(SearchColumn.FigureWord)];

    private static readonly Expectation AColumn = new([], Columns: true);

    /// <returns>The column, noted in <paramref name="uses"/>; null where the next tokens are none, and then the reader has the problem.</returns>
    public static SearchColumn? Read(TokenReader reader, List<ColumnUse> uses)
    {
        if (reader.Peek is { Kind: FilterTokenKind.Name, Prefix: null, Quote: '\0' } function && reader.PeekAfter.Is("("))
            return ReadFigure(reader, function, uses);
        return ReadName(reader, MetricFigure.Last, figureWord: null, uses);
    }

    private static SearchColumn? ReadFigure(TokenReader reader, FilterToken function, List<ColumnUse> uses)
    {
        if (SearchColumn.FigureOf(function.Text) is not { } figure)
        {
            var nearest = NearestName.Of(function.Text, Figures);
            reader.Fail(function,
                $"There is no function '{function.Text}'.{DidYouMean(nearest)} Functions are {string.Join(", ", Figures)}; they take a metric.",
                Figures, nearest);
            return null;
        }

        reader.Take();
        reader.Take();
        if (ReadName(reader, figure, function.Text, uses) is not { } column)
            return null;
        if (reader.TakeSymbol(")"))
            return column;
        reader.Unexpected(new Expectation([")"]));
        return null;
    }

    private static SearchColumn? ReadName(TokenReader reader, MetricFigure figure, string? figureWord, List<ColumnUse> uses)
    {
        var token = reader.Peek;
        // MLflow quotes names like texts; where a name belongs, it is one.
        if (token.Kind != FilterTokenKind.Name && token is not { Kind: FilterTokenKind.Text, Quote: '"' })
        {
            reader.Unexpected(AColumn);
            return null;
        }

        var column = token.Prefix is null ? Attribute(reader, token, token.Text, figureWord is null ? null : figure) : Prefixed(reader, token, figure,
            figureWord);
        if (column is null)
            return null;
        if (figureWord is not null && column.Kind != ColumnKind.Metric)
        {
            reader.Fail(token, $"{figureWord}() takes a metric, such as {figureWord}(metrics.{MetricNames.TestAccuracy}).", ["a metric"]);
            return null;
        }

        reader.Take();
        uses.Add(new ColumnUse(column, token.Position, token.Length, figureWord is not null));
        return column;
    }

    private static SearchColumn? Prefixed(TokenReader reader, FilterToken token, MetricFigure figure, string? figureWord)
    {
        if (!Prefixes.TryGetValue(token.Prefix!, out var kind))
        {
            string[] allowed = ["metrics.", "params.", "tags.", "attributes."];
            var nearest = NearestName.Of(token.Prefix!, Prefixes.Keys);
            var meant = nearest is null ? null : $"{nearest}.{token.Text}";
            reader.FailUnknown(token, NameAdvice.NoKind(token.Prefix!, meant),
                new UnknownName(token.Text, figureWord is null ? null : figure, nearest is null ? null : Prefixes[nearest]), allowed, meant);
            return null;
        }

        if (token.Text.Length == 0 || token.Text.EndsWith('.'))
        {
            reader.Fail(token, $"The name after '{token.Prefix}.' is missing.", [$"the name of a {kind.ToString().ToLowerInvariant()}"]);
            return null;
        }

        return kind == ColumnKind.Attribute ? Attribute(reader, token, token.Text, null) : new SearchColumn(kind, token.Text,
            kind == ColumnKind.Metric ? figure : MetricFigure.Last);
    }

    private static SearchColumn? Attribute(TokenReader reader, FilterToken token, string name, MetricFigure? function)
    {
        if (RunAttributes.Find(name) is { } attribute)
            return new SearchColumn(ColumnKind.Attribute, attribute.Name);
        var nearest = NearestName.Of(name, RunAttributes.Names);
        string[] allowed = [.. RunAttributes.All.Select(known => known.Name)];
        if (token.Prefix is null)
            reader.FailUnknown(token, NameAdvice.NoAttribute(name, nearest), new UnknownName(name, function), allowed, nearest);
        else
            reader.Fail(token, NameAdvice.NoAttribute(name, nearest), allowed, nearest);
        return null;
    }

    private static string DidYouMean(string? nearest) => nearest is null ? "" : $" Did you mean {nearest}?";
}
