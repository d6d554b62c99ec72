using Bunit;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Web.Experiments;

namespace ExperimentHub.Web.Tests.Experiments;

public sealed class ExperimentPageTests
{
    [Fact]
    public async Task ExperimentPage_NeverThere_SaysSo()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, 99));
        Assert.Equal("There is no such experiment", page.Find("h1").TextContent);
    }

    [Fact]
    public async Task ExperimentPage_Deleted_BringsItBackWithItsRuns()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await DeletedAsync(pages);
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, id));
        await Restore(page).ClickAsync();
        Assert.Equal("tutorial", page.Find("h1").TextContent);
        Assert.Equal("mine", page.Find("td.name a").TextContent);
        Assert.NotNull(await pages.Hub.Get<ExperimentStore>().FindAsync(id));
    }

    [Fact]
    public async Task ExperimentPage_DeletedAndItsNameTaken_SaysSoAndCanBeTriedAgain()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await DeletedAsync(pages);
        await pages.Hub.EnqueueAsync();
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, id));
        await Restore(page).ClickAsync();
        Assert.Contains("Another experiment is called 'tutorial'", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.NotNull(Restore(page));
    }

    private static async Task<int> DeletedAsync(HubPages pages)
    {
        var run = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", accuracies: 0.9));
        Assert.Equal(ExperimentDeletion.Deleted, await pages.Hub.Get<ExperimentStore>().DeleteAsync(run.ExperimentId));
        return run.ExperimentId;
    }

    private static AngleSharp.Dom.IElement Restore(IRenderedComponent<ExperimentPage> page) =>
        page.FindAll("button").Single(button => button.TextContent.Trim() == "Restore experiment");
}
