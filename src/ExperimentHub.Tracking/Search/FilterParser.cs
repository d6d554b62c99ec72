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
    public const int MaxListed = 500;
    public const int MaxWildcards = 20;

    /// <summary>Characters. Comparing one value takes up to its length times the pattern's, and cannot be interrupted.</summary>
    public const int MaxPattern = 500;

    private static readonly string[] Ordering = ["=", "!=", "<", "<=", ">", ">="];

    private readonly TokenReader _reader;
    private readonly ValueParser _values;
    private readonly List<ColumnUse> _uses = [];
    private readonly List<NumberPredicate> _predicates = [];
    private readonly List<ComparedNumber> _numbers = [];
    private int _depth;
    private int _open;
    private int _comparisons;

    private FilterParser(TokenReader reader, DateTime now)
    {
        _reader = reader;
        _values = new ValueParser(reader, now);
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
        return reader.Problem is { } problem ? (null, problem, reader.AtEnd) : (new ParsedFilter(filter!, parser._uses, parser._predicates), null, reader.AtEnd);
    }

    public static SearchProblem TooLong(string field, string text) =>
        new(field, MaxLength, text.Length - MaxLength, $"It may have at most {MaxLength.ToString("N0", CultureInfo.InvariantCulture)} characters.", text[MaxLength..Math.Min(text.Length, MaxLength + 20)], ["the end"]);

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
        _numbers.Clear();
        var node = _reader.Peek switch
        {
            var token when token.IsWord("is") => Presence(column),
            var token when token.IsWord("not") => NotListed(column),
            var token when token.IsWord("in") || token.IsWord("like") || token.IsWord("ilike") || token.IsWord("between") => Listed(column, negated: false),
            { Kind: FilterTokenKind.Symbol } symbol when OperatorOf(symbol.Text) is { } op => Comparison(column, op),
            _ => Refused(new Expectation(OperatorsOf(column))),
        };
        if (node is not null && _numbers.Count > 0)
            _predicates.Add(new NumberPredicate(_uses[^1], start.Position, _reader.TakenTo - start.Position, [.. _numbers], node is Not));
        return node;
    }

    /// <summary>A value of the column; a number is noted with how it is compared.</summary>
    private object? Value(SearchColumn column, CompareOp op)
    {
        var start = _reader.Peek;
        var written = start.IsNumeric ? start : _reader.PeekAfter;
        var value = _values.Read(column);
        if (value is double number)
            _numbers.Add(new ComparedNumber(op, number, start.Position, _reader.TakenTo, IsBare: written is { Kind: FilterTokenKind.Number, Unit: null }));
        return value;
    }

    private FilterNode? Refused(Expectation expectation)
    {
        _reader.Unexpected(expectation);
        return null;
    }

    private static IReadOnlyList<string> OperatorsOf(SearchColumn column) => ValueParser.TypeOf(column) switch
    {
        ValueType.Flag => ["=", "!="],
        ValueType.Word => ["=", "!=", "in (", "not in ("],
        ValueType.Time => [.. Ordering, "between", "not between", "is null", "is not null"],
        ValueType.Number or ValueType.Duration => [.. Ordering, "between", "not between", "in (", "not in (", "is null", "is not null"],
        _ => [.. Ordering, "like", "ilike", "not like", "not ilike", "between", "not between", "in (", "not in (", "is null", "is not null"],
    };

    private static CompareOp? OperatorOf(string symbol) => symbol switch
    {
        "=" or "==" => CompareOp.Equal,
        "!=" or "<>" => CompareOp.NotEqual,
        "<" => CompareOp.Less,
        "<=" => CompareOp.LessOrEqual,
        ">" => CompareOp.Greater,
        ">=" => CompareOp.GreaterOrEqual,
        _ => null,
    };

    private FilterNode? Presence(SearchColumn column)
    {
        if (!OperatorsOf(column).Contains("is null"))
            return Refused(new Expectation(OperatorsOf(column)));
        _reader.Take();
        var negated = _reader.TakeWord("not");
        if (!_reader.TakeWord("null"))
            return Refused(new Expectation(negated ? ["null"] : ["null", "not null"]));
        return negated ? new Not(new IsMissing(column)) : new IsMissing(column);
    }

    private Not? NotListed(SearchColumn column)
    {
        _reader.Take();
        return Listed(column, negated: true) is { } listed ? new Not(listed) : null;
    }

    private FilterNode? Listed(SearchColumn column, bool negated)
    {
        var word = _reader.Peek.Kind == FilterTokenKind.Name ? _reader.Peek.Text.ToLowerInvariant() : "";
        var allowed = OperatorsOf(column).Select(op => op.Replace(" (", "", StringComparison.Ordinal)).ToList();
        if (!allowed.Contains(negated ? $"not {word}" : word))
            return Refused(new Expectation(negated ? [.. allowed.Where(op => op.StartsWith("not ", StringComparison.Ordinal)).Select(op => op[4..])] : allowed));
        _reader.Take();
        return word switch
        {
            "in" => List(column),
            "between" => Between(column),
            _ => Pattern(column, ignoreCase: word == "ilike"),
        };
    }

    /// <summary>Both ends belong to it, as in SQL.</summary>
    private AllOf? Between(SearchColumn column)
    {
        if (Compared(column, CompareOp.GreaterOrEqual) is not { } least)
            return null;
        if (!_reader.TakeWord("and"))
        {
            _reader.Unexpected(new Expectation(["and"]));
            return null;
        }

        var token = _reader.Peek;
        if (Compared(column, CompareOp.LessOrEqual) is not { } most)
            return null;
        if (least is Compare { Value: var from } && most is Compare { Value: var to } && from.GetType() != to.GetType())
        {
            _reader.Fail(token, "Both ends are either numbers or texts.");
            return null;
        }

        return new AllOf([least, most]);
    }

    private FilterNode? Pattern(SearchColumn column, bool ignoreCase)
    {
        var token = _reader.Peek;
        if (token.Kind != FilterTokenKind.Text)
            return Refused(new Expectation(["a pattern in quotes, with % for any characters and _ for one"]));
        if (token.Text.Count(c => c is '%') > MaxWildcards)
        {
            _reader.Fail(token, $"A pattern may have at most {MaxWildcards} times %.");
            return null;
        }

        if (token.Text.Length > MaxPattern)
        {
            _reader.Fail(token, $"A pattern may have at most {MaxPattern} characters.");
            return null;
        }

        _reader.Take();
        return new Like(column, token.Text, ignoreCase);
    }

    private FilterNode? List(SearchColumn column)
    {
        if (!_reader.TakeSymbol("("))
            return Refused(new Expectation(["("]));
        var values = new List<object>();
        _values.InList = true;
        do
        {
            var token = _reader.Peek;
            if (Value(column, CompareOp.Equal) is not { } value)
                return null;
            if (values.Count > 0 && value.GetType() != values[0].GetType())
            {
                _reader.Fail(token, "A list holds either numbers or texts, not both.");
                return null;
            }

            if (values.Count == MaxListed)
            {
                _reader.Fail(token, $"A list may have at most {MaxListed} values.");
                return null;
            }

            values.Add(value);
        }
        while (_reader.TakeSymbol(","));
        _values.InList = false;
        return _reader.TakeSymbol(")") ? new OneOf(column, values) : Refused(new Expectation([",", ")"]));
    }

    private FilterNode? Comparison(SearchColumn column, CompareOp op)
    {
        var symbol = _reader.Take();
        if (!OperatorsOf(column).Contains(Ordering[(int)op]))
        {
            _reader.Fail(symbol, $"{column} has no order; compare it with {string.Join(", ", OperatorsOf(column))}.", OperatorsOf(column));
            return null;
        }

        return Compared(column, op);
    }

    private FilterNode? Compared(SearchColumn column, CompareOp op)
    {
        var token = _reader.Peek;
        if (Value(column, op) is not { } value)
            return null;
        // Texts have an order of their own, in which '10' comes before '9'.
        if (op >= CompareOp.Less && column.Kind == ColumnKind.Param && value is string text && double.TryParse(text, CultureInfo.InvariantCulture, out _))
        {
            _reader.Fail(token, $"In quotes it is compared as text, where '10' comes before '9'. Write {text} without quotes.", ["a number"], text);
            return null;
        }

        return value switch
        {
            Day day => OfDay(column, op, day),
            bool wanted => wanted == (op == CompareOp.Equal) ? new Not(new IsMissing(column)) : new IsMissing(column),
            _ => new Compare(column, op, value),
        };
    }

    private static FilterNode OfDay(SearchColumn column, CompareOp op, Day day) => op switch
    {
        CompareOp.Equal => new AllOf([new Compare(column, CompareOp.GreaterOrEqual, day.Start), new Compare(column, CompareOp.Less, day.End)]),
        CompareOp.NotEqual => new AnyOf([new Compare(column, CompareOp.Less, day.Start), new Compare(column, CompareOp.GreaterOrEqual, day.End)]),
        CompareOp.Greater => new Compare(column, CompareOp.GreaterOrEqual, day.End),
        CompareOp.LessOrEqual => new Compare(column, CompareOp.Less, day.End),
        _ => new Compare(column, op, day.Start),
    };
}
