using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Web.Experiments;
using MudBlazor;

namespace ExperimentHub.Web.Tests.Experiments;

public sealed class ExperimentPageTests
{
    [Fact]
    public async Task ExperimentPage_NeverThere_SaysSo()
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, 99));
        Assert.Equal("There is no such experiment", page.Find("h1").TextContent);
    }

    [Fact]
    public async Task ExperimentPage_Deleted_BringsItBackWithItsRuns()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await DeletedAsync(pages);
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, id));
        await Restore(page).ClickAsync();
        Assert.Equal("tutorial", page.Find("h1").TextContent);
        Assert.Equal("mine", page.Find("td.name a").TextContent);
        Assert.NotNull(await pages.Hub.Get<ExperimentStore>().FindAsync(id));
    }

    [Fact]
    public async Task ExperimentPage_DeletedAndItsNameTaken_SaysSoAndCanBeTriedAgain()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await DeletedAsync(pages);
        await pages.Hub.EnqueueAsync();
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, id));
        await Restore(page).ClickAsync();
        Assert.Contains("Another experiment is called 'tutorial'", page.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.NotNull(Restore(page));
    }

    [Fact]
    public async Task ExperimentPage_WithASplit_ChoosesByItAndSaysSo()
    {
        await using var pages = await HubPages.OpenAsync();
        var spec = new TrainingSpec { Validation = new() };
        async Task<int> FinishAsync(long seed, double test, double validation)
        {
            var run = await PlayedRun.StartAsync(pages.Hub, spec with { Seed = seed });
            await pages.Hub.Recorder.EpochAsync(run.Key,
                new EpochFinished(1, 0.2, 0.2, test, 0.5) { Best = true, ValidationAccuracy = validation, ValidationLoss = 0.2 });
            await run.EndAsync();
            return (await run.ReadAsync()).ExperimentId;
        }

        await FinishAsync(1, test: 0.98, validation: 0.95);
        var id = await FinishAsync(2, test: 0.97, validation: 0.96);
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, id));
        page.WaitForAssertion(() => Assert.Contains("96.00 %", page.Find(".best").TextContent, StringComparison.Ordinal));
        Assert.Contains("chosen by validation", page.Markup, StringComparison.Ordinal);
        var row = Assert.Single(await pages.Hub.Get<ExperimentStore>().ListAsync());
        Assert.Equal((0.97, true), (row.BestTestAccuracy, row.BestByValidation));
    }

    [Fact]
    public async Task ExperimentPage_WithoutASplit_SaysThatTheTestSetChose()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", accuracies: [0.9, 0.95]));
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, run.ExperimentId));
        page.WaitForAssertion(() => Assert.Contains("chosen by test", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ExperimentPage_ARunThatDiverged_IsBestOnlyWhenAsked()
    {
        await using var pages = await HubPages.OpenAsync();
        var sound = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("sound", accuracies: 0.9));
        await DivergedRun.MakeAsync(pages.Hub, new TrainingSpec { Seed = 2 }, before: 0.99);
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/experiments/{sound.ExperimentId}");
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, sound.ExperimentId));
        page.WaitForAssertion(() => Assert.Contains("2 runs, 1 of them diverged; left out.", page.Markup, StringComparison.Ordinal));
        Assert.Contains("90.00 %", page.Find(".best").TextContent, StringComparison.Ordinal);
        Assert.Single(page.FindAll("tbody .sign"));
        Assert.EndsWith("?diverged=true", page.FindAll("a").Single(link => link.TextContent == "Count runs that diverged too").GetAttribute("href"),
            StringComparison.Ordinal);
        pages.Visit($"/experiments/{sound.ExperimentId}?diverged=true");
        page.WaitForAssertion(() => Assert.Contains("99.00 %", page.Find(".best").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ExperimentPage_ByAnotherMetric_ShowsItsBestRun()
    {
        await using var pages = await HubPages.OpenAsync();
        var early = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("early", accuracies: [0.99, 0.5]));
        var steady = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("steady", new TrainingSpec { Seed = 2 }, accuracies: [0.9, 0.95]));
        pages.Hub.Get<MetricWriter>().Append(early.Number, "odd_error", [new MetricPoint(1, 0, 0.5), new MetricPoint(2, 0, 0.75)]);
        pages.Hub.Get<MetricWriter>().Append(steady.Number, "odd_error", [new MetricPoint(1, 0, 0.25), new MetricPoint(2, 0, 0.875)]);
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"experiments/{early.ExperimentId}");
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, early.ExperimentId));
        Assert.Equal("99.00 % early", Best(page));
        Assert.Equal(["odd_error", "test_accuracy", "test_loss", "train_loss"], page.FindAll("option")
            .Select(option => option.GetAttribute("value")));

        await page.Find("select").ChangeAsync(new() { Value = "odd_error" });

        Assert.EndsWith("?metric=odd_error", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Equal("0.2500 steady", Best(page)));
        Assert.Equal("Best odd error of 2 runs over time, from 0.2500 to 0.5000; the best is steady. The table below has the runs.",
            page.Find("[role=img][aria-label]").GetAttribute("aria-label"));
    }

    [Fact]
    public async Task ExperimentPage_ArchivedRuns_AreNeitherListedNorOffered()
    {
        await using var pages = await HubPages.OpenAsync();
        var kept = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("kept", accuracies: [0.9, 0.8]));
        var old = await pages.Hub.FinishAsync("old", new Protocol.TrainingSpec { Epochs = 30 }, accuracies: 0.99);
        await pages.Hub.Get<RunBulk>().ArchiveAsync(RunTargets.Of([old]), archived: true);
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, kept.ExperimentId));
        page.WaitForAssertion(() => Assert.Equal(["kept"], page.FindAll("td.name a").Select(link => link.TextContent)));
        Assert.Equal("1", page.Find(".tab .count").TextContent);
        await page.FindAll(".switch button").Single(button => button.TextContent == "last epoch").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains("80.00", page.Find("tbody tr").TextContent, StringComparison.Ordinal));

        pages.Visit($"/experiments/{kept.ExperimentId}?tab=settings");
        var settings = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, kept.ExperimentId));
        Assert.Contains("learning rate", settings.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("Use those of", settings.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExperimentPage_Study_FramesTheBestMeanAndQueuesMoreSeeds()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("small", new TrainingSpec { BatchSize = 32 }, accuracies: 0.9));
        await pages.Hub.FinishAsync("large", new TrainingSpec { BatchSize = 128 }, accuracies: 0.95);
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/experiments/{run.ExperimentId}?tab=study");
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, run.ExperimentId));
        page.WaitForAssertion(() => Assert.StartsWith("95.00", page.Find("td.best a").TextContent, StringComparison.Ordinal));
        Assert.Equal(["", "32", "128"], page.FindAll("thead th").Select(heading => heading.TextContent));
        Assert.Contains("filter=params.batchSize%20%3D%20128", page.Find("td.best a").GetAttribute("href"), StringComparison.Ordinal);
        await page.Find("td.best button").ClickAsync();
        var waiting = (await pages.Hub.RunsAsync(RunStatus.Queued)).Reverse();
        Assert.Equal([(128, 2L), (128, 3L)], waiting.Select(queued => (queued.Training!.BatchSize, queued.Training!.Spec.Seed)));
    }

    [Theory]
    [InlineData("learning_rate")]
    [InlineData("banana")]
    public async Task ExperimentPage_MetricThatCannotBeBetter_ShowsTheAccuracy(string metric)
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", accuracies: 0.9));
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"experiments/{run.ExperimentId}?metric={metric}");
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, run.ExperimentId));
        Assert.StartsWith("90.00 % mine", Best(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExperimentPage_ItsRuns_AreFilteredSortedAndTickedAmongThemselves()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("b", accuracies: 0.9));
        await pages.Hub.FinishAsync("a", new TrainingSpec { BatchSize = 128 }, accuracies: 0.8);
        await pages.Hub.EnqueueAsync(name: "elsewhere", experiment: "another");
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/experiments/{run.ExperimentId}?sort=name");
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, run.ExperimentId));
        page.WaitForAssertion(() => Assert.Equal(["a", "b"], Names(page)));
        Assert.Empty(page.FindAll("th[data-column=experiment]"));
        await page.FindAll("tbody input[type=checkbox]")[0].ChangeAsync(true);
        page.WaitForAssertion(() => Assert.Contains("1 selected", page.Markup, StringComparison.Ordinal));

        pages.Visit($"/experiments/{run.ExperimentId}?filter={Uri.EscapeDataString("name = 'elsewhere'")}");
        page.WaitForAssertion(() => Assert.Contains("No run matches these filters.", page.Markup, StringComparison.Ordinal));
        await Button(page, "Clear filters").ClickAsync();
        page.WaitForAssertion(() => Assert.Equal(2, Names(page).Count));
        Assert.DoesNotContain("filter", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExperimentPage_Archived_OffersToBringItBackInsteadOfARun()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = (await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", accuracies: 0.9))).ExperimentId;
        await pages.Hub.Get<ExperimentStore>().ArchiveAsync(id, archived: true);
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, id));
        page.WaitForAssertion(() => Assert.DoesNotContain(page.FindAll("a"), link => link.TextContent.Trim() == "New run"));
        await page.FindAll("button").Single(button => button.TextContent.Trim() == "Unarchive").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains(page.FindAll("a"), link => link.TextContent.Trim() == "New run"));
    }

    [Fact]
    public async Task ExportPage_SaysWhatIsLeftOut()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", accuracies: 0.9));
        await pages.Hub.EnqueueAsync(name: "waiting");
        var page = pages.Render<ExperimentExportPage>(parameters => parameters.Add(p => p.Id, run.ExperimentId));
        Assert.Contains("1 run that has ended", page.Markup, StringComparison.Ordinal);
        Assert.Equal("1 run is left out", page.Find("strong").TextContent);
        Assert.Equal($"api/v1/experiments/{run.ExperimentId}/export", page.Find("a[download]").GetAttribute("href"));
        Assert.Equal("There is no such experiment", pages.Render<ExperimentExportPage>(parameters => parameters.Add(p => p.Id, 99))
            .Find("h1").TextContent);
    }

    [Fact]
    public async Task FormPage_FromAnother_ProposesACopy()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.EnqueueAsync(new() { Epochs = 7 }));
        pages.Visit($"experiments/new?from={run.ExperimentId}");
        var page = pages.Render<ExperimentFormPage>();
        Assert.Equal("tutorial copy", page.Find("input").GetAttribute("value"));
        await page.Find("form").SubmitAsync();
        Assert.Equal(7, (await pages.Hub.Get<ExperimentStore>().FindAsync("tutorial copy"))!.DefaultSpec.Epochs);
    }

    [Fact]
    public async Task ExperimentPage_UseTheSettingsOfARun_AsksWithTheDifferenceAndLeadsBack()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", new() { Epochs = 30 }, accuracies: 0.9));
        var store = pages.Hub.Get<ExperimentStore>();
        await store.UpdateAsync(run.ExperimentId, new ExperimentChange(DefaultSpec: new() { Epochs = 7 }));
        var dialogs = pages.Render<MudDialogProvider>();
        pages.Visit($"/experiments/{run.ExperimentId}?tab=settings");
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, run.ExperimentId));
        var asked = Button(page, "Use those of mine…").ClickAsync();
        dialogs.WaitForAssertion(() => Assert.Equal("epochs 7 → 30", Changes(dialogs.Find(".differences dl"))));
        Assert.Equal(7, (await store.FindAsync(run.ExperimentId))!.DefaultSpec.Epochs);
        await Button(dialogs, "Use these settings").ClickAsync();
        await asked;
        Assert.Equal(30, (await store.FindAsync(run.ExperimentId))!.DefaultSpec.Epochs);

        page.WaitForAssertion(() => Assert.Contains("those of mine", page.Find(".history li").TextContent, StringComparison.Ordinal));
        Assert.Equal(["epochs 7 → 30", "epochs 30 → 7"], page.FindAll(".history .differences dl").Select(Changes));
        asked = Button(page, "Back to v2…").ClickAsync();
        dialogs.WaitForAssertion(() => Assert.Equal("epochs 30 → 7", Changes(dialogs.Find(".differences dl"))));
        await Button(dialogs, "Use these settings").ClickAsync();
        await asked;
        Assert.Equal([(4, 7, "back to v2"), (3, 30, "those of mine"), (2, 7, null), (1, 30, "the first run's")],
            (await store.SettingsHistoryAsync(run.ExperimentId, 10)).Select(change => (change.Number, change.Spec.Epochs, change.Note)));
    }

    [Fact]
    public async Task ExperimentPage_ChangedElsewhere_ShowsItByItself()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", accuracies: 0.9));
        var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, run.ExperimentId));
        await pages.Hub.Get<ExperimentStore>().UpdateAsync(run.ExperimentId, new ExperimentChange(Name: "renamed"));
        page.WaitForAssertion(() => Assert.Equal("renamed", page.Find("h1").TextContent));
    }

    private static AngleSharp.Dom.IElement Button<T>(IRenderedComponent<T> page, string word)
        where T : Microsoft.AspNetCore.Components.IComponent => page.FindAll("button").Single(button => button.TextContent.Trim() == word);

    private static string Changes(AngleSharp.Dom.IElement list) => string.Join(", ", list.QuerySelectorAll("div").Select(row =>
        $"{row.QuerySelector("dt")!.TextContent} {row.QuerySelector(".gone")!.TextContent} → {row.QuerySelector(".new")!.TextContent}"));

    private static List<string> Names(IRenderedComponent<ExperimentPage> page) => [.. page.FindAll("td.name a").Select(link => link.TextContent)];

    private static string Best(IRenderedComponent<ExperimentPage> page) => page.Find("p.best").TextContent;

    private static async Task<int> DeletedAsync(HubPages pages)
    {
        var run = await pages.Hub.ReadAsync(await pages.Hub.FinishAsync("mine", accuracies: 0.9));
        Assert.Equal(ExperimentDeletion.Deleted, await pages.Hub.Get<ExperimentStore>().DeleteAsync(run.ExperimentId));
        return run.ExperimentId;
    }

    private static AngleSharp.Dom.IElement Restore(IRenderedComponent<ExperimentPage> page) =>
        page.FindAll("button").Single(button => button.TextContent.Trim() == "Restore experiment");
}
