namespace ExperimentHub.Tracking.Search;

/// <summary>Reads lists with commas: an order such as <c>best(metrics.test_accuracy) desc, params.lr</c>, and columns.</summary>
internal static class OrderParser
{
    public const int MaxTerms = 8;
    public const int MaxColumns = 200;

    public static (IReadOnlyList<OrderTerm> Terms, IReadOnlyList<ColumnUse> Uses, SearchProblem? Problem) ReadOrder(string text)
    {
        List<OrderTerm> terms = [];
        List<ColumnUse> uses = [];
        var problem = Read("orderBy", text, MaxTerms, uses, ["asc", "desc"], (column, reader) =>
        {
            var descending = reader.TakeWord("desc");
            if (!descending)
                reader.TakeWord("asc");
            // A second time it could not change anything.
            if (terms.TrueForAll(term => term.Column != column))
                terms.Add(new OrderTerm(column, descending));
        });
        return (terms, uses, problem);
    }

    public static (IReadOnlyList<SearchColumn> Columns, IReadOnlyList<ColumnUse> Uses, SearchProblem? Problem) ReadColumns(string field, string text)
    {
        List<SearchColumn> columns = [];
        List<ColumnUse> uses = [];
        var problem = Read(field, text, MaxColumns, uses, [], (column, _) => columns.Add(column));
        return (columns, uses, problem);
    }

    private static SearchProblem? Read(string field, string text, int most, List<ColumnUse> uses, string[] words,
        Action<SearchColumn, TokenReader> add)
    {
        if (text.Length > FilterParser.MaxLength)
            return FilterParser.TooLong(field, text);
        var reader = new TokenReader(field, text);
        if (reader.Peek.Kind == FilterTokenKind.End)
            return null;
        do
        {
            var start = reader.Peek;
            if (ColumnParser.Read(reader, uses) is not { } column)
                return reader.Problem;
            if (uses.Count > most)
            {
                reader.Fail(start, $"At most {most} columns fit here.");
                return reader.Problem;
            }

            add(column, reader);
        }
        while (reader.TakeSymbol(","));
        if (reader.Peek.Kind != FilterTokenKind.End)
            reader.Unexpected(new Expectation([.. words, ",", "the end"]));
        return reader.Problem;
    }
}
