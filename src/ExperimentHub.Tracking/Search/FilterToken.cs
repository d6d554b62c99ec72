namespace ExperimentHub.Tracking.Search;

internal enum FilterTokenKind
{
    /// <summary>A name or a keyword; <see cref="FilterToken.Prefix"/> is what stands before its first dot.</summary>
    Name,

    /// <summary>In quotes, single or double. Where a name belongs, a double-quoted text is one.</summary>
    Text,

    Number,

    /// <summary><see cref="FilterToken.Number"/> is in seconds.</summary>
    Duration,

    /// <summary><see cref="FilterToken.Number"/> is as it is written: 95 of <c>95%</c>.</summary>
    Percent,

    /// <summary><see cref="FilterToken.Number"/> is in bytes.</summary>
    Size,

    Symbol,

    /// <summary>Cannot be read; <see cref="FilterToken.Text"/> says why, as a sentence.</summary>
    Bad,

    End,
}

/// <summary>The smallest part of a filter that means something.</summary>
/// <param name="Position">Of its first character, counted from 0.</param>
/// <param name="Length">In characters, quotes included.</param>
/// <param name="Text">What it says, without quotes.</param>
/// <param name="Prefix">Of a name such as <c>metrics.loss</c>: <c>metrics</c>; null without a dot.</param>
/// <param name="Quote">How it was quoted; 0 where it was not.</param>
internal readonly record struct FilterToken(FilterTokenKind Kind, int Position, int Length, string Text, double Number = 0, string? Prefix = null,
    char Quote = '\0')
{
    public int After => Position + Length;

    /// <summary>The one unit that a number was written with; null without one, and of a duration of several parts.</summary>
    public string? Unit { get; init; }

    public bool IsNumeric => Kind is FilterTokenKind.Number or FilterTokenKind.Duration or FilterTokenKind.Percent or FilterTokenKind.Size;

    public bool Is(string symbol) => Kind == FilterTokenKind.Symbol && Text == symbol;

    /// <summary>Keywords are names without dot and quotes, in any case.</summary>
    public bool IsWord(string keyword) =>
        Kind == FilterTokenKind.Name && Prefix is null && Quote == '\0' && Text.Equals(keyword, StringComparison.OrdinalIgnoreCase);
}
