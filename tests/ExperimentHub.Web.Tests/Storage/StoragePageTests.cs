using Bunit;
using ExperimentHub.Tracking;
using ExperimentHub.Web.Storage;
using MudBlazor;

namespace ExperimentHub.Web.Tests.Storage;

public sealed class StoragePageTests
{
    [Fact]
    public async Task StoragePage_NoFiles_SaysWhatItWillShow()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<StoragePage>();
        page.WaitForAssertion(() => Assert.Contains("Checkpoints and logs of runs are listed here", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task StoragePage_RunThatIsTickedAndDeleted_GivesItsRoomToWhatWasDeleted()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.FinishAsync("large", accuracies: 0.9);
        DataFolder.Create(pages.Hub.Folder.CheckpointFolder(run));
        await File.WriteAllBytesAsync(Path.Combine(pages.Hub.Folder.CheckpointFolder(run), "epoch-0001.safetensors"), new byte[3 << 20]);
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<StoragePage>();
        page.WaitForElement("tr.experiment button");
        Assert.Equal("3.0 MiB", page.Find("tr.experiment .num").TextContent);
        await page.Find("tr.experiment button").ClickAsync();
        page.WaitForElement("td.run a");
        await page.Find("tbody input").ChangeAsync(true);
        page.WaitForElement(".bar button.bad");
        var deleting = page.Find(".bar button.bad").ClickAsync();
        dialogs.WaitForAssertion(() => Assert.NotEmpty(dialogs.FindAll(".mud-dialog")));
        await dialogs.FindAll("button").Single(button => button.TextContent.Contains("3.0 MiB", StringComparison.Ordinal)).ClickAsync();
        await deleting;
        page.WaitForAssertion(() => Assert.Contains("3.0 MiB belong to what was deleted", page.Find(".about").TextContent, StringComparison.Ordinal));
    }
}
