namespace ExperimentHub.Protocol.Tests;

public sealed class ShortTextTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(99)]
    [InlineData(100)]
    public void Of_ATextThatFits_IsTheText(int length) => Assert.Equal(new string('x', length), ShortText.Of(new string('x', length), 100));

    [Theory]
    [InlineData(101)]
    [InlineData(30_000_000)]
    public void Of_ALongerText_SaysThatItWasCut(int length)
    {
        var cut = ShortText.Of(new string('x', length), 100);
        Assert.Equal(100, cut.Length);
        Assert.EndsWith($"… (cut: {length:N0} characters in all)", cut, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_PairsOfSurrogates_CutsNoneInHalf()
    {
        foreach (var offset in (string[])["", "x"])
        {
            var cut = ShortText.Of(offset + string.Concat(Enumerable.Repeat("😀", 100)), 100);
            Assert.Equal(cut, cut.Normalize()); // throws where one is cut in half
        }
    }
}
