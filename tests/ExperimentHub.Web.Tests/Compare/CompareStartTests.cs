using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Compare;

namespace ExperimentHub.Web.Tests.Compare;

/// <summary>The page while nothing has been chosen.</summary>
public sealed class CompareStartTests
{
    [Fact]
    public async Task ComparePage_WithoutRuns_OffersTheNewestToTick()
    {
        await using var pages = await HubPages.OpenAsync();
        var a = await pages.Hub.FinishAsync("a", accuracies: 0.9);
        var b = await pages.Hub.FinishAsync("b", new TrainingSpec { BatchSize = 64 }, accuracies: 0.8);
        pages.Visit("/compare");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll(".newest li").Count));
        var compare = page.FindAll("button").Single(button => button.TextContent.Trim() == "Compare");
        await page.FindAll(".newest input")[0].ChangeAsync(true);
        Assert.True(compare.HasAttribute("disabled"));
        await page.FindAll(".newest input")[1].ChangeAsync(true);
        await page.FindAll("button").Single(button => button.TextContent.Trim() == "Compare 2 runs").ClickAsync();
        Assert.EndsWith($"/compare?runs={b}%2C{a}", pages.Address, StringComparison.Ordinal);
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll(".columns thead th").Count));
    }

    [Fact]
    public async Task ComparePage_WithoutRuns_OffersTheSeedsOfTheBestRun()
    {
        await using var pages = await HubPages.OpenAsync();
        var second = await pages.Hub.FinishAsync("second", new TrainingSpec { Seed = 1 }, accuracies: 0.90);
        var best = await pages.Hub.FinishAsync("best", new TrainingSpec { Seed = 2 }, accuracies: 0.95);
        await pages.Hub.FinishAsync("other settings", new TrainingSpec { Seed = 3, BatchSize = 64 }, accuracies: 0.85);
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit("/compare");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Equal($"compare?runs={best},{second}&baseline={best}", page.Find("[aria-labelledby=seeds] a")
            .GetAttribute("href")));
        Assert.Contains("the best run of", page.Find("[aria-labelledby=seeds]").TextContent, StringComparison.Ordinal);
        Assert.Contains("95.00 %", page.Find("[aria-labelledby=seeds]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ComparePage_BestRunWithOneSeed_SaysSo()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.FinishAsync("alone", accuracies: 0.9);
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        pages.Visit("/compare");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("with one seed so far", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public void RecentComparisons_WhateverTheBrowserSays_AreRunsThatAreThere()
    {
        RunId[] ids = [.. Enumerable.Range(0, 4).Select(_ => RunId.New(TimeProvider.System))];
        var names = ids.Take(3).ToDictionary(id => id, id => $"run {Array.IndexOf(ids, id)}");
        var kept = new[]
        {
            new KeptComparison($"{ids[2]},{ids[0]},{ids[3]}", 1_000),
            new KeptComparison($"{ids[0]},{ids[3]}", double.NaN),
            new KeptComparison("nonsense,,<b>", 1e300),
            new KeptComparison(null, -5),
            new KeptComparison($"{ids[0]},{ids[1]}", 1e300),
        };
        var recent = RecentComparison.Of(kept, names);
        Assert.Equal([("run 2, run 0", 1), ("run 0, run 1", 0)], recent.Select(one => (one.Words, one.Gone)));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(1), recent[0].At);
    }
}
