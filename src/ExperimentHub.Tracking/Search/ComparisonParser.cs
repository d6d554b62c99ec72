using System.Globalization;

namespace ExperimentHub.Tracking.Search;

/// <summary>Reads what stands after a column's name: an operator with its value, pattern, list or range.</summary>
internal sealed class ComparisonParser(TokenReader reader, ValueParser values)
{
    public const int MaxListed = 500;
    public const int MaxWildcards = 20;

    /// <summary>Characters. Comparing one value takes up to its length times the pattern's, and cannot be interrupted.</summary>
    public const int MaxPattern = 500;

    private static readonly string[] Ordering = ["=", "!=", "<", "<=", ">", ">="];

    private readonly List<ComparedNumber> _numbers = [];

    /// <summary>The numbers of the comparison that was read last.</summary>
    public IReadOnlyList<ComparedNumber> Numbers => _numbers;

    /// <returns>null where it cannot be understood; the reader knows why.</returns>
    public FilterNode? Read(SearchColumn column)
    {
        _numbers.Clear();
        return reader.Peek switch
        {
            var token when token.IsWord("is") => Presence(column),
            var token when token.IsWord("not") => NotListed(column),
            var token when token.IsWord("in") || token.IsWord("like") || token.IsWord("ilike") || token.IsWord("between") =>
                Listed(column, negated: false),
            { Kind: FilterTokenKind.Symbol } symbol when OperatorOf(symbol.Text) is { } op => Comparison(column, op),
            _ => Refused(new Expectation(OperatorsOf(column))),
        };
    }

    /// <summary>A value of the column; a number is noted with how it is compared.</summary>
    private object? Value(SearchColumn column, CompareOp op)
    {
        var start = reader.Peek;
        var written = start.IsNumeric ? start : reader.PeekAfter;
        var value = values.Read(column);
        if (value is double number)
            _numbers.Add(new ComparedNumber(op, number, start.Position, reader.TakenTo,
                IsBare: written is { Kind: FilterTokenKind.Number, Unit: null }));
        return value;
    }

    private FilterNode? Refused(Expectation expectation)
    {
        reader.Unexpected(expectation);
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
        reader.Take();
        var negated = reader.TakeWord("not");
        if (!reader.TakeWord("null"))
            return Refused(new Expectation(negated ? ["null"] : ["null", "not null"]));
        return negated ? new Not(new IsMissing(column)) : new IsMissing(column);
    }

    private Not? NotListed(SearchColumn column)
    {
        reader.Take();
        return Listed(column, negated: true) is { } listed ? new Not(listed) : null;
    }

    private FilterNode? Listed(SearchColumn column, bool negated)
    {
        var word = reader.Peek.Kind == FilterTokenKind.Name ? reader.Peek.Text.ToLowerInvariant() : "";
        var allowed = OperatorsOf(column).Select(op => op.Replace(" (", "", StringComparison.Ordinal)).ToList();
        if (!allowed.Contains(negated ? $"not {word}" : word))
            return Refused(
                new Expectation(negated ? [.. allowed.Where(op => op.StartsWith("not ", StringComparison.Ordinal)).Select(op => op[4..])] : allowed));
        reader.Take();
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
        if (!reader.TakeWord("and"))
        {
            reader.Unexpected(new Expectation(["and"]));
            return null;
        }

        var token = reader.Peek;
        if (Compared(column, CompareOp.LessOrEqual) is not { } most)
            return null;
        if (least is Compare { Value: var from } && most is Compare { Value: var to } && from.GetType() != to.GetType())
        {
            reader.Fail(token, "Both ends are either numbers or texts.");
            return null;
        }

        return new AllOf([least, most]);
    }

    private FilterNode? Pattern(SearchColumn column, bool ignoreCase)
    {
        var token = reader.Peek;
        if (token.Kind != FilterTokenKind.Text)
            return Refused(new Expectation(["a pattern in quotes, with % for any characters and _ for one"]));
        if (token.Text.Count(c => c is '%') > MaxWildcards)
        {
            reader.Fail(token, $"A pattern may have at most {MaxWildcards} times %.");
            return null;
        }

        if (token.Text.Length > MaxPattern)
        {
            reader.Fail(token, $"A pattern may have at most {MaxPattern} characters.");
            return null;
        }

        reader.Take();
        return new Like(column, token.Text, ignoreCase);
    }

    private FilterNode? List(SearchColumn column)
    {
        if (!reader.TakeSymbol("("))
            return Refused(new Expectation(["("]));
        var listed = new List<object>();
        values.InList = true;
        do
        {
            var token = reader.Peek;
            if (Value(column, CompareOp.Equal) is not { } value)
                return null;
            if (listed.Count > 0 && value.GetType() != listed[0].GetType())
            {
                reader.Fail(token, "A list holds either numbers or texts, not both.");
                return null;
            }

            if (listed.Count == MaxListed)
            {
                reader.Fail(token, $"A list may have at most {MaxListed} values.");
                return null;
            }

            listed.Add(value);
        }
        while (reader.TakeSymbol(","));
        values.InList = false;
        return reader.TakeSymbol(")") ? new OneOf(column, listed) : Refused(new Expectation([",", ")"]));
    }

    private FilterNode? Comparison(SearchColumn column, CompareOp op)
    {
        var symbol = reader.Take();
        if (!OperatorsOf(column).Contains(Ordering[(int)op]))
        {
            reader.Fail(symbol, $"{column} has no order; compare it with {string.Join(", ", OperatorsOf(column))}.", OperatorsOf(column));
            return null;
        }

        return Compared(column, op);
    }

    private FilterNode? Compared(SearchColumn column, CompareOp op)
    {
        var token = reader.Peek;
        if (Value(column, op) is not { } value)
            return null;
        // Texts have an order of their own, in which '10' comes before '9'.
        if (op >= CompareOp.Less && column.Kind == ColumnKind.Param && value is string text
            && double.TryParse(text, CultureInfo.InvariantCulture, out _))
        {
            reader.Fail(token, $"In quotes it is compared as text, where '10' comes before '9'. Write {text} without quotes.", ["a number"], text);
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
