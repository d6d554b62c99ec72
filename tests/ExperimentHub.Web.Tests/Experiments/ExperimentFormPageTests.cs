using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Web.Experiments;
using MudBlazor;

namespace ExperimentHub.Web.Tests.Experiments;

public sealed class ExperimentFormPageTests
{
    [Fact]
    public async Task NewExperiment_Untouched_ShowsNoErrorUntilItIsSubmitted()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<ExperimentFormPage>();
        Assert.Empty(page.FindAll("[aria-invalid=true]"));
        await page.Find("form").SubmitAsync();
        Assert.Contains("An experiment needs a name.", page.Markup, StringComparison.Ordinal);
        Assert.Empty(await pages.Hub.Get<ExperimentStore>().ListAsync());
    }

    [Fact]
    public async Task NewExperiment_FilledIn_IsCreatedWithItsSettings()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<ExperimentFormPage>();
        await Field(page, "Name").InputAsync("digits");
        await Field(page, "Description (optional)").InputAsync("Does a CNN pay off?");
        await Field(page, "Epochs").InputAsync("7");
        await page.Find("form").SubmitAsync();
        var experiment = Assert.Single(await pages.Hub.Get<ExperimentStore>().ListAsync()).Experiment;
        Assert.Equal(("digits", "Does a CNN pay off?", 7), (experiment.Name, experiment.Description, experiment.DefaultSpec.Epochs));
        Assert.EndsWith($"/experiments/{experiment.Id}", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewExperiment_OffersASplitWhereItIsSeenAndStaysTheTutorialUntilItIsTaken()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<ExperimentFormPage>();
        var offer = page.FindAll("button").Single(button => button.TextContent.Trim() == "Hold back 5,000");
        Assert.Null(offer.Closest("details"));
        Assert.Equal("", Field(page, "Held back for validation").GetAttribute("value") ?? "");
        await offer.ClickAsync();
        Assert.Contains("the test images have no part in it", page.Markup, StringComparison.Ordinal);
        await Field(page, "Name").InputAsync("tuned");
        await page.Find("form").SubmitAsync();
        Assert.Equal(5_000, Assert.Single(await pages.Hub.Get<ExperimentStore>().ListAsync()).Experiment.DefaultSpec.Validation?.Samples);
    }

    [Fact]
    public async Task NewExperiment_NameThatIsTaken_SaysSoAtTheNameAndKeepsTheRest()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("Digits", "", new TrainingSpec()));
        var page = pages.Render<ExperimentFormPage>();
        await Field(page, "Name").InputAsync("digits");
        await Field(page, "Epochs").InputAsync("7");
        await page.Find("form").SubmitAsync();
        Assert.Contains("There is an experiment called", page.Markup, StringComparison.Ordinal);
        Assert.Equal("7", Field(page, "Epochs").GetAttribute("value"));
        await Field(page, "Name").InputAsync("letters");
        Assert.DoesNotContain("There is an experiment called", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EditExperiment_Renamed_KeepsItsRuns()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.EnqueueAsync(experiment: "old name");
        var store = pages.Hub.Get<ExperimentStore>();
        var id = (await store.FindAsync("old name"))!.Id;
        var page = pages.Render<ExperimentFormPage>(parameters => parameters.Add(form => form.Id, id));
        await Field(page, "Name").InputAsync("new name");
        await page.Find("form").SubmitAsync();
        var row = Assert.Single(await store.ListAsync());
        Assert.Equal(("new name", 1), (row.Experiment.Name, row.Runs));
    }

    [Fact]
    public async Task EditExperiment_OtherPartsByTwo_KeepsBothWithoutAQuestion()
    {
        await using var pages = await HubPages.OpenAsync();
        var (store, id) = (pages.Hub.Get<ExperimentStore>(), (await pages.Hub.ReadAsync(await pages.Hub.EnqueueAsync())).ExperimentId);
        var page = pages.Render<ExperimentFormPage>(parameters => parameters.Add(form => form.Id, id));
        await Field(page, "Epochs").InputAsync("7");
        await store.UpdateAsync(id, new ExperimentChange(Description: "theirs"));
        page.WaitForAssertion(() => Assert.Contains("Somebody saved this experiment meanwhile", page.Markup, StringComparison.Ordinal));
        await page.Find("form").SubmitAsync();
        var now = (await store.FindAsync(id))!;
        Assert.Equal(("theirs", 7), (now.Description, now.DefaultSpec.Epochs));
    }

    [Theory]
    [InlineData("Keep mine", 7)]
    [InlineData("Take theirs", 9)]
    [InlineData("Go on editing", 9)]
    public async Task EditExperiment_SameSettingsByTwo_ShowsBothAndDoesWhatIsChosen(string choice, int epochs)
    {
        await using var pages = await HubPages.OpenAsync();
        var (store, id) = (pages.Hub.Get<ExperimentStore>(), (await pages.Hub.ReadAsync(await pages.Hub.EnqueueAsync())).ExperimentId);
        var dialogs = pages.Render<MudDialogProvider>();
        var page = pages.Render<ExperimentFormPage>(parameters => parameters.Add(form => form.Id, id));
        await Field(page, "Epochs").InputAsync("7");
        await store.UpdateAsync(id, new ExperimentChange(Description: "theirs", DefaultSpec: new TrainingSpec { Epochs = 9 }));
        var saving = page.Find("form").SubmitAsync();
        dialogs.WaitForAssertion(() => Assert.Equal(("9", "7"),
            (dialogs.Find(".differences dd .gone").TextContent, dialogs.Find(".differences dd .new").TextContent)));
        await dialogs.FindAll("button").Single(button => button.TextContent.Trim() == choice).ClickAsync();
        await saving;
        var now = (await store.FindAsync(id))!;
        Assert.Equal(("theirs", epochs), (now.Description, now.DefaultSpec.Epochs));
        if (choice == "Go on editing")
            Assert.Equal("7", Field(page, "Epochs").GetAttribute("value"));
    }

    [Fact]
    public async Task EditExperiment_Unknown_SaysSo()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<ExperimentFormPage>(parameters => parameters.Add(form => form.Id, 99));
        Assert.Contains("There is no such experiment", page.Markup, StringComparison.Ordinal);
    }

    private static AngleSharp.Dom.IElement Field(IRenderedComponent<ExperimentFormPage> page, string label)
    {
        var target = page.FindAll("label").Single(l => l.TextContent.Trim() == label).GetAttribute("for");
        return page.Find($"#{target}");
    }
}
