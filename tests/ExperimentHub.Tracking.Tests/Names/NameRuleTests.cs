using ExperimentHub.Tracking.Names;

namespace ExperimentHub.Tracking.Tests.Names;

public sealed class NameRuleTests
{
    [Theory]
    [InlineData("É", "é")]
    [InlineData("e\u0301", "é")]
    [InlineData("E\u0301", "é")]
    [InlineData("ΣΊΣΥΦΟΣ", "σίσυφος")]
    [InlineData("ПРИВЕТ", "привет")]
    [InlineData(" \ufeffnight\u00a0", "night")]
    [InlineData("ni\u200dght", "night")]
    [InlineData("\u1100\u1161", "가")] // Hangul, composed
    [InlineData("\u212a", "k")] // the sign of Kelvin
    public void Key_OfOneNameWrittenInTwoWays_IsTheSame(string one, string other)
    {
        Assert.Equal(NameRule.Key(other), NameRule.Key(one));
        Assert.True(NameRule.Same(one, other));
    }

    [Theory]
    [InlineData("Größe", "Grüße")]
    [InlineData("か", "が")]
    [InlineData("ちょう", "ちよう")]
    [InlineData("e", "é")]
    [InlineData("日本", "日木")]
    [InlineData("１", "1")]
    [InlineData("नमस्ते", "नमसते")]
    public void Key_OfNamesThatDiffer_Differs(string one, string other) => Assert.NotEqual(NameRule.Key(one), NameRule.Key(other));

    [Theory]
    [InlineData("नमस्ते")]
    [InlineData("ภาษาไทย")]
    [InlineData("தமிழ்")]
    [InlineData("می‌خواهم")]
    [InlineData("🏴󠁧󠁢󠁳󠁣󠁴󠁿 👩‍👩‍👧‍👦")]
    [InlineData("two words, <b>&'\"")]
    public void Problem_OfANameInAnyScript_IsNone(string name) => Assert.Null(NameRule.Problem(name, 50));

    [Theory]
    [InlineData(null, "missing")]
    [InlineData(" \u3000\ufeff ", "missing")]
    [InlineData("a\nb", "control")]
    [InlineData("a\u2028b", "line break")]
    [InlineData("a\u202eb", "U+202E")] // turns the direction of what follows
    [InlineData("a\ufeffb", "U+FEFF")]
    public void Problem_OfWhatNobodySees_SaysWhatItIs(string? name, string words) =>
        Assert.Contains(words, NameRule.Problem(name, 50), StringComparison.Ordinal);

    [Fact]
    public void Problem_OfHalfACharacter_SaysSo()
    {
        foreach (var name in new[] { "a\ud800", "\udc00a" })
            Assert.Contains("surrogate", NameRule.Problem(name, 50), StringComparison.Ordinal);
    }

    /// <summary>Characters as a person counts them, at the limit and one more.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData("é")]
    [InlineData("日")]
    [InlineData("😀")]
    [InlineData("ते")]
    [InlineData("🇩🇪")]
    public void Problem_AtTheLimitAndBeyond_CountsWhatIsSeen(string character)
    {
        Assert.Null(NameRule.Problem(string.Concat(Enumerable.Repeat(character, 50)), 50));
        var wrong = NameRule.Problem(string.Concat(Enumerable.Repeat(character, 51)), 50);
        Assert.Equal("may have at most 50 characters; this one has 51.", wrong);
        Assert.Null(NameRule.Problem(NameRule.Cut(string.Concat(Enumerable.Repeat(character, 51)), 50), 50));
    }

    [Fact]
    public void Problem_AMegabyteOfAccentsOnOneLetter_IsRefused() =>
        Assert.Contains("too much for 1 characters", NameRule.Problem("a" + new string('\u0323', 1_000_000), 50), StringComparison.Ordinal);

    [Fact]
    public void TextProblem_OfNotes_AllowsLinesAndCountsCharacters()
    {
        Assert.Null(NameRule.TextProblem("# Ünï\r\n\tcode\n" + new string('日', 15_000), 20_000, lines: true));
        Assert.NotNull(NameRule.TextProblem(new string('日', 20_001), 20_000, lines: true));
        Assert.Contains("control", NameRule.TextProblem("a\0b", 20, lines: true), StringComparison.Ordinal);
    }

    /// <summary>The key is stored: a tidied name, and a key of a key, have the same.</summary>
    [Fact]
    public void Key_OfRandomNames_IsStable()
    {
        var random = new Random(20_261_129);
        for (var i = 0; i < 2_000; i++)
        {
            var name = RandomNames.Name(random);
            Assert.Equal(NameRule.Key(name), NameRule.Key(NameRule.Tidied(name)));
            Assert.Equal(NameRule.Key(name), NameRule.Key(NameRule.Key(name)));
            Assert.Equal(NameRule.Key(name), NameRule.Key(name.ToUpperInvariant()));
            Assert.Null(NameRule.Problem(name, 100));
        }
    }
}
