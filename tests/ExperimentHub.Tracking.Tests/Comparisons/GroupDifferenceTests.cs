using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Metrics;

namespace ExperimentHub.Tracking.Tests.Comparisons;

public sealed class GroupDifferenceTests
{
    // Student's data on sleep (1908): Welch's test gives t = -1.8608 with 17.776 degrees of freedom, p = 0.07939, and the interval -3.3654832 to
    // 0.2054832.
    private static readonly SampleStatistics First = SampleStatistics.Of([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
    private static readonly SampleStatistics Second = SampleStatistics.Of([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);

    [Fact]
    public void Margin_OfFiveValues_IsStudentsT()
    {
        var statistics = SampleStatistics.Of([1, 2, 3, 4, 5, double.NaN, double.PositiveInfinity]);
        Assert.Equal((5, 3.0), (statistics.Count, statistics.Mean));
        Assert.Equal(1.9632432, statistics.Margin!.Value, 6);
        Assert.Null(SampleStatistics.Of([1]).Margin);
    }

    [Fact]
    public void Of_PublishedData_IsWelchsAnswer()
    {
        var difference = GroupDifference.Of(First, Second, MetricDirection.HigherIsBetter);
        Assert.Equal(-1.58, difference.Difference, 10);
        Assert.Equal(1.7854832, difference.Margin!.Value, 6);
        Assert.Equal(0.07939 / 2, difference.FirstBetter!.Value, 5);
        Assert.Equal(GroupVerdict.WithinNoise, difference.Verdict);
    }

    [Fact]
    public void Of_LowerIsBetter_TurnsTheProbabilityAround()
    {
        var higher = GroupDifference.Of(First, Second, MetricDirection.HigherIsBetter).FirstBetter!.Value;
        Assert.Equal(1 - higher, GroupDifference.Of(First, Second, MetricDirection.LowerIsBetter).FirstBetter!.Value, 12);
    }

    [Fact]
    public void Of_NobodySaysWhatIsBetter_HasNoProbabilityOfIt() => Assert.Null(GroupDifference.Of(First, Second, MetricDirection.None).FirstBetter);

    [Theory]
    [InlineData(MetricDirection.HigherIsBetter, GroupVerdict.FirstIsBetter)]
    [InlineData(MetricDirection.LowerIsBetter, GroupVerdict.SecondIsBetter)]
    [InlineData(MetricDirection.None, GroupVerdict.Different)]
    public void Of_GroupsFarApart_NamesTheBetterWhereOneIs(MetricDirection direction, GroupVerdict expected) =>
        Assert.Equal(expected, GroupDifference.Of(SampleStatistics.Of([0.99, 0.991, 0.992]), SampleStatistics.Of([0.90, 0.901, 0.902]),
            direction).Verdict);

    [Fact]
    public void Of_OneRunEach_SaysThatItCannotTell()
    {
        var difference = GroupDifference.Of(SampleStatistics.Of([0.99]), SampleStatistics.Of([0.9, 0.91]), MetricDirection.HigherIsBetter);
        Assert.Equal((GroupVerdict.TooFewRuns, (double?)null, (double?)null), (difference.Verdict, difference.Margin, difference.FirstBetter));
    }

    [Fact]
    public void Of_GroupsWithoutSpread_ComparesTheirValues()
    {
        var same = SampleStatistics.Of([0.9, 0.9]);
        Assert.Equal(new GroupDifference(0, 0, 0.5, GroupVerdict.WithinNoise), GroupDifference.Of(same, same, MetricDirection.HigherIsBetter));
        Assert.Equal(GroupVerdict.FirstIsBetter, GroupDifference.Of(SampleStatistics.Of([0.95, 0.95]), same, MetricDirection.HigherIsBetter).Verdict);
    }
}
