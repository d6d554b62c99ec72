using System.Text;

namespace ExperimentHub.Tracking.Tests.Names;

/// <summary>What people of the world might type, and what a keyboard of theirs would never make.</summary>
internal static class RandomNames
{
    private static readonly string[] Pieces =
    [
        "night", "Größe", "GRÜSSE", "straße", "e\u0301te\u0301", "É", "नमस्ते", "ภาษาไทย", "தமிழ்", "日本語", "ちょう", "手書き数字", "한국어", "שלום", "مرحبا",
        "می‌خواهم", "Ελλάς", "Привет",
        "İstanbul", "ﬁne", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇩🇪", "a=b", "<b>", "it's", "100%", "x_y", "a/b", "%2F", "..", "\\", "\"", "`", "'",
        "#", "?", "&", "１２", "½", "Ⅷ", "o͏̈", "z̸̢",
    ];

    /// <summary>A name that the rule allows.</summary>
    public static string Name(Random random) =>
        string.Join(random.Next(3) switch { 0 => "", 1 => " ", _ => "-" }, Enumerable.Range(0, 1 + random.Next(4))
            .Select(_ => Pieces[random.Next(Pieces.Length)]));

    /// <summary>Several lines.</summary>
    public static string Text(Random random, int most)
    {
        var text = new StringBuilder();
        for (var lines = random.Next(most); lines > 0; lines--)
            text.Append(Name(random)).Append(random.Next(4) switch { 0 => "\r\n", 1 => "\t", _ => "\n" });
        return text.ToString();
    }
}
