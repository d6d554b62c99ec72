using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs;
using Microsoft.AspNetCore.WebUtilities;
using MudBlazor;

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
        Assert.Empty(await AllAsync(pages));
    }

    [Fact]
    public async Task NewRunPage_WrongTextSubmitted_StartsNothing()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/runs/new?batchSize=0");
        var page = pages.Render<NewRunPage>();
        await page.Find("form").SubmitAsync();
        Assert.Empty(await AllAsync(pages));
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

        var run = Assert.Single((await AllAsync(pages)));
        Assert.Equal(("small-cnn", 3, 0.001, "mine"),
            (run.Training!.Model, run.Training!.PlannedEpochs, run.Training!.LearningRate, run.Experiment.Name));
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
        var runs = (await AllAsync(pages));
        Assert.Equal(["cuda", "cpu"], runs.Select(run => run.Training!.Spec.Device));
        Assert.Equal(runs[0].Training!.Spec with { Device = "cpu" }, runs[1].Training!.Spec);
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

    [Fact]
    public async Task NewRunPage_SeveralValues_SaysHowManyAndHowLong()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<NewRunPage>();
        await Field(page, "Learning rate").InputAsync("0.01, 0.1");
        await Field(page, "Seed").InputAsync("1-3");
        page.WaitForAssertion(() => Assert.Equal("6 runs: 2 learning rates × 3 seeds", page.Find(".several p").TextContent));
        page.WaitForAssertion(() => Assert.Contains("no run of this kind has been measured yet", page.Find(".several").TextContent,
            StringComparison.Ordinal));
        Assert.Equal("Start 6 runs", page.Find("button[type=submit]").TextContent.Trim());
        Assert.Equal("0.01, 0.1", Field(page, "Learning rate").GetAttribute("value"));
        Assert.Contains("learningRate=0.01%2C%200.1", pages.Address, StringComparison.Ordinal);
        await Field(page, "Learning rate").InputAsync("0.01");
        await Field(page, "Seed").InputAsync("1");
        page.WaitForAssertion(() => Assert.Equal("Start run", page.Find("button[type=submit]").TextContent.Trim()));
        Assert.Empty(page.FindAll(".several p"));
    }

    [Fact]
    public async Task NewRunPage_SeveralOfAKindThatWasMeasured_SaysHowLongAndWhatIsThereAlready()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.FinishAsync("before", new TrainingSpec { Seed = 2 }, accuracies: [0.8, 0.9]);
        pages.Visit("/runs/new?seed=1-3");
        var page = pages.Render<NewRunPage>();
        page.WaitForAssertion(() => Assert.Matches("about .* s here", page.Find(".several").TextContent));
        Assert.Contains("1 of them repeats a run that is there", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewRunPage_DecimalComma_StartsNothingAndSaysWhatToWrite()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/runs/new?learningRate=0,01");
        var page = pages.Render<NewRunPage>();
        Assert.Contains("could be one number or several: write 0.01 for one, or 0, 01 for several.", page.Markup, StringComparison.Ordinal);
        await page.Find("form").SubmitAsync();
        Assert.Empty(await AllAsync(pages));
    }

    [Fact]
    public async Task NewRunPage_SeveralStartedTwice_AsksAndStartsThemOnceAndShowsJustThem()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(name: "another");
        pages.Visit("/runs/new?name=wide&learningRate=0.01,+0.1&momentum=0.5,+0.9&batchSize=64");
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<NewRunPage>();
        var form = page.Find("form");
        var first = form.SubmitAsync();
        await form.SubmitAsync();
        dialogs.WaitForAssertion(() => Assert.Contains("2 learning rates × 2 values of momentum", dialogs.Markup, StringComparison.Ordinal));
        await Button(dialogs, "Start 4 runs").ClickAsync();
        await first;

        var runs = (await AllAsync(pages)).Reverse().ToList();
        Assert.Equal(["another", "wide lr=0.01 momentum=0.5", "wide lr=0.01 momentum=0.9", "wide lr=0.1 momentum=0.5", "wide lr=0.1 momentum=0.9"],
            runs.Select(run => run.Name));
        Assert.Equal([(0.01, 0.5), (0.01, 0.9), (0.1, 0.5), (0.1, 0.9)], runs.Skip(1)
            .Select(run => (run.Training!.LearningRate, run.Training!.Spec.Optimizer.Momentum ?? 0)));

        var address = new Uri(pages.Address);
        var query = QueryHelpers.ParseQuery(address.Query);
        Assert.Equal("/runs", address.AbsolutePath);
        Assert.Contains("params.optimizer.momentum", query["columns"].ToString(), StringComparison.Ordinal);
        var found = await pages.Hub.Get<RunSearch>().ListAsync(new RunQuery(query["filter"].ToString(), query["sort"].ToString()));
        Assert.Equal(runs.Skip(1).Select(run => run.Id), found.Answer!.Items.Select(row => row.Run.Id));
    }

    [Fact]
    public async Task NewRunPage_SeveralNotConfirmed_StartsNothing()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/runs/new?seed=1-3");
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<NewRunPage>();
        var asked = page.Find("form").SubmitAsync();
        dialogs.WaitForState(() => dialogs.FindAll("button").Any(button => button.TextContent.Trim() == "Not yet"));
        await Button(dialogs, "Not yet").ClickAsync();
        await asked;
        Assert.Empty(await AllAsync(pages));
        Assert.Equal("Start 3 runs", page.Find("button[type=submit]").TextContent.Trim());
    }

    [Fact]
    public async Task NewRunPage_SeveralAfterALostConnection_AreNotStartedAgain()
    {
        await using var pages = await HubPages.OpenAsync();
        var made = await pages.Hub.Queue.EnqueueAllAsync(
            [.. new long[] { 1, 2 }.Select((seed, i) => new RunRequest("tutorial", "", new TrainingSpec { Seed = seed }, $"form-lost-{i}"))]);
        pages.Visit("/runs/new?seed=1-2&sent=form-lost");
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<NewRunPage>();
        var started = page.Find("form").SubmitAsync();
        dialogs.WaitForState(() => dialogs.FindAll("button").Any(button => button.TextContent.Trim() == "Start 2 runs"));
        await Button(dialogs, "Start 2 runs").ClickAsync();
        await started;
        Assert.Equal(made.Runs, (await AllAsync(pages)).Select(run => run.Id).Reverse());
        Assert.StartsWith("http://localhost/runs?", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewRunPage_SomeCombinationsImpossible_NamesThemAndStartsTheOthers()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/runs/new?batchSize=64,+70000");
        var page = pages.Render<NewRunPage>();
        Assert.Equal("1 of 2 runs: 2 batch sizes", page.Find(".several p").TextContent);
        Assert.Contains("1 of 2 combinations cannot be trained and is left out.", page.Markup, StringComparison.Ordinal);
        Assert.Contains("batch=70000", page.Find("li .mono").TextContent, StringComparison.Ordinal);
        await page.Find("form").SubmitAsync();
        Assert.Equal(64, Assert.Single((await AllAsync(pages))).Training!.BatchSize);
    }

    [Fact]
    public async Task NewRunPage_RefusedByTheQueue_SaysThatNoneWasStarted()
    {
        await using var pages = await HubPages.OpenAsync();
        var old = (await pages.Hub.ReadAsync(await pages.Hub.EnqueueAsync(experiment: "old"))).ExperimentId;
        await pages.Hub.Get<ExperimentStore>().ArchiveAsync(old, archived: true);
        pages.Visit("/runs/new?experiment=old&seed=1-2");
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<NewRunPage>();
        var started = page.Find("form").SubmitAsync();
        dialogs.WaitForState(() => dialogs.FindAll("button").Any(button => button.TextContent.Trim() == "Start 2 runs"));
        await Button(dialogs, "Start 2 runs").ClickAsync();
        await started;
        page.WaitForAssertion(() => Assert.Contains("None of these runs was started.", page.Markup, StringComparison.Ordinal));
        Assert.Contains("The experiment old is archived.", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewRunPage_SeveralValues_CannotBeTriedOnBothDevices()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Hub.Devices.Report = EmptyHub.OneCpu with { Devices = [.. EmptyHub.OneCpu.Devices, new DeviceInfo("cuda", 0, "Test GPU")] };
        pages.Visit("/runs/new?seed=1-2");
        var page = pages.Render<NewRunPage>();
        var button = Button(page, "Run on CPU and GPU");
        Assert.True(button.HasAttribute("disabled"));
        Assert.Contains("a field has several values", page.Find($"#{button.GetAttribute("aria-describedby")}").TextContent, StringComparison.Ordinal);
    }

    private static AngleSharp.Dom.IElement Button<T>(IRenderedComponent<T> page, string text)
        where T : Microsoft.AspNetCore.Components.IComponent => page.FindAll("button").Single(button => button.TextContent.Trim() == text);

    private static AngleSharp.Dom.IElement Field(IRenderedComponent<NewRunPage> page, string label)
    {
        var target = page.FindAll("label").Single(l => l.TextContent.Trim() == label).GetAttribute("for");
        return page.Find($"input#{target}");
    }

    private static Task<IReadOnlyList<Run>> AllAsync(HubPages pages) => pages.Hub.RunsAsync();
}
