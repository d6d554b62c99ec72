using System.Text.Json;
using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Compare;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Web.Tests.Compare;

public sealed class ComparePageTests
{
    [Fact]
    public async Task ComparePage_NoRunsAtAll_OffersToStartOne()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit("/compare");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("Start a run", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ComparePage_OneRun_IsMeasuredAgainstNothing()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit($"/compare?runs={await pages.Hub.FinishAsync("alone", accuracies: 0.9)}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("alone", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("baseline", page.Find(".page-header").TextContent, StringComparison.Ordinal);
        Assert.Empty(page.FindAll(".mark"));
    }

    [Fact]
    public async Task ComparePage_HideEqual_LeavesTheRowsThatDiffer()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        var b = await pages.Hub.FinishAsync("b", new TrainingSpec { Seed = 2 }, accuracies: 0.8);
        pages.Visit($"/compare?runs={a},{b}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("batch size", page.Markup, StringComparison.Ordinal));
        await page.Find("input[type=checkbox]").ChangeAsync(true);
        Assert.Contains("hideEqual=true", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.DoesNotContain("batch size", page.Markup, StringComparison.Ordinal));
        Assert.Contains("seed", page.Markup, StringComparison.Ordinal);
        Assert.Contains("test loss", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ComparePage_DeletedRun_SaysSoAndShowsTheRest()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        pages.Visit($"/compare?runs={a},{RunId.New(TimeProvider.System)}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("was deleted", page.Markup, StringComparison.Ordinal));
        Assert.Single(page.FindAll(".columns thead th"));
    }

    [Fact]
    public async Task ComparePage_RunThatStillTrains_FollowsItAndLetsGo()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        var b = await pages.Hub.EnqueueAsync(name: "b");
        pages.Visit($"/compare?runs={a},{b}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("queued", page.Markup, StringComparison.Ordinal));
        await pages.Hub.Queue.RequestStopAsync(b);
        page.WaitForAssertion(() => Assert.Contains("stopped", page.Markup, StringComparison.Ordinal), TimeSpan.FromSeconds(5));
        await pages.DisposeComponentsAsync();
        Assert.Equal(0, pages.Hub.Feed.SubscriptionCount);
    }

    [Fact]
    public async Task ComparePage_EpochsThatEnd_AskThreeStatementsAndThoseOfOtherRunsNone()
    {
        var questions = new Questions();
        await using var pages = await HubPages.OpenAsync(questions);
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        var other = await pages.Hub.FinishAsync("other", accuracies: 0.9);
        var b = (await pages.Hub.StartAsync(new TrainingSpec { Seed = 2 })).Run;
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/compare?runs={a},{b}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("compare-curves")));
        questions.Clear();
        pages.Hub.Feed.Publish(other, RunSignal.Results);
        pages.Hub.Feed.Publish(other, RunSignal.Files);
        await using (var db = await pages.Hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            await db.Runs.Where(run => run.Id == b).ExecuteUpdateAsync(set => set.SetProperty(run => run.Name, "read again"));
        pages.Hub.Feed.Publish(b, RunSignal.Results);
        page.WaitForAssertion(() => Assert.Contains("read again", page.Markup, StringComparison.Ordinal));
        // The runs, their epochs, the summaries of their metrics. Points come from the stream, and mistakes where there is a new file.
        Assert.Equal(3, questions.Asked.Count);
    }

    [Fact]
    public async Task ComparePage_EpochOfARunThatTrains_DoesNotMakeItsCurveAnother()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        var run = await PlayedRun.StartAsync(pages.Hub, new TrainingSpec { Seed = 2, Epochs = 2, Device = DeviceRequest.Cpu });
        pages.Visit($"/compare?runs={a},{run.Id}&axis=training");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Equal(0, Seconds()));
        var before = Version();
        await run.EpochAsync(1);
        page.WaitForAssertion(() => Assert.Equal(1, Seconds()));
        Assert.Equal(before, Version());
        await run.EndAsync();
        page.WaitForAssertion(() => Assert.NotEqual(before, Version()));
        Assert.False(Runs()[1].GetProperty("live").GetBoolean());

        JsonElement Runs() => JsonDocument.Parse(page.Find("compare-curves").GetAttribute("runs")!).RootElement;
        string? Version() => Runs()[1].GetProperty("version").GetString();
        int Seconds() => Runs()[1].GetProperty("seconds").GetArrayLength();
    }

    [Fact]
    public async Task ComparePage_MoreThanTwoHundredRuns_RefusesInWords()
    {
        await using var pages = await HubPages.OpenAsync();
        pages.Visit($"/compare?runs={string.Join(',', Enumerable.Range(0, 201).Select(_ => RunId.New(TimeProvider.System)))}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("These are 201 runs, and at most 200 can stand side by side.", page.Markup,
            StringComparison.Ordinal));
        Assert.Empty(page.FindAll("table"));
    }

    [Fact]
    public async Task ComparePage_ChoicesOfCurves_StandInTheAddressAndReachTheBrowser()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", new TrainingSpec { Seed = 1 }, accuracies: 0.9);
        var b = await pages.Hub.FinishAsync("b", new TrainingSpec { Seed = 2, BatchSize = 64 }, accuracies: 0.8);
        pages.Visit($"/compare?runs={a},{b}&axis=samples&log=train_loss");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("\"axis\":\"samples\"", page.Find("compare-curves").GetAttribute("view"),
            StringComparison.Ordinal));
        Assert.Contains("\"log\":[\"train_loss\"]", page.Find("compare-curves").GetAttribute("view"), StringComparison.Ordinal);
        Assert.Equal(["train_loss", "test_accuracy", "test_loss"], page.FindAll("[data-metric]").Select(panel => panel.GetAttribute("data-metric")));

        await page.Find("input[type=range]").ChangeAsync("0.5");
        await page.Find("section select").ChangeAsync("params.batchSize");
        Assert.Contains("smoothing=0.5", pages.Address, StringComparison.Ordinal);
        Assert.Contains("colour=params.batchSize", pages.Address, StringComparison.Ordinal);
        Assert.Contains("axis=samples", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Contains("\"smoothing\":0.5", page.Find("compare-curves").GetAttribute("view"), StringComparison.Ordinal));
        // 32 and 64: the two ends of the ramp.
        using var runs = JsonDocument.Parse(page.Find("compare-curves").GetAttribute("runs")!);
        Assert.Equal([0, 1], runs.RootElement.EnumerateArray().Select(run => run.GetProperty("ramp").GetDouble()));
        Assert.Equal([60_000, 60_000], runs.RootElement.EnumerateArray().Select(run => run.GetProperty("samples").GetInt32()));
    }

    [Fact]
    public async Task ComparePage_SeedsOfTwoSettings_SaysWhetherTheyDiffer()
    {
        await using var pages = await HubPages.OpenAsync();
        var ids = new List<RunId>();
        foreach (var (batch, accuracies) in new[] { (32, new[] { 0.90, 0.91, 0.92 }), (64, [0.911, 0.905, 0.917]), (128, [0.80, 0.81, 0.82]) })
        {
            foreach (var (seed, accuracy) in accuracies.Index())
                ids.Add(await pages.Hub.FinishAsync($"{batch}-{seed}", new TrainingSpec { Seed = seed, BatchSize = batch }, accuracies: accuracy));
        }

        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/compare?runs={string.Join(',', ids)}&seeds=true");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Equal(3, page.FindAll("[aria-label='Groups of seeds'] tbody tr").Count));
        var rows = page.FindAll("[aria-label='Groups of seeds'] tbody tr")
            .Select(row => row.Children.Select(cell => cell.TextContent.Trim()).ToList()).ToList();
        Assert.Equal(["batch size 32baseline", "3", "91.00 % ± 2.48", "1.00", "–", "–", ""], rows[0]);
        Assert.Equal(["within noise", "worse"], rows.Skip(1).Select(row => row[6]));
        Assert.StartsWith("+0.10 ± ", rows[1][4], StringComparison.Ordinal);
        Assert.Equal("< 0.1 %", rows[2][5]);
        // The best of them first, as in the legend.
        using var view = JsonDocument.Parse(page.Find("compare-curves").GetAttribute("view")!);
        Assert.Equal([3, 4, 5], view.RootElement.GetProperty("groups")[0].GetProperty("members").EnumerateArray()
            .Select(member => member.GetInt32()));
        // Student's t for three runs, over the root of three.
        Assert.Equal(4.30265 / Math.Sqrt(3), view.RootElement.GetProperty("groups")[1].GetProperty("margins")[3].GetDouble(), 4);
    }

    [Fact]
    public async Task ComparePage_RunWithoutTheMetric_IsLeftOutOfItsGroupInWords()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        var b = await pages.Hub.FinishAsync("b", new TrainingSpec { Seed = 2 }, accuracies: 0.8);
        var logged = await LoggedRun.MakeAsync(pages.Hub, "elsewhere-1");
        await using (var db = await pages.Hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
            await db.RunParams.ExecuteDeleteAsync();
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/compare?runs={a},{b},{logged}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("[aria-label='Groups of seeds'] tbody tr").Count));
        var row = page.FindAll("[aria-label='Groups of seeds'] tbody tr")[1].Children.Select(cell => cell.TextContent.Trim()).ToList();
        Assert.Equal(["elsewhere-1", "0 of 1", "–"], row.Take(3));
        Assert.Contains("1 run has no test accuracy; left out.", page.FindAll(".foot").Select(foot => foot.TextContent));
    }

    [Fact]
    public async Task ComparePage_RunsWithoutCommonSettings_HasNoGroups()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        var b = await pages.Hub.FinishAsync("b", new TrainingSpec { BatchSize = 64 }, accuracies: 0.8);
        pages.Visit($"/compare?runs={a},{b}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("compare-curves")));
        Assert.DoesNotContain("Groups of seeds", page.Markup, StringComparison.Ordinal);
        Assert.DoesNotContain("Group seeds", page.Markup, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(7, "told from 8 runs on")]
    [InlineData(8, "Permutation importance of a random forest")]
    public async Task ComparePage_Importance_NamesItsMethodOrWhyThereIsNone(int count, string said)
    {
        await using var pages = await HubPages.OpenAsync();
        var ids = new List<RunId>();
        for (var i = 0; i < count; i++)
            ids.Add(await pages.Hub.FinishAsync($"run-{i}", new TrainingSpec { BatchSize = 16 << i, Seed = i }, accuracies: 0.9 - i * 0.05));
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/compare?runs={string.Join(',', ids)}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains(said, page.Find("compare-relations").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ComparePage_KeepInView_NarrowsByKeyboardAndStandsInTheAddress()
    {
        await using var pages = await HubPages.OpenAsync();
        var ids = new List<RunId>();
        foreach (var (i, (dataset, batch)) in new[] { ("mnist", 32), ("mnist", 64), ("fashion-mnist", 128) }.Index())
            ids.Add(await pages.Hub.FinishAsync($"run-{i}", new TrainingSpec { Dataset = dataset, BatchSize = batch }, accuracies: 0.9 + i * 0.02));
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/compare?runs={string.Join(',', ids)}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("fieldset")));
        Assert.Empty(page.Find("[data-kept]").TextContent.Trim());

        await page.Find("input[aria-label='test accuracy at least']").ChangeAsync("91");
        Assert.EndsWith("keep=metrics.test_accuracy%3A0.91%3A", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Contains("2 of 3 runs kept", page.Find("[data-kept]").TextContent, StringComparison.Ordinal));
        await page.FindAll("fieldset input[type=checkbox]").Single(box => box.ParentElement!.TextContent.Trim() == "fashion-mnist")
            .ChangeAsync(false);
        page.WaitForAssertion(() => Assert.Contains("1 of 3 runs kept", page.Find("[data-kept]").TextContent, StringComparison.Ordinal));
        using var runs = JsonDocument.Parse(page.Find("compare-relations").GetAttribute("runs")!);
        Assert.Equal([false, true, false], runs.RootElement.EnumerateArray().Select(run => run.GetProperty("kept").GetBoolean()));
        Assert.Contains($"runs={ids[1]}", page.Find("[data-kept] a").GetAttribute("href"), StringComparison.Ordinal);
        Assert.DoesNotContain("keep=", page.Find("[data-kept] a").GetAttribute("href"), StringComparison.Ordinal);

        await page.Find("[data-kept] button").ClickAsync();
        Assert.DoesNotContain("keep=", pages.Address, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ComparePage_TargetInTheAddress_SaysWhatItTook()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", secondsPerEpoch: 2, accuracies: [0.90, 0.96, 0.98]);
        var b = await pages.Hub.FinishAsync("b", new TrainingSpec { Seed = 2 }, accuracies: [0.90, 0.91]);
        pages.Visit($"/compare?runs={a},{b}&target=0.95");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("To reach 95.00 %", page.Markup, StringComparison.Ordinal));
        var rows = page.FindAll("tr").SkipWhile(row => !row.TextContent.Contains("To reach", StringComparison.Ordinal)).Skip(1).Take(3);
        Assert.Equal([["2", "–"], ["120,000", "–"], ["4.0 s", "–"]],
            rows.Select(row => row.QuerySelectorAll("td").Select(cell => cell.TextContent.Trim()).ToArray()));
        await page.Find("input[type=number]").ChangeAsync("");
        page.WaitForAssertion(() => Assert.DoesNotContain("To reach", page.Markup, StringComparison.Ordinal));
    }
}
