using ExperimentHub.Web.Edits;

namespace ExperimentHub.Web.Tests.Edits;

public sealed class TextDifferenceTests
{
    [Theory]
    [InlineData("", "", "")]
    [InlineData("a", "", "-a")]
    [InlineData("", "a", "+a")]
    [InlineData("a\nb\nc", "a\nx\nc", " a|-b|+x| c")]
    [InlineData("a\r\nb", "a\nb", " a| b")]
    [InlineData("a\nb", "b\na", "-a| b|+a")]
    [InlineData("one\ntwo\nthree\nfour", "zero\ntwo\nfour\nfive", "-one|+zero| two|-three| four|+five")]
    public void Of_TwoTexts_KeepsTheCommonLines(string before, string after, string expected) =>
        Assert.Equal(expected, string.Join('|', TextDifference.Of(before, after).Select(Written)));

    [Fact]
    public void Of_VeryManyLines_GivesBothTextsBack()
    {
        var before = string.Join('\n', Enumerable.Range(0, 5_000).Select(line => $"a{line}"));
        var after = string.Join('\n', Enumerable.Range(0, 5_000).Select(line => $"b{line}"));
        var lines = TextDifference.Of(before, after);
        Assert.Equal(before, string.Join('\n', lines.Where(line => line.Kind != LineKind.After).Select(line => line.Text)));
        Assert.Equal(after, string.Join('\n', lines.Where(line => line.Kind != LineKind.Before).Select(line => line.Text)));
    }

    private static string Written(DifferentLine line) => line.Kind switch { LineKind.Before => "-", LineKind.After => "+", _ => " " } + line.Text;
}
