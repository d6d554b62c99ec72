using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Compare;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Compare;

/// <summary>A training that was done twice counts once on every page, in the report and in the API, and each of them says so.</summary>
public sealed class RepeatedTrainingTests
{
    private const string Words = "4 runs, 1 of them repeats another (same settings, seed and data); counted once.";

    [Fact]
    public async Task ComparePage_ARunDoneTwice_CountsItOnceAndSaysSo()
    {
        await using var pages = await HubPages.OpenAsync();
        var runs = new List<RunId>();
        foreach (var (seed, accuracy) in new[] { (1, 0.91), (2, 0.93), (3, 0.95), (3, 0.95) })
            runs.Add(await pages.Hub.FinishAsync($"run {runs.Count}", new TrainingSpec { Seed = seed }, accuracies: accuracy));
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/compare?runs={RunSelection.Text(runs)}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains(Words, page.Markup, StringComparison.Ordinal));
        // Student's interval of three runs: 4.30 times 2 points over the root of three.
        Assert.Contains("93.00 % ± 4.97", page.Markup, StringComparison.Ordinal);
        Assert.Contains("3 of 4", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ComparePage_TooFewForImportanceWithoutTheRepeats_SaysBoth()
    {
        await using var pages = await HubPages.OpenAsync();
        var runs = new List<RunId>();
        for (var i = 0; i < 8; i++)
            runs.Add(await pages.Hub.FinishAsync($"run {i}", new TrainingSpec { BatchSize = 8 << Math.Min(i, 6) },
                accuracies: 0.9 + 0.01 * Math.Min(i, 6)));
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/compare?runs={RunSelection.Text(runs)}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("7 of these have it. 8 runs, 1 of them repeats another", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ComparePage_ARunThatDiverged_IsMarkedAndCountsOnlyWhenAsked()
    {
        await using var pages = await HubPages.OpenAsync();
        var sound = await DivergedRun.SoundAsync(pages.Hub, new TrainingSpec { Seed = 1 }, 0.9);
        var diverged = await DivergedRun.MakeAsync(pages.Hub, new TrainingSpec { Seed = 2 });
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/compare?runs={sound},{diverged}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("2 runs, 1 of them diverged; left out: ", page.Find("p.aside").TextContent,
            StringComparison.Ordinal));
        Assert.Equal($"runs/{diverged}", page.Find("p.aside a").GetAttribute("href"));
        Assert.Single(page.FindAll(".columns thead th"));
        Assert.DoesNotContain(diverged.ToString(), page.Find("compare-curves").GetAttribute("runs"), StringComparison.Ordinal);
        Assert.EndsWith("&diverged=true", page.FindAll("p.aside a")[1].GetAttribute("href"), StringComparison.Ordinal);
        pages.Visit($"/compare?runs={sound},{diverged}&diverged=true");
        page.WaitForAssertion(() => Assert.Contains("2 runs, 1 of them diverged; counted like the others: ", page.Find("p.aside").TextContent,
            StringComparison.Ordinal));
        Assert.Equal("diverged", Assert.Single(page.FindAll("thead .sign")).TextContent);
    }

    [Fact]
    public async Task ComparePage_OnlyRunsThatDiverged_ShowsThemAllAndSaysSo()
    {
        await using var pages = await HubPages.OpenAsync();
        RunId[] runs = [await DivergedRun.MakeAsync(pages.Hub, new TrainingSpec { Seed = 1 }),
            await DivergedRun.MakeAsync(pages.Hub, new TrainingSpec { Seed = 2 })];
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit($"/compare?runs={RunSelection.Text(runs)}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.StartsWith("All 2 runs diverged, and are shown all the same: ", page.Find("p.aside").TextContent.Trim(),
            StringComparison.Ordinal));
        Assert.Equal(2, page.FindAll(".columns thead th").Count);
        Assert.Equal(2, page.FindAll("p.aside a").Count);
        Assert.Contains("2", page.Find("[aria-label='Groups of seeds'] tbody .num").TextContent, StringComparison.Ordinal);
    }
}
