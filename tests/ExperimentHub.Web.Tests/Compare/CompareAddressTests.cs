using System.Globalization;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Compare;
using Microsoft.AspNetCore.WebUtilities;

namespace ExperimentHub.Web.Tests.Compare;

public sealed class CompareAddressTests
{
    private static readonly RunId A = RunId.New(TimeProvider.System);
    private static readonly RunId B = RunId.New(TimeProvider.System);

    [Fact]
    public void CompareAddress_ThroughTheAddress_IsTheSame()
    {
        var address = new CompareAddress
        {
            Runs = [A, B], Baseline = B, HideEqual = true, Axis = CompareAxis.Training, Metrics = ["cpu_percent", "a/b c"], Smoothing = 0.25, Log = ["a/b c"], Bands = true,
            Colour = "params.seed", Seeds = true, Measure = "test_loss", X = "params.epochs", Y = "metrics.test_loss", Target = 0.97, Left = A, Right = B,
        };
        var query = QueryHelpers.AddQueryString("", address.Parameters.Select(pair => KeyValuePair.Create(pair.Key, Convert.ToString(pair.Value, CultureInfo.InvariantCulture))));
        var read = CompareAddress.Of(query);
        Assert.Equal([A, B], read.Runs);
        Assert.Equal(address.Metrics, read.Metrics);
        Assert.Equal(address.Log, read.Log);
        Assert.Equal(address with { Runs = read.Runs, Metrics = read.Metrics, Log = read.Log }, read);
    }

    [Fact]
    public void CompareAddress_WordsThatMeanNothing_AreIgnored()
    {
        var read = CompareAddress.Of($"?runs={A}, ,banana,{A}&baseline={B}&hideEqual=banana&axis=99&smoothing=NaN&target=97&metrics=,&left={B}&right=banana");
        Assert.Equal([A], read.Runs);
        Assert.Empty(read.Log);
        Assert.Equal(new CompareAddress { Runs = read.Runs, Log = read.Log }, read);
    }

    [Fact]
    public void CompareAddress_OfTwoRuns_IsReadBack()
    {
        var read = CompareAddress.Of(new Uri($"http://hub/{CompareAddress.To([A, B], B)}").Query);
        Assert.Equal([A, B], read.Runs);
        Assert.Equal(B, read.Baseline);
    }

    [Fact]
    public void CompareAddress_WithoutTheBaseline_HasNoBaseline()
    {
        var rest = new CompareAddress { Runs = [A, B], Baseline = B, Left = A, Right = B }.Without(B);
        Assert.Equal([A], rest.Runs);
        Assert.Equal((null, A, null), (rest.Baseline, rest.Left, rest.Right));
    }

    [Fact]
    public void CompareAddress_LastMetric_IsNotTakenAway()
    {
        var one = new CompareAddress { Metrics = [MetricNames.TestLoss] };
        Assert.Equal([MetricNames.TestLoss], one.WithMetric(MetricNames.TestLoss).Metrics);
        Assert.Equal([MetricNames.TestLoss, "mine"], one.WithMetric("mine").Metrics);
        Assert.Equal(["mine"], one.WithMetric("mine").WithMetric(MetricNames.TestLoss).Metrics);
    }
}
