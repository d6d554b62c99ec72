using Bunit;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class RunPageTests
{
    [Theory]
    [InlineData("not-an-id")]
    [InlineData("0123456789abcdef0123456789abcdef")]
    public async Task RunPage_UnknownId_SaysSo(string id)
    {
        await using var pages = await HubPages.OpenAsync();
        var page = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, id));
        Assert.Equal("There is no such run", page.Find("h1").TextContent);
    }

    [Fact]
    public async Task RunPage_Progress_AppearsByItself()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.StartAsync();
        var page = Open(pages, run.Run);
        Assert.Contains("Starting the trainer", page.Markup, StringComparison.Ordinal);

        await pages.Hub.Recorder.StartedAsync(run,
            new TrainingStarted(new DeviceInfo("cpu", 0, "Test CPU"), "2.10.0", 1, 7850, 60_000, 10_000, 1875));
        pages.Hub.Recorder.Progress(run, new TrainingProgress(1, 937, 0.5, 60_000));
        page.WaitForAssertion(() =>
        {
            Assert.Contains("epoch 1 of 5", page.Markup, StringComparison.Ordinal);
            Assert.Contains("0.5000", page.Markup, StringComparison.Ordinal);
            Assert.Contains("Test CPU", page.Markup, StringComparison.Ordinal);
        }, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task RunPage_Left_EndsItsSubscription()
    {
        await using var pages = await HubPages.OpenAsync();
        Open(pages, await pages.Hub.EnqueueAsync());
        Assert.Equal(1, pages.Hub.Feed.SubscriptionCount);
        await pages.DisposeComponentsAsync();
        Assert.Equal(0, pages.Hub.Feed.SubscriptionCount);
    }

    [Fact]
    public async Task RunPage_Stop_SaysStoppingAtOnceAndAsksTheQueue()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.StartAsync();
        var page = Open(pages, run.Run);
        await page.FindAll("button").Single(button => button.TextContent.Trim() == "Stop").ClickAsync();
        page.WaitForAssertion(() => Assert.Contains(page.FindAll("button"),
            button => button.TextContent.Trim() == "Stopping…" && button.HasAttribute("disabled")));
        Assert.NotNull((await pages.Hub.ReadAsync(run.Run)).Training!.StopRequestedAt);
    }

    [Fact]
    public async Task RunPage_Failed_ShowsWhyAndWhatToDo()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.StartAsync();
        await pages.Hub.Recorder.EndAsync(run, AttemptEnding.Failed, "The disk is full.", 1);
        var page = Open(pages, run.Run);
        Assert.Contains("The disk is full.", page.Find(".ending.failed").TextContent, StringComparison.Ordinal);
        Assert.Contains(page.FindAll(".ending a"), link => link.GetAttribute("href") == $"runs/new?from={run.Run}");
    }

    [Fact]
    public async Task RunPage_TabInTheAddress_IsOpen()
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await pages.Hub.EnqueueAsync(new TrainingSpec { Seed = 99 });
        pages.Visit($"/runs/{id}?tab=spec");
        var page = Open(pages, id);
        Assert.Equal("Spec", page.Find(".tab[aria-current]").TextContent.Trim());
        Assert.Contains(page.FindAll("dd"), value => value.TextContent == id.ToString());
    }

    [Fact]
    public async Task RunPage_Charts_KnowTheMetricsOfTheRunFromTheBeginning()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.StartAsync();
        pages.Hub.Get<MetricWriter>().Append(run.RunNumber, "mine \"quoted\"", [new MetricPoint(1, 1, 1)]);
        await pages.Hub.Get<MetricWriter>().FlushAsync();
        var charts = Open(pages, run.Run).Find("run-charts");
        Assert.Equal("""["mine \u0022quoted\u0022"]""", charts.GetAttribute("metrics"));
        Assert.True(charts.HasAttribute("live"));
        Assert.Equal("5", charts.GetAttribute("epochs"));
    }

    [Fact]
    public async Task RunPage_WhatAnEarlierProgressHid_IsReadWithTheNextChange()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.StartAsync();
        var page = Open(pages, run.Run);
        for (var step = 1; step <= 20; step++)
            pages.Hub.Recorder.Progress(run, new TrainingProgress(1, step, 0.5, 60_000));
        await pages.Hub.Get<RunAnnotations>().RenameAsync(run.Run, "renamed");
        pages.Hub.Recorder.Progress(run, new TrainingProgress(1, 21, 0.25, 60_000));
        page.WaitForAssertion(() =>
        {
            Assert.Equal("renamed", page.Find("h1").TextContent);
            Assert.Contains("0.2500", page.Markup, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task RunPage_Spec_NamesTheMachine()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.StartAsync();
        pages.Visit($"/runs/{run.Run}?tab=spec");
        var page = Open(pages, run.Run);
        Assert.Contains("not noted", page.Markup, StringComparison.Ordinal);
        await pages.Hub.Recorder.StartedAsync(run, new TrainingStarted(new DeviceInfo("cpu", 0, "Test CPU"), "2.10.0", 1, 7850, 60_000, 10_000, 1875),
            null, RunEnvironment.Of(EmptyHub.OneCpuHardware));
        page.WaitForAssertion(() => Assert.Contains(page.FindAll("dd"), value => value.TextContent == "4, 8 processors"));
        Assert.Contains(page.FindAll("dd"), value => value.TextContent == Environment.MachineName);
    }

    private static IRenderedComponent<RunPage> Open(HubPages pages, RunId id) =>
        pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, id.ToString()));
}
