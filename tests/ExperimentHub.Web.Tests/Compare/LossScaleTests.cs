using System.Text.Json;
using ExperimentHub.TestHub;
using ExperimentHub.Web.Compare;
using ExperimentHub.Web.Compare.Report;

namespace ExperimentHub.Web.Tests.Compare;

/// <summary>The browser's half of the same scale is held by ChartAxisTests.</summary>
public sealed class LossScaleTests
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public sealed record Case(string Why, double?[][] Curves, double? Top);

    public static TheoryData<string> Cases =>
        [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "loss-scale.json"))).RootElement.EnumerateArray()
            .Select(one => one.GetRawText())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void TopOf_Curves_IsNotSetByWhatIsFarFromTheOthers(string json)
    {
        var one = JsonSerializer.Deserialize<Case>(json, Web)!;
        Assert.Equal(one.Top, LossScale.TopOf(one.Curves.Select(values => values.Select(value => value ?? double.NaN))));
    }

    [Fact]
    public void ReportChart_ACurveThatExploded_IsCutMarkedAndNamed()
    {
        ReportCurve[] curves = [new("calm", default, [(0, 2), (1, 1), (2, 0.5)], []), new("wild", default, [(0, 2), (1, 500), (2, 90)], [])];
        var chart = new ReportChart("test_loss", curves, log: false);
        Assert.Equal("1 run leaves the picture above 2.000: wild.", chart.BeyondWords);
        Assert.Equal((curves[1], 476.0), Assert.Single(chart.Marks));
        Assert.Equal("M64 10L476 182L888 268", chart.Path(curves[0]));
        var whole = new ReportChart("test_loss", curves, log: false, whole: true);
        Assert.Null(whole.BeyondWords);
        Assert.Empty(whole.Marks);
        // Another metric has no such thing: how many images a second is what was asked.
        Assert.Null(new ReportChart("samples_per_second", curves, log: false).BeyondWords);
    }
}
