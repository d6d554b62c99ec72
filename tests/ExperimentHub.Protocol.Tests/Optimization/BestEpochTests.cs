using ExperimentHub.Protocol.Optimization;

namespace ExperimentHub.Protocol.Tests.Optimization;

public sealed class BestEpochTests
{
    [Theory]
    [InlineData(BestMetrics.TestAccuracy, new[] { 0.9, 0.95, 0.95, 0.94 }, 1)]
    [InlineData(BestMetrics.ValidationAccuracy, new[] { 0.9, 0.8 }, 0)]
    [InlineData(BestMetrics.TestLoss, new[] { 0.3, 0.2, 0.2, 0.4 }, 1)]
    [InlineData(BestMetrics.TrainLoss, new[] { 0.3 }, 0)]
    // What is no number is worse than every other, wherever it stands.
    [InlineData(BestMetrics.TestLoss, new[] { double.NaN, 0.2, double.NaN, 0.1 }, 3)]
    [InlineData(BestMetrics.TestAccuracy, new[] { 0.5, double.NaN }, 0)]
    [InlineData(BestMetrics.TestLoss, new[] { double.NaN, double.PositiveInfinity }, 1)]
    public void Of_AnyMetric_IsTheFirstThatNoOtherIsBetterThan(string metric, double[] values, int best) =>
        Assert.Equal(best, BestEpoch.Of(metric, values));

    [Fact]
    public void Of_NoEpochs_IsNone() => Assert.Null(BestEpoch.Of(BestMetrics.TestAccuracy, []));

    [Fact]
    public void ValueOf_EachMetric_IsItsOwn()
    {
        double? Value(string metric) => BestEpoch.ValueOf(metric, 1, 2, 3, 4, 5);
        Assert.Equal([3, 2, 5, 4, 1], BestMetrics.All.Select(Value));
        Assert.Null(BestEpoch.ValueOf(BestMetrics.ValidationLoss, 1, 2, 3, null, null));
    }
}
