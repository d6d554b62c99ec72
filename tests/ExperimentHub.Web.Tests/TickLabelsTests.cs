using System.Globalization;
using System.Text.Json;
using ExperimentHub.TestHub;

namespace ExperimentHub.Web.Tests;

/// <summary>The browser's half of the same words is held by ChartAxisTests.</summary>
public sealed class TickLabelsTests
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public sealed record Case(double[] Ticks, string[] Labels, bool IsFraction = false, bool IsLog = false);

    public static TheoryData<string> Cases =>
        [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "tick-labels.json"))).RootElement.EnumerateArray().Select(one => one.GetRawText())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_Marks_HaveAsManyDigitsAsTheirStepsNeed(string json)
    {
        var one = JsonSerializer.Deserialize<Case>(json, Web)!;
        Assert.Equal(one.Labels, TickLabels.Of(one.Ticks, one.IsFraction, one.IsLog));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_Marks_AreToldApart(string json)
    {
        var one = JsonSerializer.Deserialize<Case>(json, Web)!;
        // Two marks of one place have one text.
        var places = one.Ticks.Select(tick => tick.ToString("G12", CultureInfo.InvariantCulture)).Distinct().Count();
        Assert.Equal(places, TickLabels.Of(one.Ticks, one.IsFraction, one.IsLog).Distinct().Count());
    }
}
