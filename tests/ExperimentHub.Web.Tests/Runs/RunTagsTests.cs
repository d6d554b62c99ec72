using Bunit;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class RunTagsTests
{
    [Fact]
    public async Task RunPage_TagAddedAndRemoved_ShowsWhatTheRunHas()
    {
        await using var pages = await HubPages.OpenAsync();
        var (id, other) = (await pages.Hub.EnqueueAsync(), await pages.Hub.EnqueueAsync());
        await pages.Hub.Get<RunAnnotations>().TagAsync(other, "used", "before");
        var page = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, id.ToString()));
        await page.Find(".tags .add").ClickAsync();
        page.WaitForAssertion(() => Assert.Equal("used=before", page.Find("#tags-used option").GetAttribute("value")));
        await page.Find(".tags input").InputAsync("owner=anna");
        await page.Find(".tags form").SubmitAsync();
        page.WaitForAssertion(() => Assert.Equal("anna", page.Find(".tags .tag .value").TextContent));
        Assert.Equal("", page.Find(".tags input").GetAttribute("value")); // open for the next one
        await page.Find(".tags .take").ClickAsync();
        page.WaitForAssertion(() => Assert.Empty(page.FindAll(".tags .tag")));
        Assert.Empty((await pages.Hub.ReadAsync(id)).Tags);
    }

    [Fact]
    public async Task Tags_SameNameByTwo_SaysWhatTheOtherGaveAndReplacesItOnlyWhenAskedAgain()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.Hub.EnqueueAsync();
        var tags = pages.Render<RunTags>(parameters => parameters.Add(p => p.Run, pages.Hub.ReadAsync(id).Result));
        await tags.Find(".add").ClickAsync();
        await tags.WaitForElement(".tags input").InputAsync("owner=ben");
        await pages.Hub.Get<RunAnnotations>().TagAsync(id, "owner", "anna");
        await tags.Find("form").SubmitAsync();
        tags.WaitForAssertion(() => Assert.Contains("Somebody made it owner=anna meanwhile", tags.Find(".problem").TextContent,
            StringComparison.Ordinal));
        Assert.Equal("owner=ben", tags.Find("input").GetAttribute("value"));
        Assert.Equal("anna", Assert.Single((await pages.Hub.ReadAsync(id)).Tags).Value);
        await tags.Find("form").SubmitAsync();
        Assert.Equal("ben", Assert.Single((await pages.Hub.ReadAsync(id)).Tags).Value);
    }

    [Fact]
    public async Task Tags_WrongName_AreRefusedInWordsAndStayTyped()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.EnqueueAsync());
        var tags = pages.Render<RunTags>(parameters => parameters.Add(p => p.Run, run));
        await tags.Find(".add").ClickAsync();
        await tags.WaitForElement(".tags input").InputAsync("two\u200ewords");
        await tags.Find("form").SubmitAsync();
        tags.WaitForAssertion(() => Assert.Contains("invisible characters", tags.Find(".problem").TextContent, StringComparison.Ordinal));
        Assert.Equal("two\u200ewords", tags.Find("input").GetAttribute("value"));
    }
}
