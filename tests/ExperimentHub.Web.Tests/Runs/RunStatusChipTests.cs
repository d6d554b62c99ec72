using Bunit;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class RunStatusChipTests
{
    [Theory]
    [InlineData(RunStatus.Queued, "queued")]
    [InlineData(RunStatus.Interrupted, "interrupted")]
    public async Task RunStatusChip_AnyStatus_SaysItInWords(RunStatus status, string word)
    {
        await using var pages = new BunitContext();
        var chip = pages.Render<RunStatusChip>(parameters => parameters.Add(c => c.Status, status));
        Assert.Equal(word, chip.Find(".chip").TextContent.Trim());
        Assert.Contains(word, chip.Find(".chip").ClassList);
    }

    [Fact]
    public async Task RunStatusChip_Diverged_SaysItBesideTheStatusAndWhy()
    {
        await using var pages = new BunitContext();
        var chip = pages.Render<RunStatusChip>(parameters => parameters.Add(c => c.Status, RunStatus.Finished).Add(c => c.Diverged, true)
            .Add(c => c.Because, "It guesses.")).Find(".chip");
        Assert.Equal(("diverged", "It guesses."), (chip.QuerySelector(".sign")?.TextContent, chip.GetAttribute("title")));
        Assert.Contains("finished", chip.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunStatusChip_Stopping_SaysSoAtOnce()
    {
        await using var pages = new BunitContext();
        var chip = pages.Render<RunStatusChip>(parameters => parameters.Add(c => c.Status, RunStatus.Running).Add(c => c.Stopping, true));
        Assert.Equal("stopping…", chip.Find(".chip").TextContent.Trim());
    }
}
