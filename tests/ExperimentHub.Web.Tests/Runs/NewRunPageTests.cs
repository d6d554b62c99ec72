using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class NewRunPageTests
{
    [Fact]
    public async Task NewRunPage_WrongText_ShowsTheReasonAndKeepsTheText()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<NewRunPage>();
        Field(page, "Epochs").Input("ten");
        page.WaitForAssertion(() => Assert.Contains("'ten' is not one", page.Markup, StringComparison.Ordinal));
        Assert.Equal("ten", Field(page, "Epochs").GetAttribute("value"));
        Assert.Equal("true", Field(page, "Epochs").GetAttribute("aria-invalid"));
        Assert.Contains("epochs=ten", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewRunPage_WrongTextSubmitted_StartsNothing()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/runs/new?batchSize=0");
        var page = pages.Render<NewRunPage>();
        await page.Find("form").SubmitAsync();
        Assert.Equal(0, (await AllAsync(pages)).Total);
    }

    [Fact]
    public async Task NewRunPage_SubmittedTwice_StartsOneRunAndGoesToIt()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/runs/new?model=small-cnn&epochs=3&learningRate=1e-3&experiment=mine");
        var page = pages.Render<NewRunPage>();
        var form = page.Find("form");
        await Task.WhenAll(form.SubmitAsync(), form.SubmitAsync());
        await form.SubmitAsync();

        var run = Assert.Single((await AllAsync(pages)).Items);
        Assert.Equal(("small-cnn", 3, 0.001, "mine"), (run.Model, run.Epochs, run.LearningRate, run.Experiment.Name));
        Assert.EndsWith($"/runs/{run.Id}", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewRunPage_FromARun_TakesItsSpec()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.Hub.EnqueueAsync(new TrainingSpec { Epochs = 7, Seed = 42 }, experiment: "source");
        pages.Visit($"/runs/new?from={id}");
        var page = pages.Render<NewRunPage>();
        Assert.Equal("7", Field(page, "Epochs").GetAttribute("value"));
        Assert.Equal("42", Field(page, "Seed").GetAttribute("value"));
        Assert.Equal("source", Field(page, "Experiment").GetAttribute("value"));
    }

    [Fact]
    public async Task NewRunPage_CudaWhereThereIsNone_SaysThatItWaits()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/runs/new?device=cuda");
        var page = pages.Render<NewRunPage>();
        Assert.Contains("No CUDA GPU can be used on this machine", page.Markup, StringComparison.Ordinal);
    }

    private static AngleSharp.Dom.IElement Field(IRenderedComponent<NewRunPage> page, string label)
    {
        var target = page.FindAll("label").Single(l => l.TextContent.Trim() == label).GetAttribute("for");
        return page.Find($"input#{target}");
    }

    private static Task<RunListing> AllAsync(HubPages pages) => pages.Hub.History.ListAsync(new RunFilter(), RunOrder.Created, descending: true, 0, 10);
}
