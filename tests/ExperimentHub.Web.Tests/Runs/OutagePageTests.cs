using Bunit;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Web.Layout;
using ExperimentHub.Web.Runs;
using Microsoft.Extensions.DependencyInjection;
using MudBlazor;

namespace ExperimentHub.Web.Tests.Runs;

/// <summary>Nothing can be saved for a while: pages say so and keep what was typed.</summary>
public sealed class OutagePageTests
{
    [Fact]
    public async Task Start_DatabaseLocked_SaysSoAndKeepsTheForm()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("runs/new?name=kept");
        var page = pages.Render<NewRunPage>();
        page.WaitForElement("form#new-run");

        await using (await WriteLock.TakeAsync(pages.Hub.Folder.HubDatabase))
        {
            await page.Find("form#new-run").SubmitAsync();

            var said = Assert.Single(pages.Services.GetRequiredService<ISnackbar>().ShownSnackbars);
            Assert.Contains("not saved, because another program has locked the database", said.Message, StringComparison.Ordinal);
            Assert.Contains("kept", page.Markup, StringComparison.Ordinal);
            Assert.Contains("Nothing can be saved since", pages.Render<StorageNotice>().Markup, StringComparison.Ordinal);
        }

        await pages.Hub.Get<StorageWatch>().CheckAsync();
        await page.Find("form#new-run").SubmitAsync();
        Assert.StartsWith("http://localhost/runs/", pages.Address, StringComparison.Ordinal);
        Assert.DoesNotContain("Nothing can be saved", pages.Render<StorageNotice>().Markup, StringComparison.Ordinal);
    }
}
