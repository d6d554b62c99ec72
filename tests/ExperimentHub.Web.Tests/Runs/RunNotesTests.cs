using Bunit;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;
using MudBlazor;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class RunNotesTests
{
    [Fact]
    public async Task Notes_WrittenAndPreviewed_AreSaved()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.EnqueueAsync());
        var notes = pages.Render<RunNotes>(parameters => parameters.Add(p => p.Run, run));
        await Button(notes, "Write notes").ClickAsync();
        await notes.Find("textarea").InputAsync("**bold** <b>raw</b>");
        await Button(notes, "Preview").ClickAsync();
        Assert.Equal("bold", notes.Find(".preview strong").TextContent);
        Assert.Contains("<b>raw</b>", notes.Find(".preview").TextContent, StringComparison.Ordinal);
        await Button(notes, "Save notes").ClickAsync();
        notes.WaitForAssertion(() => Assert.Equal("bold", notes.Find(".written strong").TextContent));
        Assert.Equal("**bold** <b>raw</b>", (await pages.Hub.ReadAsync(run.Id)).Notes);
    }

    [Fact]
    public async Task Notes_TooLong_StayInTheFieldWithTheReason()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.EnqueueAsync());
        var notes = pages.Render<RunNotes>(parameters => parameters.Add(p => p.Run, run));
        await Button(notes, "Write notes").ClickAsync();
        await notes.Find("textarea").InputAsync(new string('a', Run.MaxNotesLength + 1));
        await Button(notes, "Save notes").ClickAsync();
        notes.WaitForAssertion(() => Assert.Contains("at most 20,000 characters", notes.Find("#notes-hint").TextContent, StringComparison.Ordinal));
        Assert.Equal(Run.MaxNotesLength + 1, notes.Find("textarea").GetAttribute("value")!.Length);
        await Button(notes, "Cancel").ClickAsync();
        Assert.Empty((await pages.Hub.ReadAsync(run.Id)).Notes);
    }

    [Theory]
    [InlineData("Keep mine", "mine", false)]
    [InlineData("Take theirs", "theirs", false)]
    [InlineData("Go on editing", "theirs", true)]
    public async Task Notes_SavedByTwo_ShowsBothAndDoesWhatIsChosen(string choice, string kept, bool open)
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.Hub.EnqueueAsync();
        pages.Visit($"runs/{id}?tab=notes");
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, id.ToString()));
        await page.FindAll("button").Single(button => button.TextContent.Trim() == "Write notes").ClickAsync();
        await page.Find("textarea").InputAsync("mine");
        await pages.Hub.Get<RunAnnotations>().WriteNotesAsync(id, "theirs");
        // The open page hears of it, and what is typed stays.
        page.WaitForAssertion(() => Assert.Contains("Somebody changed the notes meanwhile", page.Markup, StringComparison.Ordinal));
        Assert.Equal("mine", page.Find("textarea").GetAttribute("value"));

        var saving = page.FindAll("button").Single(button => button.TextContent.Trim() == "Save notes").ClickAsync();
        dialogs.WaitForAssertion(() => Assert.Equal(["− theirs", "+ mine"],
            dialogs.FindAll(".differences pre > span")
                .Select(line => line.TextContent[(line.TextContent.IndexOf(':', StringComparison.Ordinal) + 2)..].Trim())));
        Assert.Equal("theirs", (await pages.Hub.ReadAsync(id)).Notes);
        await dialogs.FindAll("button").Single(button => button.TextContent.Trim() == choice).ClickAsync();
        await saving;
        Assert.Equal(kept, (await pages.Hub.ReadAsync(id)).Notes);
        page.WaitForAssertion(() => Assert.Equal(open ? "mine" : null, page.FindAll("textarea").SingleOrDefault()?.GetAttribute("value")));
    }

    private static AngleSharp.Dom.IElement Button(IRenderedComponent<RunNotes> notes, string words) =>
        notes.FindAll("button").Single(button => button.TextContent.Trim() == words);
}
