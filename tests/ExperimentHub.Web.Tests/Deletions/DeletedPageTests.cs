using Bunit;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Deletions;
using ExperimentHub.Web.Runs;
using MudBlazor;

namespace ExperimentHub.Web.Tests.Deletions;

public sealed class DeletedPageTests
{
    [Fact]
    public async Task DeletedPage_Nothing_SaysHowLongThingsAreKept()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<DeletedPage>();
        page.WaitForAssertion(() => Assert.Contains("are kept here for 7 days", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task DeletedPage_Run_IsRestoredOrDeletedNowWithItsBytesOnTheButton()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await PlayedRun.StartAsync(pages.Hub);
        await run.EpochAsync(1);
        await run.EndAsync();
        var deletion = pages.Hub.Get<RunDeletion>();
        await deletion.DeleteAsync(run.Id);
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<DeletedPage>();
        page.WaitForElement("tbody tr");
        await ClickAsync(page, "Restore");
        Assert.NotNull(await pages.Hub.History.FindAsync(run.Id));
        page.WaitForAssertion(() => Assert.Empty(page.FindAll("tbody tr")));

        await deletion.DeleteAsync(run.Id);
        page.WaitForAssertion(() => Assert.Single(page.FindAll("tbody tr")));
        var asked = ClickAsync(page, "Delete now…");
        dialogs.WaitForElement(".mud-dialog");
        Assert.NotNull(await pages.Hub.Get<DeletedThings>().FindAsync(run.Id));
        await ClickAsync(dialogs, $"Delete now, {Figures.Size(2 * TinyCheckpoint.Of("weights 1").Length)}");
        await asked;
        Assert.Null(await pages.Hub.Get<DeletedThings>().FindAsync(run.Id));
        Assert.False(Directory.Exists(pages.Hub.Folder.RunFolder(run.Id)));
    }

    [Fact]
    public async Task RunPage_Deleted_OffersToRestoreIt()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.Hub.FinishAsync("mine", accuracies: 0.9);
        await pages.Hub.Get<RunDeletion>().DeleteAsync(id);
        var page = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, id.ToString()));
        page.WaitForAssertion(() => Assert.Equal("mine", page.Find("h1").TextContent));
        await ClickAsync(page, "Restore run");
        page.WaitForAssertion(() => Assert.Contains("finished", page.Find(".chip").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunPage_OfADeletedExperiment_LeadsToTheExperiment()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", accuracies: 0.9));
        await pages.Hub.Get<ExperimentStore>().DeleteAsync(run.ExperimentId);
        var page = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, run.Id.ToString()));
        page.WaitForAssertion(() => Assert.Contains(
            page.FindAll("a"), link => link.GetAttribute("href") == $"experiments/{run.ExperimentId}"
                && link.TextContent.Trim() == "Open the experiment"));
    }

    /// <summary>
    /// Finds the button and clicks it in one go: the page draws itself anew whenever something is deleted, and what was found before is gone then.
    /// </summary>
    private static Task ClickAsync<T>(IRenderedComponent<T> page, string word)
        where T : Microsoft.AspNetCore.Components.IComponent =>
        page.InvokeAsync(() => page.FindAll("button").Single(button => button.TextContent.Trim() == word).ClickAsync());
}
