using System.Globalization;

namespace ExperimentHub.Tracking.Search;

/// <summary>A whole day in UTC, which a date without a time stands for.</summary>
internal sealed record Day(DateTime Start)
{
    public DateTime End => Start.AddDays(1);
}

/// <summary>What kind of values a column has; of an attribute its own type.</summary>
internal enum ValueType
{
    Number,
    Duration,
    Text,
    Time,
    Word,
    Flag,

    /// <summary>A hyperparameter: each value is a text, and many are numbers as well.</summary>
    Either,
}

/// <summary>Reads values and makes them fit their column: a double, a string, a DateTime, a <see cref="Day"/> or a bool comes back.</summary>
internal sealed class ValueParser(TokenReader reader, DateTime now)
{
    private static readonly string[] DayFormats = ["yyyy-MM-dd"];

    private static readonly string[] TimeFormats =
    [
        .. from separator in new[] { "'T'", " " }
           from time in new[] { "HH:mm", "HH:mm:ss", "HH:mm:ss.FFFFFFF" }
           from zone in new[] { "", "K", "zzz" }
           select $"yyyy-MM-dd{separator}{time}{zone}",
    ];

    /// <summary>The values stand in a list with commas between them.</summary>
    public bool InList { get; set; }

    public static ValueType TypeOf(SearchColumn column) => column.Kind switch
    {
        ColumnKind.Metric => ValueType.Number,
        ColumnKind.Param => ValueType.Either,
        ColumnKind.Tag => ValueType.Text,
        _ => RunAttributes.Find(column.Name)!.Type switch
        {
            AttributeType.Number => ValueType.Number,
            AttributeType.Duration => ValueType.Duration,
            AttributeType.Time => ValueType.Time,
            AttributeType.Word => ValueType.Word,
            AttributeType.Flag => ValueType.Flag,
            _ => ValueType.Text,
        },
    };

    /// <summary>Words that may stand where a value of the column belongs.</summary>
    public static IReadOnlyList<string> WordsFor(SearchColumn column) => TypeOf(column) switch
    {
        ValueType.Word => [.. RunAttributes.Find(column.Name)!.Words!.Keys],
        ValueType.Flag => ["true", "false"],
        ValueType.Time => ["now()", "now() - 7d"],
        _ => [],
    };

    /// <returns>null where there is no value that fits, and then the reader has the problem.</returns>
    public object? Read(SearchColumn column)
    {
        var start = reader.Peek;
        var sign = reader.Peek.Is("-") ? -1 : 1;
        if (reader.Peek.Is("-") || reader.Peek.Is("+"))
            reader.Take();
        var token = reader.Peek;
        var signed = token.Position != start.Position;
        if (signed && !token.IsNumeric && !IsInfinity(token))
        {
            reader.Unexpected(new Expectation(["a number"]));
            return null;
        }

        if (token.IsWord("now"))
            return Now(column, start);
        var value = token.Kind switch
        {
            _ when token.IsNumeric => Number(column, token, sign),
            FilterTokenKind.Text => Text(column, token),
            FilterTokenKind.Name when IsInfinity(token) && TypeOf(column) is ValueType.Number or ValueType.Duration or ValueType.Either =>
                sign * double.PositiveInfinity,
            FilterTokenKind.Name when TypeOf(column) == ValueType.Word => Text(column, token),
            FilterTokenKind.Name when token.IsWord("true") || token.IsWord("false") => Truth(column, token),
            _ => null,
        };
        if (value is not null)
            reader.Take();
        else if (token is { Kind: FilterTokenKind.Name, Prefix: null, Quote: '\0' } && TypeOf(column) is ValueType.Text or ValueType.Either)
            reader.Fail(token, $"Put the text in quotes: '{token.Text}'.", ["a text in quotes"], $"'{token.Text}'");
        else
            reader.Unexpected(new Expectation(WordsFor(column), ValuesOf: column));
        return value;
    }

    private static bool IsInfinity(FilterToken token) => token.IsWord("inf") || token.IsWord("infinity");

    private object? Number(SearchColumn column, FilterToken token, int sign)
    {
        switch (TypeOf(column))
        {
            case ValueType.Number or ValueType.Either when Quantity.Of(column, token) is { } number:
                return Separated(token) ? null : sign * number;
            case ValueType.Number or ValueType.Either:
                reader.Fail(token, $"{column} is a number without such a unit; write it without '{token.Unit ?? "units"}'.", ["a number"]);
                return null;
            case ValueType.Duration when token.Kind is FilterTokenKind.Number or FilterTokenKind.Duration:
                return sign * token.Number;
            case ValueType.Duration:
                reader.Fail(token, $"{column} is a duration, and {token.Text} is none. Write seconds, or a duration such as 90s, 1h30m or 1 m 23 s.",
                    ["a duration"]);
                return null;
            case ValueType.Text when token.Kind == FilterTokenKind.Number && token.Unit is null:
                return sign < 0 ? $"-{token.Text}" : token.Text;
            case ValueType.Text:
                reader.Fail(token, $"Put the text in quotes: '{token.Text}'.", ["a text in quotes"], $"'{token.Text}'");
                return null;
            // As the pages say it: 2 h ago.
            case ValueType.Time when token.Kind == FilterTokenKind.Duration && reader.PeekAfter.IsWord("ago"):
                var then = Moved(token, -1);
                if (then is not null)
                    reader.Take();
                return then;
            case ValueType.Time when token.Kind == FilterTokenKind.Duration:
                reader.Fail(token, $"A time is needed here, and {token.Text} is a duration. Write now() - {token.Text}.", ["a time"],
                    $"now() - {token.Text}");
                return null;
            // As MLflow counts time.
            case ValueType.Time when token.Kind == FilterTokenKind.Number && sign * token.Number is >= -62_135_596_800_000 and <= 253_402_300_799_999:
                return DateTimeOffset.FromUnixTimeMilliseconds((long)(sign * token.Number)).UtcDateTime;
            default:
                return null;
        }
    }

    /// <summary>
    /// Pages write 12,345, where a comma would end the number: then the reader says how to write it. Within a list it is the next value.
    /// </summary>
    private bool Separated(FilterToken token)
    {
        if (InList || token.Text.Length > 3 || token.Unit is not null)
            return false;
        var (groups, end) = (token.Text, token.After);
        for (var ahead = 1; reader.PeekAt(ahead) is var comma && comma.Is(",") && comma.Position == end
            && reader.PeekAt(ahead + 1) is { Kind: FilterTokenKind.Number, Text.Length: 3, Unit: null } group
            && group.Position == comma.After; ahead += 2)
            (groups, end) = (groups + group.Text, group.After);
        if (end == token.After)
            return false;
        reader.Fail(token.Position, end - token.Position, $"Write the number without separators: {groups}.", ["a number"], groups);
        return true;
    }

    private object? Text(SearchColumn column, FilterToken token)
    {
        switch (TypeOf(column))
        {
            case ValueType.Text or ValueType.Either:
                return token.Text;
            case ValueType.Word:
                var words = RunAttributes.Find(column.Name)!.Words!;
                if (words.TryGetValue(token.Text, out var kept))
                    return kept;
                var nearest = NearestName.Of(token.Text, words.Keys);
                reader.Fail(token,
                    $"'{token.Text}' is no {column.Name}.{(nearest is null ? "" : $" Did you mean {nearest}?")} Use one of: {string.Join(", ", words.Keys)}.", [.. words.Keys], nearest);
                return null;
            case ValueType.Time:
                if (Time(token.Text) is { } time)
                    return time;
                reader.Fail(token, $"'{token.Text}' is no time. Write '2026-11-24', '2026-11-24T18:30:00Z' or now() - 7d.", ["a time"]);
                return null;
            case ValueType.Number or ValueType.Duration:
                reader.Fail(token, $"{column} is a number; write one without quotes.", ["a number"],
                    double.TryParse(token.Text, CultureInfo.InvariantCulture, out _) ? token.Text : null);
                return null;
            default:
                return null;
        }
    }

    private static object? Truth(SearchColumn column, FilterToken token) => TypeOf(column) switch
    {
        ValueType.Flag => token.IsWord("true"),
        ValueType.Either or ValueType.Text => token.Text.ToLowerInvariant(),
        _ => null,
    };

    private static object? Time(string text)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTime.TryParseExact(text, DayFormats, CultureInfo.InvariantCulture, Utc, out var day) && day < DateTime.MaxValue.Date)
            return new Day(day);
        return DateTime.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, Utc, out var time) ? time : null;
    }

    /// <summary><c>now()</c>, <c>now() - 7d</c>, <c>now() + 1h</c>.</summary>
    private DateTime? Now(SearchColumn column, FilterToken start)
    {
        if (TypeOf(column) != ValueType.Time)
        {
            reader.Fail(start, $"now() is a time, and {column} is none.", [$"a value of {column}"]);
            return null;
        }

        reader.Take();
        if (!reader.TakeSymbol("(") || !reader.TakeSymbol(")"))
        {
            reader.Unexpected(new Expectation(["now()"]));
            return null;
        }

        var sign = reader.Peek.Is("-") ? -1 : reader.Peek.Is("+") ? 1 : 0;
        if (sign == 0)
            return now;
        reader.Take();
        if (reader.Peek.Kind != FilterTokenKind.Duration)
        {
            reader.Unexpected(new Expectation(["a duration such as 7d, 12h or 30m"]));
            return null;
        }

        var then = Moved(reader.Peek, sign);
        if (then is not null)
            reader.Take();
        return then;
    }

    /// <summary>So much before or after now; null where that is no time, and then the reader has the problem.</summary>
    private DateTime? Moved(FilterToken duration, int sign)
    {
        var moved = now.Ticks + (sign * duration.Number * TimeSpan.TicksPerSecond);
        if (moved > DateTime.MinValue.Ticks && moved < DateTime.MaxValue.Ticks)
            return new DateTime((long)moved, DateTimeKind.Utc);
        reader.Fail(duration, "That is further away than any run.");
        return null;
    }
}
