using System.Text;

namespace ExperimentHub.Tracking.Tests.Search;

/// <summary>What like means, said once more in the simplest way: by trying every split.</summary>
internal static class PlainLike
{
    public static bool Matches(string text, string pattern, bool ignoreCase) =>
        Matches(text.EnumerateRunes().ToArray(), pattern.EnumerateRunes().ToArray(), ignoreCase);

    private static bool Matches(ReadOnlySpan<Rune> text, ReadOnlySpan<Rune> pattern, bool ignoreCase)
    {
        if (pattern.IsEmpty)
            return text.IsEmpty;
        if (pattern[0].Value == '%')
        {
            for (var i = 0; i <= text.Length; i++)
            {
                if (Matches(text[i..], pattern[1..], ignoreCase))
                    return true;
            }

            return false;
        }

        if (text.IsEmpty)
            return false;
        if (pattern[0].Value == '_')
            return Matches(text[1..], pattern[1..], ignoreCase);
        if (pattern[0].Value == '\\' && pattern.Length > 1)
            pattern = pattern[1..];
        return Same(text[0], pattern[0], ignoreCase) && Matches(text[1..], pattern[1..], ignoreCase);
    }

    private static bool Same(Rune a, Rune b, bool ignoreCase) =>
        a == b || (ignoreCase && Rune.ToLowerInvariant(Rune.ToUpperInvariant(a)) == Rune.ToLowerInvariant(Rune.ToUpperInvariant(b)));
}
