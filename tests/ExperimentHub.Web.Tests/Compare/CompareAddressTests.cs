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
        var address = new CompareAddress { Runs = [A, B], Baseline = B, HideEqual = true, Axis = CompareAxis.Time };
        var text = address.Parameters.ToDictionary(pair => pair.Key, pair => pair.Value?.ToString());
        var read = CompareAddress.Of(text["runs"], text["baseline"], text["hideEqual"], text["axis"]);
        Assert.Equal([A, B], read.Runs);
        Assert.Equal(address with { Runs = read.Runs }, read);
    }

    [Fact]
    public void CompareAddress_WordsThatMeanNothing_AreIgnored()
    {
        var read = CompareAddress.Of($"{A}, ,banana,{A}", B.ToString(), "banana", "99");
        Assert.Equal([A], read.Runs);
        Assert.Equal((null, false, CompareAxis.Epoch), (read.Baseline, read.HideEqual, read.Axis));
    }

    [Fact]
    public void CompareAddress_OfTwoRuns_IsReadBack()
    {
        var query = QueryHelpers.ParseQuery(new Uri($"http://hub/{CompareAddress.To([A, B], B)}").Query);
        var read = CompareAddress.Of(query["runs"], query["baseline"], null, null);
        Assert.Equal([A, B], read.Runs);
        Assert.Equal(B, read.Baseline);
    }

    [Fact]
    public void CompareAddress_WithoutTheBaseline_HasNoBaseline()
    {
        var rest = new CompareAddress { Runs = [A, B], Baseline = B }.Without(B);
        Assert.Equal([A], rest.Runs);
        Assert.Null(rest.Baseline);
    }
}
