using Bunit;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class AttemptTableTests
{
    private static readonly DateTime Start = new(2026, 5, 4, 10, 0, 0, DateTimeKind.Utc);

    [Fact]
    public void Attempts_OverTheRunsTime_LieWhereTheyWorked()
    {
        using var context = new BunitContext();
        Attempt[] attempts =
        [
            new() { Number = 1, StartedAt = Start, EndedAt = Start.AddSeconds(30), Ending = AttemptEnding.Crashed, Error = "It died." },
            new() { Number = 2, StartedAt = Start.AddSeconds(60) },
        ];
        var table = context.Render<AttemptTable>(parameters => parameters.Add(p => p.Attempts, attempts).Add(p => p.Node, "here")
            .Add(p => p.Now, Start.AddSeconds(120)));
        Assert.Equal([("span failed", "left: 0%; width: 25%"), ("span running", "left: 50%; width: 50%")],
            table.FindAll(".span").Select(span => (span.ClassName!, span.GetAttribute("style")!)));
        Assert.Contains("It died.", table.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Attempt_ThatJustBegan_HasAPlace()
    {
        using var context = new BunitContext();
        var table = context.Render<AttemptTable>(parameters => parameters.Add(p => p.Attempts, [new Attempt { Number = 1, StartedAt = Start }])
            .Add(p => p.Node, "here").Add(p => p.Now, Start));
        Assert.Equal("left: 0%; width: 0%", table.Find(".span").GetAttribute("style"));
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("here", null, false)]
    [InlineData("here", "there", true)]
    [InlineData("there", "there", true)]
    public void Node_OfEachAttempt_IsShownWhereAnotherNodeTrained(string? first, string? second, bool shown)
    {
        using var context = new BunitContext();
        Attempt[] attempts = [new() { Number = 1, StartedAt = Start, Node = first }, new() { Number = 2, StartedAt = Start, Node = second }];
        var table = context.Render<AttemptTable>(parameters => parameters.Add(p => p.Attempts, attempts).Add(p => p.Node, "here")
            .Add(p => p.Now, Start));
        Assert.Equal(shown, table.FindAll("th").Any(head => head.TextContent == "Node"));
        Assert.All(table.FindAll("tbody tr"), row => Assert.Equal(table.FindAll("th").Count, row.Children.Length));
    }
}
