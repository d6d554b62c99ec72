using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Web.Runs.Grid;

namespace ExperimentHub.Web.Tests.Runs.Grid;

public sealed class GroupOrderTests
{
    private static readonly RunGroup[] Groups =
    [
        new([0.1, "sgd"], 5, 5, 0.9, 0.02, 0.8, 0.95, 0.95, 0, 0),
        new([0.01, "adam"], 2, 2, 0.95, 0.3, 0.9, 0.96, 0.96, 0, 0),
        new(["auto", null], 9, 0, null, null, null, null, null, 0, 0),
        new([0.02, "Adam"], 1, 1, 0.7, null, 0.7, 0.7, 0.7, 0, 0),
    ];

    [Theory]
    [InlineData("runs", new[] { 3, 1, 0, 2 })]
    [InlineData("-runs", new[] { 2, 0, 1, 3 })]
    [InlineData("-mean", new[] { 1, 0, 3, 2 })]
    [InlineData("mean", new[] { 3, 0, 1, 2 })]
    [InlineData("deviation", new[] { 0, 1, 2, 3 })]
    [InlineData("-best", new[] { 1, 0, 3, 2 })]
    [InlineData("least", new[] { 3, 0, 1, 2 })]
    [InlineData("greatest", new[] { 3, 0, 1, 2 })]
    [InlineData("key0", new[] { 1, 3, 0, 2 })]
    [InlineData("-key0", new[] { 2, 0, 3, 1 })]
    [InlineData("key1", new[] { 1, 3, 0, 2 })]
    [InlineData("key3", new[] { 0, 1, 2, 3 })]
    public void Sort_EachFigure_PutsGroupsWithoutItLast(string order, int[] places) =>
        Assert.Equal(places, GroupOrder.Parse(order)!.Sort(Groups).Select(group => Array.IndexOf(Groups, group)));

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("key")]
    [InlineData("key4")]
    [InlineData("key-1")]
    [InlineData("2")]
    [InlineData("nothing")]
    public void Parse_NoOrder_IsNone(string text) => Assert.Null(GroupOrder.Parse(text));

    [Theory]
    [InlineData(MetricDirection.HigherIsBetter, "-mean")]
    [InlineData(MetricDirection.LowerIsBetter, "mean")]
    [InlineData(MetricDirection.None, "-mean")]
    public void After_ClicksOnOneHeading_GoThroughBothEndsAndBack(MetricDirection direction, string first)
    {
        var once = GroupOrder.After(null, GroupFigure.Mean, 0, direction);
        Assert.Equal(first, once!.ToString());
        Assert.Equal(once, GroupOrder.Parse(first));
        var twice = GroupOrder.After(once, GroupFigure.Mean, 0, direction);
        Assert.Equal(!once.Descending, twice!.Descending);
        Assert.Null(GroupOrder.After(twice, GroupFigure.Mean, 0, direction));
    }
}
