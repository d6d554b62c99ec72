using System.Globalization;
using System.Text;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// Cuts a filter into tokens. It never fails: what cannot be read becomes a bad token, so that everything before it can still be understood.
/// </summary>
internal ref struct FilterLexer
{
    private static readonly string[] Symbols = ["<=", ">=", "!=", "<>", "==", "<", ">", "=", "(", ")", ",", "-", "+"];

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private FilterLexer(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The last token is always the end.</summary>
    public static List<FilterToken> Read(ReadOnlySpan<char> text)
    {
        var lexer = new FilterLexer(text);
        var tokens = new List<FilterToken>();
        do
            tokens.Add(lexer.Next());
        while (tokens[^1].Kind != FilterTokenKind.End);
        return tokens;
    }

    public static bool IsWordStart(char c) => char.IsLetter(c) || c == '_';

    public static bool IsWordPart(char c) => char.IsLetterOrDigit(c) || c is '_' or '/';

    private readonly char Here => At(_at);

    private readonly char At(int position) => position < _text.Length ? _text[position] : '\0';

    private FilterToken Next()
    {
        while (char.IsWhiteSpace(Here))
            _at++;
        var start = _at;
        if (start >= _text.Length)
            return new FilterToken(FilterTokenKind.End, _text.Length, 0, "");
        if (Here is '\'' or '"')
            return Text();
        if (IsWordStart(Here) || Here == '`')
            return Name();
        if (char.IsAsciiDigit(Here) || (Here == '.' && char.IsAsciiDigit(At(_at + 1))))
            return Number();
        foreach (var symbol in Symbols)
        {
            if (!_text[_at..].StartsWith(symbol))
                continue;
            _at += symbol.Length;
            return new FilterToken(FilterTokenKind.Symbol, start, symbol.Length, symbol);
        }

        // A character may be half of a surrogate pair; both halves are wrong together.
        _at += char.IsHighSurrogate(Here) && char.IsLowSurrogate(At(_at + 1)) ? 2 : 1;
        return Bad(start, $"'{_text[start.._at]}' means nothing here; put names in `backticks` and texts in 'quotes'.");
    }

    private readonly FilterToken Bad(int start, string why) => new(FilterTokenKind.Bad, start, _at - start, why);

    private FilterToken Text()
    {
        var (start, quote) = (_at, Here);
        return Quoted() is { } text
            ? new FilterToken(FilterTokenKind.Text, start, _at - start, text, Quote: quote)
            : Bad(start, $"The text is not closed; end it with {quote}.");
    }

    /// <summary>What stands between quotes; a doubled quote stands for itself. Null where it is not closed.</summary>
    private string? Quoted()
    {
        var quote = _text[_at++];
        var text = new StringBuilder();
        for (; _at < _text.Length; _at++)
        {
            if (_text[_at] == quote && At(++_at) != quote)
                return text.ToString();
            text.Append(_text[_at]);
        }

        return null;
    }

    private FilterToken Name()
    {
        var start = _at;
        var quote = Here == '`' ? '`' : '\0';
        if (Segment() is not { } first)
            return Bad(start, "The name is not closed; end it with `.");
        if (Here != '.')
            return new FilterToken(FilterTokenKind.Name, start, _at - start, first, Quote: quote);
        var rest = new StringBuilder();
        while (Here == '.')
        {
            if (rest.Length > 0)
                rest.Append('.');
            _at++;
            var quoted = Here;
            if (Segment() is not { } segment)
                return Bad(start, $"The name is not closed; end it with {quoted}.");
            rest.Append(segment);
        }

        return new FilterToken(FilterTokenKind.Name, start, _at - start, rest.ToString(), Prefix: first, Quote: quote);
    }

    private string? Segment()
    {
        if (Here is '`' or '"')
            return Quoted();
        var start = _at;
        while (IsWordPart(Here) || (Here == '-' && _at > start && IsWordPart(At(_at + 1))))
            _at++;
        return _text[start.._at].ToString();
    }

    /// <summary>A number, alone or with its unit, which may stand apart from it as on the pages: <c>95 %</c>, <c>1 m 23 s</c>.</summary>
    private FilterToken Number()
    {
        var start = _at;
        var figure = Figure();
        if (!double.IsFinite(figure))
            return Bad(start, "The number is too large.");
        if (TakePercent())
            return Found(FilterTokenKind.Percent, start, figure, "%");
        if (TakeUnit() is not { } unit)
            return IsWordStart(Here) ? BadUnit(start) : Found(FilterTokenKind.Number, start, figure, null);
        if (Units.Bytes(unit) is { } bytes)
            return Found(FilterTokenKind.Size, start, figure * bytes, unit);
        return Units.Seconds(unit) is { } length
            ? Duration(start, figure * length, unit) : Found(FilterTokenKind.Number, start, figure * Units.Multiple(unit)!.Value, unit);
    }

    /// <summary>1h30m is one duration: figures and units in turn.</summary>
    private FilterToken Duration(int start, double seconds, string unit)
    {
        string? single = unit;
        while (true)
        {
            var end = _at;
            while (char.IsWhiteSpace(Here))
                _at++;
            if (!char.IsAsciiDigit(Here))
            {
                _at = end;
                return Found(FilterTokenKind.Duration, start, seconds, single);
            }

            var apart = _at > end;
            var figure = Figure();
            if (TakeUnit() is { } next && Units.Seconds(next) is { } length)
            {
                (seconds, single) = (seconds + (figure * length), null);
                continue;
            }

            if (!apart)
                return BadUnit(start);
            _at = end;
            return Found(FilterTokenKind.Duration, start, seconds, single);
        }
    }

    private readonly FilterToken Found(FilterTokenKind kind, int start, double number, string? unit) =>
        double.IsFinite(number) ? new FilterToken(kind, start, _at - start, _text[start.._at].ToString(), number) { Unit = unit } : Bad(start,
            "The number is too large.");

    private FilterToken BadUnit(int start)
    {
        while (IsWordPart(Here))
            _at++;
        return Bad(start, $"'{_text[start.._at]}' is neither a number nor a duration; {Units.Allowed}.");
    }

    private bool TakePercent()
    {
        var at = AfterSpace();
        if (At(at) != '%')
            return false;
        _at = at + 1;
        return true;
    }

    /// <summary>The unit that follows; null where the next word is none.</summary>
    private string? TakeUnit()
    {
        var from = AfterSpace();
        var to = from;
        while (char.IsLetter(At(to)))
            to++;
        var unit = _text[from..to].ToString();
        if (!Units.Contains(unit) || At(to) is '_' or '/' or '.')
            return null;
        _at = to;
        return unit;
    }

    private readonly int AfterSpace()
    {
        var at = _at;
        while (char.IsWhiteSpace(At(at)))
            at++;
        return at;
    }

    private double Figure()
    {
        var start = _at;
        Digits();
        if (Here == '.')
        {
            _at++;
            Digits();
        }

        var sign = At(_at + 1) is '+' or '-' ? 1 : 0;
        if (Here is 'e' or 'E' && char.IsAsciiDigit(At(_at + 1 + sign)))
        {
            _at += 1 + sign;
            Digits();
        }

        return double.Parse(_text[start.._at], NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    private void Digits()
    {
        while (char.IsAsciiDigit(Here))
            _at++;
    }
}
