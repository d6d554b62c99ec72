using ExperimentHub.Web.Compare;

namespace ExperimentHub.Web.Tests.Compare;

public sealed class BrushTests
{
    private static readonly CompareVariable Rates = new("params.rate", "rate", ["0.1", "0.2", null, "0.4"], [0.1, 0.2, null, 0.4]);
    private static readonly CompareVariable Words = new("params.optimizer", "optimizer", ["adam", "sgd", null, "adam"], null);

    [Theory]
    [InlineData("params.rate:0.1:0.2", "TTFF")] // both ends belong to it
    [InlineData("params.rate:0.15:", "FTFT")]
    [InlineData("params.rate::0.15", "TFFF")]
    [InlineData("params.rate::", "TTFT")]
    [InlineData("params.rate", "TTFT")]
    [InlineData("params.rate:banana:0.2", "TTFF")] // what is no number is no end
    [InlineData("params.rate:0.3:0.2", "FFFF")]
    public void Brush_OfNumbers_KeepsARange(string text, string kept) => Assert.Equal(kept, Kept(text, Rates));

    [Theory]
    [InlineData("params.optimizer:adam", "TFFT")]
    [InlineData("params.optimizer:sgd:adam", "TTFT")]
    [InlineData("params.optimizer:Adam", "FFFF")]
    [InlineData("params.optimizer", "FFFF")]
    public void Brush_OfWords_KeepsThem(string text, string kept) => Assert.Equal(kept, Kept(text, Words));

    [Fact]
    public void Brush_WordsWithColons_AreReadBack()
    {
        var brush = new Brush("params.layers", ["conv:3:8", "50 %", ""]);
        Assert.Equal(brush, Brush.Parse(brush.ToString()));
    }

    private static string Kept(string text, CompareVariable variable)
    {
        var brush = Brush.Parse(text)!;
        return string.Concat(Enumerable.Range(0, variable.Texts.Count).Select(run => brush.Keeps(variable, run) ? 'T' : 'F'));
    }
}
