using System.Globalization;
using System.Text;

namespace ExperimentHub.Tracking.Names;

/// <summary>
/// The one rule for what people call things: experiments, runs, tags and their values, views, data sets, classes. Any script and any sign that is
/// seen; composed (NFC) and trimmed; compared without regard to case; its limits in characters as a person counts them.
/// </summary>
public static class NameRule
{
    /// <summary>
    /// UTF-16 units of one character, at most and on average: a syllable of Hindi has up to 8, a family of four 11. Without it one character could be
    /// a megabyte of accents.
    /// </summary>
    public const int UnitsPerCharacter = 8;

    /// <summary>
    /// Stands behind the key of a name that an older hub kept beside another, before a number that tells the two apart; no key of a new name has it.
    /// </summary>
    public const char Mark = '\u0001';

    private const char ZeroWidthNonJoiner = '\u200c', ZeroWidthJoiner = '\u200d', ByteOrderMark = '\ufeff';

    // Tags make flags such as Scotland's.
    private const int FirstTag = 0xe0020, LastTag = 0xe007f;

    /// <summary>The most UTF-16 units of a name with this many characters.</summary>
    public static int MaxUnits(int characters) => characters * UnitsPerCharacter;

    /// <summary>Characters as a person counts them: extended grapheme clusters.</summary>
    public static int Length(string text) => Ascii.IsValid(text) ? text.Length : new StringInfo(text).LengthInTextElements;

    /// <summary>
    /// Composed and without white space or a byte order mark at its ends. Text that is no Unicode comes back as it is; <see cref="Problem"/> refuses
    /// it.
    /// </summary>
    public static string Tidied(string? typed)
    {
        var text = typed ?? "";
        var trimmed = text.AsSpan();
        while (trimmed.Length > 0 && Outside(trimmed[0]))
            trimmed = trimmed[1..];
        while (trimmed.Length > 0 && Outside(trimmed[^1]))
            trimmed = trimmed[..^1];
        return Composed(trimmed.Length == text.Length ? text : trimmed.ToString());

        static bool Outside(char c) => char.IsWhiteSpace(c) || c == ByteOrderMark;
    }

    /// <summary>
    /// What is wrong with a name, to go on after "The experiment's name"; null where it can be used. It is judged as <see cref="Tidied"/>.
    /// </summary>
    /// <param name="most">In characters.</param>
    public static string? Problem(string? typed, int most)
    {
        var name = Tidied(typed);
        return name.Length == 0 ? "is missing." : TextProblem(name, most, lines: false);
    }

    /// <summary>The same for a text that may be empty.</summary>
    /// <param name="lines">It may have several lines and tabs, as notes have.</param>
    public static string? TextProblem(string text, int most, bool lines)
    {
        if (text.Length > most && Length(text) is var length && (length > most || text.Length > MaxUnits(most)))
            return length > most
                ? $"may have at most {most:N0} characters; this one has {length:N0}."
                : $"has {text.Length:N0} code units, which is too much for {length:N0} characters.";
        for (var i = 0; i < text.Length; i++)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune))
                return "has half of a character in it (a lone surrogate). Type it again.";
            i += rune.Utf16SequenceLength - 1;
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control when !lines || text[i] is not ('\n' or '\r' or '\t'):
                    return "may not contain control characters.";
                case UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator when !lines:
                    return "may not contain a line break.";
                case UnicodeCategory.Format when !lines && !IsSpelling(rune):
                    return $"may not contain invisible characters; it has U+{rune.Value:X4}.";
            }
        }

        return null;
    }

    /// <summary>
    /// What names are compared by and kept unique by: the same for names that differ in case, in composition, or in signs that nobody sees. It is
    /// stored, so it must never change for a name: simple case mappings do not, ICU's sort keys would.
    /// </summary>
    public static string Key(string name)
    {
        var folded = Folded(Tidied(name));
        return Ascii.IsValid(folded)
            ? folded : Composed(string.Concat(folded.EnumerateRunes().Where(rune => Rune.GetUnicodeCategory(rune) != UnicodeCategory.Format)));
    }

    public static bool Same(string one, string other) => Key(one) == Key(other);

    /// <summary>Composed and without case, as long as what is seen of it.</summary>
    public static string Folded(string text) => Composed(Composed(text).ToUpperInvariant().ToLowerInvariant());

    /// <summary>The beginning of a name that has at most this many characters; none is cut in half.</summary>
    public static string Cut(string name, int most)
    {
        var elements = StringInfo.ParseCombiningCharacters(name);
        return elements.Length <= most ? name : name[..elements[most]].TrimEnd();
    }

    /// <summary>NFC; text that is no Unicode comes back as it is.</summary>
    public static string Composed(string text)
    {
        if (Ascii.IsValid(text))
            return text;
        try
        {
            return text.Normalize();
        }
        catch (ArgumentException)
        {
            // Half of a character has no composition.
            return text;
        }
    }

    /// <summary>Invisible, and needed to write Persian, Hindi or a flag.</summary>
    private static bool IsSpelling(Rune rune) => rune.Value is ZeroWidthNonJoiner or ZeroWidthJoiner or (>= FirstTag and <= LastTag);
}
