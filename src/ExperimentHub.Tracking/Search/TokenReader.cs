
namespace ExperimentHub.Tracking.Search;

/// <summary>What may stand at a place of a search.</summary>
/// <param name="Words">Keywords, operators and the like.</param>
/// <param name="Columns">Any column.</param>
/// <param name="ValuesOf">A value of this column.</param>
internal sealed record Expectation(IReadOnlyList<string> Words, bool Columns = false, SearchColumn? ValuesOf = null)
{
    public IReadOnlyList<string> Allowed =>
        [.. Columns ? ["a column"] : Array.Empty<string>(), .. ValuesOf is null ? [] : new[] { $"a value of {ValuesOf}" }, .. Words];
}

/// <summary>Walks over the tokens of one part of a search and keeps the first problem that is found.</summary>
internal sealed class TokenReader(string field, string text)
{
    private readonly List<FilterToken> _tokens = FilterLexer.Read(text);
    private int _next;

    public FilterToken Peek => _tokens[_next];

    public FilterToken PeekAfter => PeekAt(1);

    /// <param name="ahead">0 is <see cref="Peek"/>.</param>
    public FilterToken PeekAt(int ahead) => _tokens[Math.Min(_next + ahead, _tokens.Count - 1)];

    /// <summary>Where what was taken last ends.</summary>
    public int TakenTo => _next == 0 ? 0 : _tokens[_next - 1].After;

    public SearchProblem? Problem { get; private set; }

    /// <summary>What may stand where the text ends; known once it was read to its end.</summary>
    public Expectation? AtEnd { get; private set; }

    public FilterToken Take() => Peek.Kind == FilterTokenKind.End ? Peek : _tokens[_next++];

    public bool TakeSymbol(string symbol) => Skip(Peek.Is(symbol));

    public bool TakeWord(string keyword) => Skip(Peek.IsWord(keyword));

    /// <summary>Notes what may come next, where the text could go on but need not.</summary>
    public void MayGoOn(Expectation expectation)
    {
        if (Peek.Kind == FilterTokenKind.End)
            AtEnd = expectation;
    }

    /// <summary>The next token does not belong there.</summary>
    public void Unexpected(Expectation expectation)
    {
        var token = Peek;
        if (token.Kind == FilterTokenKind.End)
            AtEnd ??= expectation;
        var allowed = expectation.Allowed;
        var choice = allowed.Count == 1 ? allowed[0] : $"{string.Join(", ", allowed.SkipLast(1))} or {allowed[^1]}";
        var nearest = token is { Kind: FilterTokenKind.Name, Prefix: null } ? NearestName.Of(token.Text, expectation.Words) : null;
        var message = token.Kind switch
        {
            FilterTokenKind.Bad => token.Text,
            FilterTokenKind.End => $"The filter ends too early: {choice} is missing.",
            _ => $"Found {Shown(token)} where {choice} belongs.{(nearest is null ? "" : $" Did you mean {nearest}?")}",
        };
        Fail(token.Position, token.Length, message, allowed, nearest);
    }

    public void Fail(FilterToken token, string message, IReadOnlyList<string>? allowed = null, string? didYouMean = null) =>
        Fail(token.Position, token.Length, message, allowed ?? [], didYouMean);

    public void Fail(int position, int length, string message, IReadOnlyList<string> allowed, string? didYouMean = null) =>
        Problem ??= new SearchProblem(field, position, length, message, text.Substring(position, length), allowed, didYouMean);

    /// <summary>The token is no attribute, and may be the name of something that only the database knows.</summary>
    public void FailUnknown(FilterToken token, string message, UnknownName unknown, IReadOnlyList<string> allowed, string? didYouMean) =>
        Problem ??= new SearchProblem(field, token.Position, token.Length, message, text.Substring(token.Position, token.Length), allowed,
            didYouMean)
        { Unknown = unknown };

    private string Shown(FilterToken token)
    {
        var shown = text.Substring(token.Position, token.Length);
        return shown.Length > 40 ? $"{shown[..39]}…" : shown;
    }

    private bool Skip(bool found)
    {
        if (found)
            _next++;
        return found;
    }
}
