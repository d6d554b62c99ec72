using Bunit;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Web.Experiments;
using MudBlazor;

namespace ExperimentHub.Web.Tests.Experiments;

public sealed class ExperimentConclusionTests
{
    [Theory]
    [InlineData("Take theirs", "theirs")]
    [InlineData("Keep mine", "**128** is worse")]
    public async Task Conclusion_WrittenByTwo_ShowsBothAndDoesWhatIsChosen(string choice, string kept)
    {
        await using var pages = await HubPages.OpenAsync();
        var id = (await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", accuracies: 0.9))).ExperimentId;
        var store = pages.Hub.Get<ExperimentStore>();
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, id));
        page.WaitForAssertion(() => Assert.NotNull(Button(page, "Write conclusion")));
        await Button(page, "Write conclusion").ClickAsync();
        await page.Find("textarea").InputAsync("**128** is worse");
        // Something else of the experiment is no conflict.
        await store.UpdateAsync(id, new ExperimentChange(Description: "why"));
        page.WaitForAssertion(() => Assert.Contains("why", page.Find(".description").TextContent, StringComparison.Ordinal));
        Assert.DoesNotContain("meanwhile", page.Markup, StringComparison.Ordinal);
        await store.UpdateAsync(id, new ExperimentChange(Conclusion: "theirs"));
        page.WaitForAssertion(() => Assert.Contains("Somebody changed the conclusion meanwhile", page.Markup, StringComparison.Ordinal));

        var saving = Button(page, "Save conclusion").ClickAsync();
        dialogs.WaitForAssertion(() => Assert.NotNull(Button(dialogs, choice)));
        await Button(dialogs, choice).ClickAsync();
        await saving;
        Assert.Equal(kept, (await store.FindAsync(id))!.Conclusion);
        page.WaitForAssertion(() => Assert.Contains(kept.Trim('*').Split('*')[0], page.Find(".written").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Conclusion_TooLong_StaysInTheFieldWithTheReason()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = (await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", accuracies: 0.9))).ExperimentId;
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, id));
        page.WaitForAssertion(() => Assert.NotNull(Button(page, "Write conclusion")));
        await Button(page, "Write conclusion").ClickAsync();
        await page.Find("textarea").InputAsync(new string('a', Experiment.MaxConclusionLength + 1));
        await Button(page, "Save conclusion").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("The conclusion", page.Find("#conclusion-hint").TextContent, StringComparison.Ordinal));
        Assert.Equal("", (await pages.Hub.Get<ExperimentStore>().FindAsync(id))!.Conclusion);
    }

    private static AngleSharp.Dom.IElement Button<T>(IRenderedComponent<T> page, string word)
        where T : Microsoft.AspNetCore.Components.IComponent => page.FindAll("button").Single(button => button.TextContent.Trim() == word);
}
