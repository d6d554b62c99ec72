using System.Text.Json;
using ExperimentHub.TestHub;

namespace ExperimentHub.Web.Tests;

/// <summary>The browser's half of the same words is held by ChartAxisTests.</summary>
public sealed class TickLabelsTests
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public sealed record Case(double[] Ticks, string[] Labels, bool IsFraction = false, bool IsLog = false);

    public static TheoryData<string> Cases =>
        [.. JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "tick-labels.json"))).RootElement.EnumerateArray()
            .Select(one => one.GetRawText())];

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
        Assert.Distinct(TickLabels.Of(one.Ticks, one.IsFraction, one.IsLog).Where(text => text.Length > 0));
    }
}
