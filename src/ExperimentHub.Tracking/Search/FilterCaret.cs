namespace ExperimentHub.Tracking.Search;

/// <summary>What somebody is typing in a filter.</summary>
/// <param name="From">Where the word under the caret begins; the caret itself where there is none.</param>
/// <param name="Length">Of that word, to be replaced.</param>
/// <param name="Typed">What of it stands before the caret, without quotes.</param>
/// <param name="Expected">What may stand there; null where what comes before cannot be understood.</param>
internal sealed record FilterCaret(int From, int Length, string Typed, Expectation? Expected)
{
    public static FilterCaret At(string text, int caret)
    {
        caret = Math.Clamp(caret, 0, Math.Min(text.Length, FilterParser.MaxLength));
        var tokens = FilterLexer.Read(text.AsSpan(0, caret));
        var last = tokens.Count > 1 ? tokens[^2] : tokens[^1];
        // A name may go on, and so may a number and a text that is not closed.
        var unfinished = last.After == caret && (last.IsNumeric || last.Kind is FilterTokenKind.Name or FilterTokenKind.Bad);
        var from = unfinished ? last.Position : caret;
        var (_, problem, expected) = FilterParser.Parse(text[..from], DateTime.UnixEpoch);
        if (problem is not null && problem.Position < text[..from].TrimEnd().Length)
            expected = null;
        var whole = FilterLexer.Read(text).FirstOrDefault(token => token.Position == from);
        return new FilterCaret(from, unfinished ? Math.Max(whole.Length, caret - from) : 0, text[from..caret].Trim('\'', '"', '`'), expected);
    }
}
