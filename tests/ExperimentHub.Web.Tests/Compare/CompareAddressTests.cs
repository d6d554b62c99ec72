using System.Globalization;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Compare;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

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
            Runs = [A, B], Baseline = B, HideEqual = true, Axis = CompareAxis.Training, Metrics = ["cpu_percent", "a/b c"], Smoothing = 0.25,
            Log = ["a/b c"], Whole = ["test_loss"], AsRows = true, Sort = new ComparedSort("results.test-loss", Descending: true), Bands = true,
            Zoom = (0.5, 1.25), Keep = [new Brush("params.model.kind", ["mlp", "a:b, c"]), Brush.Range("metrics.test_accuracy", 0.9, null)], Colour =
                "params.seed", Seeds = true, Measure = "test_loss", X = "params.epochs", Y = "metrics.test_loss", Target = 0.97, Left = A, Right = B,
        };
        var query = QueryHelpers.AddQueryString("", address.Parameters.Select(pair =>
            KeyValuePair.Create(pair.Key, pair.Value as string[] is { } list
                ? new StringValues(list) : new StringValues(Convert.ToString(pair.Value, CultureInfo.InvariantCulture)))));
        var read = CompareAddress.Of(query);
        Assert.Equal([A, B], read.Runs);
        Assert.Equal(address.Metrics, read.Metrics);
        Assert.Equal(address.Log, read.Log);
        Assert.Equal(address.Whole, read.Whole);
        Assert.Equal(address.Keep, read.Keep);
        Assert.Equal(address with { Runs = read.Runs, Metrics = read.Metrics, Log = read.Log, Whole = read.Whole, Keep = read.Keep }, read);
    }

    [Fact]
    public void CompareAddress_WordsThatMeanNothing_AreIgnored()
    {
        var read =
            CompareAddress.Of(
                $"?runs={A}, ,banana,{A}&baseline={B}&hideEqual=banana&axis=99&smoothing=NaN&target=97&metrics=,&left={B}&right=banana&zoom=2..1&keep=&keep=:1&runsAs=banana&sort=-&whole=,");
        Assert.Equal([A], read.Runs);
        Assert.Empty(read.Log);
        Assert.Empty(read.Whole);
        Assert.Empty(read.Keep);
        Assert.Equal(new CompareAddress { Runs = read.Runs, Log = read.Log, Whole = read.Whole, Keep = read.Keep }, read);
    }

    [Theory]
    [InlineData("1..2", 1.0, 2.0)]
    [InlineData("0..0.001", 0.0, 0.001)]
    [InlineData("2..2", null, null)]
    [InlineData("-1..2", null, null)]
    [InlineData("1..", null, null)]
    [InlineData("1..2..3", null, null)]
    [InlineData("0..Infinity", null, null)]
    public void CompareAddress_Zoom_IsAStretchOrNothing(string text, double? from, double? to)
    {
        var zoom = CompareAddress.Of($"?zoom={text}").Zoom;
        Assert.Equal((from, to), (zoom?.From, zoom?.To));
    }

    [Fact]
    public void CompareAddress_AnotherBrush_TakesThePlaceOfTheOneBefore()
    {
        var address = new CompareAddress().WithBrush("a", Brush.Range("a", 1, 2)).WithBrush("b", new Brush("b", ["x"]))
            .WithBrush("a", Brush.Range("a", null, 3));
        Assert.Equal(["b:x", "a::3"], address.Keep.Select(brush => brush.ToString()));
        Assert.Equal(["a::3"], address.WithBrush("b", null).Keep.Select(brush => brush.ToString()));
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
