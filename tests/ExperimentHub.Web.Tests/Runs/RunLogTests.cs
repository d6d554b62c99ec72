using Bunit;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class RunLogTests
{
    [Theory]
    [InlineData("", new[] { "reading data", "slow disk", "disk is full" })]
    [InlineData("&level=error", new[] { "disk is full" })]
    [InlineData("&level=banana", new[] { "reading data", "slow disk", "disk is full" })]
    [InlineData("&search=DISK", new[] { "slow disk", "disk is full" })]
    [InlineData("&search=disk&level=warn", new[] { "slow disk" })]
    [InlineData("&attempt=1", new[] { "first try" })]
    [InlineData("&attempt=99", new[] { "reading data", "slow disk", "disk is full" })]
    public async Task Log_LevelSearchAndAttemptInTheAddress_ShowTheLinesThatMatch(string query, string[] expected)
    {
        await using var pages = await HubPages.OpenAsync();
        var key = await pages.Hub.StartAsync();
        Write(pages, key, ("info", "first try"));
        var next = (await pages.Hub.Recorder.RetryAsync(key, AttemptEnding.Crashed, "killed", 137))!.Value;
        Write(pages, next, ("info", "reading data"), ("warn", "slow disk"), ("error", "disk is full"));
        pages.Visit($"/runs/{key.Run}?tab=log{query}");
        var page = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, key.Run.ToString()));
        page.WaitForAssertion(() => Assert.Equal(expected, page.FindAll(".log .text").Select(line => line.TextContent)));
    }

    [Fact]
    public async Task Log_NothingMatches_OffersAllLines()
    {
        await using var pages = await HubPages.OpenAsync();
        var key = await pages.Hub.StartAsync();
        Write(pages, key, ("info", "first try"));
        pages.Visit($"/runs/{key.Run}?tab=log&search=unicorn");
        var page = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, key.Run.ToString()));
        page.WaitForAssertion(() => Assert.Contains("No line of this log matches.", page.Markup, StringComparison.Ordinal));
        Assert.Contains("Show all lines", page.Markup, StringComparison.Ordinal);
    }

    private static void Write(HubPages pages, AttemptKey key, params (string Level, string Text)[] lines)
    {
        using var log = pages.Hub.Get<RunLogs>().Append(key.Run, key.Attempt);
        foreach (var (level, text) in lines)
            log.Write(level, text);
    }
}
