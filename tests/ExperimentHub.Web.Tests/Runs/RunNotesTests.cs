using Bunit;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;

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
        notes.Find("textarea").Input("**bold** <b>raw</b>");
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
        notes.Find("textarea").Input(new string('a', Run.MaxNotesLength + 1));
        await Button(notes, "Save notes").ClickAsync();
        notes.WaitForAssertion(() => Assert.Contains("at most 20,000 characters", notes.Find("#notes-hint").TextContent, StringComparison.Ordinal));
        Assert.Equal(Run.MaxNotesLength + 1, notes.Find("textarea").GetAttribute("value")!.Length);
        await Button(notes, "Cancel").ClickAsync();
        Assert.Empty((await pages.Hub.ReadAsync(run.Id)).Notes);
    }

    private static AngleSharp.Dom.IElement Button(IRenderedComponent<RunNotes> notes, string words) => notes.FindAll("button").Single(button => button.TextContent.Trim() == words);
}
