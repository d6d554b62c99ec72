using System.Globalization;

namespace ExperimentHub.Tracking.Search;

/// <param name="Uses">Every column with its place, in the order of the text.</param>
/// <param name="Predicates">Every comparison with numbers, likewise.</param>
internal sealed record ParsedFilter(FilterNode Filter, IReadOnlyList<ColumnUse> Uses, IReadOnlyList<NumberPredicate> Predicates);

/// <summary>
/// Reads the filter language: <c>or</c> binds least, then <c>and</c>, then <c>not</c>; parentheses as usual. Keywords in any case.
/// Texts stand in single or double quotes, names with other characters in backticks or double quotes; a doubled quote stands for itself.
/// </summary>
internal sealed class FilterParser
{
    public const int MaxLength = 8_000;
    public const int MaxDepth = 40;
    public const int MaxComparisons = 100;

    private readonly TokenReader _reader;
    private readonly ComparisonParser _comparison;
    private readonly List<ColumnUse> _uses = [];
    private readonly List<NumberPredicate> _predicates = [];
    private int _depth;
    private int _open;
    private int _comparisons;

    private FilterParser(TokenReader reader, DateTime now)
    {
        _reader = reader;
        _comparison = new ComparisonParser(reader, new ValueParser(reader, now));
    }

    /// <param name="now">What <c>now()</c> is, in UTC.</param>
    /// <returns>The filter, or the first problem. <c>AtEnd</c> is what may come next where everything up to the end was understood.</returns>
    public static (ParsedFilter? Filter, SearchProblem? Problem, Expectation? AtEnd) Parse(string text, DateTime now)
    {
        if (text.Length > MaxLength)
            return (null, TooLong("filter", text), null);
        var reader = new TokenReader("filter", text);
        var parser = new FilterParser(reader, now);
        if (reader.Peek.Kind == FilterTokenKind.End)
            return (new ParsedFilter(new AllOf([]), [], []), null, PredicateStart);
        var filter = parser.AnyOf();
        if (filter is not null && reader.Peek.Kind != FilterTokenKind.End)
            reader.Unexpected(parser.AfterPredicate);
        return reader.Problem is { } problem
            ? (null, problem, reader.AtEnd) : (new ParsedFilter(filter!, parser._uses, parser._predicates), null, reader.AtEnd);
    }

    public static SearchProblem TooLong(string field, string text) =>
        new(field, MaxLength, text.Length - MaxLength, $"It may have at most {MaxLength.ToString("N0", CultureInfo.InvariantCulture)} characters.",
            text[MaxLength..Math.Min(text.Length, MaxLength + 20)], ["the end"]);

    private static Expectation PredicateStart { get; } = new([.. ColumnParser.Figures.Select(word => $"{word}("), "not", "("], Columns: true);

    private Expectation AfterPredicate => new(_open > 0 ? ["and", "or", ")"] : ["and", "or"]);

    private FilterNode? AnyOf() => Chain("or", AllOf, parts => new AnyOf(parts));

    private FilterNode? AllOf() => Chain("and", Negation, parts => new AllOf(parts));

    private FilterNode? Chain(string connective, Func<FilterNode?> part, Func<IReadOnlyList<FilterNode>, FilterNode> join)
    {
        var parts = new List<FilterNode>();
        do
        {
            if (part() is not { } node)
                return null;
            parts.Add(node);
            _reader.MayGoOn(AfterPredicate);
        }
        while (_reader.TakeWord(connective));
        return parts.Count == 1 ? parts[0] : join(parts);
    }

    private FilterNode? Negation()
    {
        var opening = _reader.Peek;
        var negated = _reader.TakeWord("not");
        if (!negated && !_reader.TakeSymbol("("))
            return Predicate();
        if (++_depth > MaxDepth)
        {
            _reader.Fail(opening, $"Parentheses and 'not' may be nested {MaxDepth} times at most.");
            return null;
        }

        var inner = negated ? Negation() : Group();
        _depth--;
        return inner is null ? null : negated ? new Not(inner) : inner;
    }

    private FilterNode? Group()
    {
        _open++;
        if (AnyOf() is not { } inner)
            return null;
        if (!_reader.TakeSymbol(")"))
            return Refused(AfterPredicate);
        _open--;
        return inner;
    }

    private FilterNode? Predicate()
    {
        var start = _reader.Peek;
        if (start.Kind is not (FilterTokenKind.Name or FilterTokenKind.Text or FilterTokenKind.Bad))
        {
            _reader.Unexpected(PredicateStart);
            return null;
        }

        if (++_comparisons > MaxComparisons)
        {
            _reader.Fail(start, $"A filter may have at most {MaxComparisons} comparisons.");
            return null;
        }

        if (ColumnParser.Read(_reader, _uses) is not { } column)
            return null;
        var node = _comparison.Read(column);
        if (node is not null && _comparison.Numbers.Count > 0)
            _predicates.Add(new NumberPredicate(_uses[^1], start.Position, _reader.TakenTo - start.Position, [.. _comparison.Numbers], node is Not));
        return node;
    }

    private FilterNode? Refused(Expectation expectation)
    {
        _reader.Unexpected(expectation);
        return null;
    }
}
