namespace ExperimentHub.Web.Tests;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(0.42, "0.4200")]
    [InlineData(2.302585, "2.303")]
    [InlineData(0.0281349, "0.02813")]
    [InlineData(0.0000123, "1.230e-5")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(null, "–")]
    public void Loss_AnyValue_HasFourSignificantDigits(double? value, string text) => Assert.Equal(text, Figures.Loss(value));

    [Theory]
    [InlineData(0.01, "0.01")]
    [InlineData(0.0003, "3e-4")]
    [InlineData(0.9, "0.9")]
    [InlineData(0.00025, "2.5e-4")]
    public void Setting_AnyValue_IsWrittenAsPeopleTypeIt(double value, string text) => Assert.Equal(text, Figures.Setting(value));

    [Theory]
    [InlineData(0.419, "0.42 s")]
    [InlineData(9.13, "9.1 s")]
    [InlineData(83, "1 m 23 s")]
    [InlineData(59.97, "1 m 00 s")]
    [InlineData(7500, "2 h 05 m")]
    public void Duration_AnyLength_UsesTwoUnits(double seconds, string text) => Assert.Equal(text, Figures.Duration(seconds));

    [Theory]
    [InlineData(31400, "31 KiB")]
    [InlineData(1_258_291, "1.2 MiB")]
    public void Size_AnyLength_UsesBinaryUnits(long bytes, string text) => Assert.Equal(text, Figures.Size(bytes));

    [Theory]
    [InlineData(0.9999, "99 %")]
    [InlineData(1, "100 %")]
    public void Progress_NotQuiteDone_IsNeverHundred(double fraction, string text) => Assert.Equal(text, Figures.Progress(fraction));
}
