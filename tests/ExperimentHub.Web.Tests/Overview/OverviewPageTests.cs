using Bunit;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Overview;

namespace ExperimentHub.Web.Tests.Overview;

public sealed class OverviewPageTests
{
    [Fact]
    public async Task OverviewPage_NoRuns_StartsTheTutorialOnce()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<OverviewPage>();
        Assert.Equal("Run the tutorial", page.Find("button").TextContent.Trim());
        var start = page.FindComponent<FirstRun>().Instance.Start;
        await page.InvokeAsync(() => Task.WhenAll(start.InvokeAsync(), start.InvokeAsync()));

        var run = Assert.Single((await pages.Hub.History.ListAsync(new RunFilter(), RunOrder.Created, descending: true, 0, 10)).Items);
        Assert.Equal("tutorial", run.Experiment.Name);
        Assert.EndsWith($"/runs/{run.Id}", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OverviewPage_QueuedRun_SaysWhatItWaitsFor()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync();
        var page = pages.Render<OverviewPage>();
        page.WaitForAssertion(() => Assert.Contains("Next in line for the CPU.", page.Find(".queue").TextContent, StringComparison.Ordinal));
    }
}
