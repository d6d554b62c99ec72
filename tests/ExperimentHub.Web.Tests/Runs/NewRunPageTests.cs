using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Experiments;
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
        await Field(page, "Epochs").InputAsync("ten");
        page.WaitForAssertion(() => Assert.Contains("'ten' is not one", page.Markup, StringComparison.Ordinal));
        Assert.Equal("ten", Field(page, "Epochs").GetAttribute("value"));
        Assert.Equal("true", Field(page, "Epochs").GetAttribute("aria-invalid"));
        Assert.Contains("epochs=ten", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewRunPage_PrecisionThatTheGpuCannot_IsRefusedInTheForm()
    {
        var gpu = new DeviceInfo("cuda", 0, "Tesla T4");
        await using var pages = await HubPages.OpenAsync(EmptyHub.OneCpu with
        {
            Devices = [.. EmptyHub.OneCpu.Devices, gpu],
            Trials = [new DeviceTrial(gpu, 2.3, Capability: new ComputeCapability(7, 5))],
        });
        pages.Visit("/runs/new?precision=bf16");
        var page = pages.Render<NewRunPage>();
        page.WaitForAssertion(() => Assert.Contains("cuda:0 (Tesla T4) has 7.5. Choose fp32.", page.Markup, StringComparison.Ordinal));
        await page.Find("form").SubmitAsync();
        Assert.Equal(0, (await AllAsync(pages)).Total);
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
    public async Task NewRunPage_OfANewExperiment_OffersASplitAndKeepsItInTheAddress()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/runs/new?experiment=mine");
        var page = pages.Render<NewRunPage>();
        await page.FindAll("button").Single(button => button.TextContent.Trim() == "Hold back 5,000").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("validation=5000", pages.Address, StringComparison.Ordinal));
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
    public async Task NewRunPage_ExperimentWithSettingsOfItsOwn_StartsFromThem()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("mine", "", new TrainingSpec { Epochs = 9, BatchSize = 128 }));
        pages.Visit("/runs/new?experiment=mine&batchSize=64");
        var page = pages.Render<NewRunPage>();
        Assert.Equal("9", Field(page, "Epochs").GetAttribute("value"));
        Assert.Equal("64", Field(page, "Batch size").GetAttribute("value"));
    }

    [Fact]
    public async Task NewRunPage_FirstRunOfAnExperiment_BecomesItsSettings()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(new TrainingSpec { Epochs = 4 }, experiment: "young");
        Assert.Equal(4, (await pages.Hub.Get<ExperimentStore>().FindAsync("young"))!.DefaultSpec.Epochs);
    }

    [Fact]
    public async Task NewRunPage_NoGpu_SaysWhyBothDevicesCannotBeTried()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<NewRunPage>();
        var button = page.FindAll("button").Single(b => b.TextContent.Trim() == "Run on CPU and GPU");
        Assert.True(button.HasAttribute("disabled"));
        Assert.Contains("No CUDA GPU", page.Find($"#{button.GetAttribute("aria-describedby")}").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewRunPage_BothDevices_StartsTwoRunsThatDifferInNothingElse()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Hub.Devices.Report = EmptyHub.OneCpu with { Devices = [.. EmptyHub.OneCpu.Devices, new DeviceInfo("cuda", 0, "Test GPU")] };
        var page = pages.Render<NewRunPage>();
        await page.FindAll("button").Single(b => b.TextContent.Trim() == "Run on CPU and GPU").ClickAsync();
        var runs = (await AllAsync(pages)).Items;
        Assert.Equal(["cuda", "cpu"], runs.Select(run => run.Spec.Device));
        Assert.Equal(runs[0].Spec with { Device = "cpu" }, runs[1].Spec);
        Assert.Contains($"/compare?runs={runs[1].Id},{runs[0].Id}&baseline={runs[1].Id}", pages.Address, StringComparison.Ordinal);
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

    private static Task<RunListing> AllAsync(HubPages pages) => pages.Hub.History.ListAsync(new RunFilter(), newestFirst: true, 0, 10);
}
