namespace ExperimentHub.Web.Tests;

public sealed class RobustScaleTests
{
    [Theory]
    [InlineData(new double[0], 0, 1)]
    [InlineData(new[] { 0.5 }, 0.5, 0.5)]
    [InlineData(new[] { 1.0, 2, 3, 4, 5 }, 1, 5)]
    [InlineData(new[] { 1.0, 2, 3, 4, 1000 }, 1, 7)]
    [InlineData(new[] { -1000.0, 2, 3, 4, 5 }, -1, 5)]
    [InlineData(new[] { 0.9, 0.9, 0.9, 0.1 }, 0.8998, 0.9)]
    public void Of_Values_IsNotSetByThoseFarFromTheOthers(double[] values, double low, double high)
    {
        var scale = RobustScale.Of(values);
        Assert.Equal((low, high), (Math.Round(scale.Low, 9), Math.Round(scale.High, 9)));
    }
}
