using System.Net;
using Bunit;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Compare;
using ExperimentHub.Web.Experiments;
using ExperimentHub.Web.Overview;
using ExperimentHub.Web.Runs;
using Microsoft.AspNetCore.Components;

namespace ExperimentHub.Web.Tests.Runs;

/// <summary>A run that this hub does not train, with metrics that nobody foresaw, on every page and at every door.</summary>
public sealed class LoggedRunTests
{
    [Theory]
    [InlineData(RunStatus.Finished)]
    [InlineData(RunStatus.Running)]
    [InlineData(RunStatus.Failed)]
    public async Task RunPage_ShowsWhatIsThereAndOffersNoTraining(RunStatus status)
    {
        await using var pages = await HubPages.OpenAsync();
        var id = await LoggedRun.MakeAsync(pages.Hub, "c", status);
        foreach (var tab in new[] { "", "notes", "checkpoints", "evaluation", "log", "spec", "attempts" })
        {
            pages.Visit($"/runs/{id}?tab={tab}");
            var page = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, id.ToString()));
            page.WaitForAssertion(() => Assert.Contains("Logged by another program", page.Find(".summary").TextContent, StringComparison.Ordinal));
            Assert.Contains("profit", page.Find(".summary").TextContent, StringComparison.Ordinal);
            Assert.Equal(["Charts", "Notes", "Checkpoints", "Evaluation", "Parameters"], page.FindAll("[aria-label='Parts of the run'] a")
                .Select(link => link.TextContent.Trim().TrimEnd('0').Trim()));
            Assert.Empty(page.FindAll(".verbs button"));
            Assert.Empty(page.FindAll(".policy"));
            // Nothing is offered that only a training can do.
            Assert.DoesNotContain(page.FindAll("a, button"), one => one.TextContent.Trim() is "Clone" or "Reproduce");
            Assert.Equal(status == RunStatus.Running, page.FindAll("button").Any(button => button.TextContent.Trim() == "Mark as ended…"));
        }

        pages.Visit($"/runs/{id}?tab=spec");
        var spec = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, id.ToString()));
        spec.WaitForAssertion(() => Assert.Contains("vanilla", spec.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task RunPage_HasThePanelsOfTheSeriesThatAreThere()
    {
        await using var pages = await HubPages.OpenAsync();
        var logged = await LoggedRun.MakeAsync(pages.Hub, "c");
        var ours = await pages.Hub.FinishAsync("ours", accuracies: 0.9);
        foreach (var (id, isTraining) in new[] { (logged, false), (ours, true) })
        {
            pages.Visit($"/runs/{id}");
            var page = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, id.ToString()));
            page.WaitForAssertion(() => Assert.Equal(isTraining, page.Find("run-charts").HasAttribute("trained")));
        }
    }

    [Fact]
    public async Task ComparePage_RunsOfOtherPrograms_HasTheirBestAndLastValuesAndNoEpochs()
    {
        await using var pages = await HubPages.OpenAsync();
        var ids = new[]
        {
            await LoggedRun.MakeAsync(pages.Hub, "a",
                metrics: [LoggedMetric.Reward(5, 7, 6), LoggedMetric.Perplexity(30, 10, 15), new("gears", null, 3)]),
            await LoggedRun.MakeAsync(pages.Hub, "b", metrics: [LoggedMetric.Reward(8, 9, -100), LoggedMetric.Perplexity(20, 900, 25)]),
        };
        var read = await ComparedRuns.ReadAsync(ids, true, Tracking.Trainings.FigureEpoch.Best, pages.Hub.History,
            pages.Hub.Get<Tracking.Metrics.MetricReader>(), default);
        var comparison = new Comparison(read!.Runs, null, _ => null, summaries: read.Summaries);
        Assert.Equal(["metrics", "time", "settings"], comparison.Sections.Select(section => section.Key));
        Assert.Equal(["start to end"], comparison.Sections[1].Rows.Select(row => row.Name));
        var rows = comparison.Sections[0].Rows;
        Assert.Equal(["perplexity, best", "perplexity, last", "reward, best", "reward, last", "gears, last"], rows.Select(row => row.Name));
        Assert.Equal(["10.00", "20.00"], rows[0].Cells.Select(cell => cell.Text));
        Assert.Equal([true, false], rows[0].Cells.Select(cell => cell.Best));
        Assert.Equal([false, true], rows[2].Cells.Select(cell => cell.Best));
        Assert.Equal([null, false], rows[0].Cells.Select(cell => cell.Better));
        Assert.Equal([null, true], rows[2].Cells.Select(cell => cell.Better));
        Assert.Equal([Figures.None], rows[4].Cells.Skip(1).Select(cell => cell.Text));
        // The best run of the measure is marked, and stands where the best stands.
        Assert.Equal(("perplexity", 0),
            (read.UsualMeasure, ComparedOrder.Of(comparison, null, ComparedOrder.KeyOf(comparison, "perplexity"), bestFirst: true).Best!.Value));
        Assert.Equal(1, ComparedOrder.Of(comparison, null, ComparedOrder.KeyOf(comparison, "reward"), bestFirst: true).Best);

        pages.Visit($"/compare?runs={string.Join(',', ids)}");
        var page = pages.Render<ComparePage>();
        page.WaitForAssertion(() => Assert.Contains("reward, best", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ComparePage_RunsThatContradictEachOther_CallsNoneBetter()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var ids = new[] { await LoggedRun.MakeAsync(hub, "a", metrics: LoggedMetric.Reward(5, 7)),
            await LoggedRun.MakeAsync(hub, "b", metrics: new LoggedMetric("reward", new(Tracking.Metrics.MetricDirection.LowerIsBetter), 1)) };
        var read = await ComparedRuns.ReadAsync(ids, true, Tracking.Trainings.FigureEpoch.Best, hub.History,
            hub.Get<Tracking.Metrics.MetricReader>(), default);
        Assert.True(read!.Find("metrics.reward")!.Said.Contradict);
        var row = Assert.Single(new Comparison(read.Runs, null, _ => null, summaries: read.Summaries).Sections[0].Rows);
        Assert.Equal("reward, last", row.Name);
        Assert.All(row.Cells, cell => Assert.Equal((false, null), (cell.Best, cell.Better)));
    }

    [Fact]
    public async Task RunsPage_HasRunsOfBothKinds()
    {
        await using var pages = await HubPages.OpenAsync();
        await pages.Hub.FinishAsync("ours", accuracies: 0.9);
        await LoggedRun.MakeAsync(pages.Hub, "c", RunStatus.Running);
        await LoggedRun.MakeAsync(pages.Hub, "d");
        pages.Visit("/runs?sort=name");
        var page = pages.Render<RunsPage>();
        page.WaitForAssertion(() => Assert.Equal(["c", "d", "ours"], page.FindAll("td.name a").Select(link => link.TextContent)));
        pages.Visit("/runs?sort=duration&groupBy=model");
        var grouped = pages.Render<RunsPage>();
        grouped.WaitForAssertion(() => Assert.NotEmpty(grouped.FindAll("tbody tr")));
    }

    [Fact]
    public async Task ComparePage_RunsOfBothKinds_ShowsTheirSettingsAndMetrics()
    {
        await using var pages = await HubPages.OpenAsync();
        var ids = new[] { await LoggedRun.MakeAsync(pages.Hub, "c"), await LoggedRun.MakeAsync(pages.Hub, "d", profit: 7),
            await pages.Hub.FinishAsync("ours", accuracies: 0.9) };
        foreach (var runs in new[] { string.Join(',', ids), string.Join(',', ids[..2]) })
        {
            foreach (var view in new[] { "", "&view=curves", "&view=table", "&view=relations", "&view=seeds", "&view=mistakes" })
            {
                pages.Visit($"/compare?runs={runs}{view}");
                var page = pages.Render<ComparePage>();
                page.WaitForAssertion(() => Assert.Contains(">d<", page.Markup, StringComparison.Ordinal));
            }
        }

        pages.Visit($"/compare?runs={ids[0]},{ids[1]}");
        var table = pages.Render<ComparePage>();
        table.WaitForAssertion(() => Assert.Contains("depth", table.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ExperimentAndOverview_OfSuchRunsAlone_AreShown()
    {
        await using var pages = await HubPages.OpenAsync();
        var run = await pages.Hub.ReadAsync(await LoggedRun.MakeAsync(pages.Hub, "c"));
        await LoggedRun.MakeAsync(pages.Hub, "d", RunStatus.Running);
        foreach (var address in new[] { "", "?tab=settings", "?metric=profit", "?tab=results&metric=loss_of_sleep" })
        {
            pages.Visit($"/experiments/{run.ExperimentId}{address}");
            var page = pages.Render<ExperimentPage>(parameters => parameters.Add(p => p.Id, run.ExperimentId));
            page.WaitForAssertion(() => Assert.Equal("elsewhere", page.Find("h1").TextContent));
        }

        foreach (var page in new Func<IRenderedComponent<IComponent>>[] { () => pages.Render<OverviewPage>(), () => pages.Render<ExperimentsPage>(),
            () => pages.Render<NewRunPage>() })
            Assert.NotEmpty(page().Markup);
        var overview = pages.Render<OverviewPage>();
        overview.WaitForAssertion(() => Assert.Contains("logged by another program", overview.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("aria-label=\"Stop d\"", overview.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Api_AnswersNullWhereOnlyATrainingKnows()
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        var id = await LoggedRun.MakeAsync(app.Services, "c", RunStatus.Running);
        var other = await LoggedRun.MakeAsync(app.Services, "d", profit: 7);

        var (_, run) = await app.GetAsync($"/api/v1/runs/{id}");
        Assert.Null(run!["spec"]);
        Assert.Null(run["device"]);
        Assert.Empty(run["epochs"]!.AsArray());
        Assert.Equal("""{"depth":"30","flavour":"vanilla"}""", run["params"]!.ToJsonString());
        var (_, list) = await app.GetAsync("/api/v1/runs?columns=metrics.profit,model&orderBy=metrics.profit%20desc");
        Assert.Equal("""[{"metrics.profit":30,"model":null},{"metrics.profit":7,"model":null}]""",
            $"[{string.Join(',', list!["items"]!.AsArray().Select(item => item!["values"]!.ToJsonString()))}]");
        Assert.All(list["items"]!.AsArray(), item => Assert.Null(item!["epochsDone"]));

        foreach (var path in new[]
        {
            $"runs/{id}/metrics", $"runs/{id}/series/profit", $"runs/export?filter=&columns=name,model,metrics.profit",
            "runs/groups?groupBy=status&metric=metrics.profit",
            $"compare/report?runs={id},{other}", $"runs/{id}/evaluations", "experiments",
        })
        {
            using var answer = await client.GetAsync($"/api/v1/{path}");
            Assert.True((int)answer.StatusCode < 500, $"{path} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }

        foreach (var verb in new[] { "stop", "pause", "resume", "reproduce" })
        {
            var (response, body) = await app.PostAsync($"/api/v1/runs/{id}/{verb}", "{}");
            Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
            Assert.Contains("This hub did", body!["detail"]!.GetValue<string>().Replace("does not", "did not", StringComparison.Ordinal),
                StringComparison.Ordinal);
        }

        Assert.Equal("running", (await app.GetAsync($"/api/v1/runs/{id}")).Body!["status"]!.GetValue<string>());
        var (_, metrics) =
            await app.GetAsync($"/api/v1/runs/{await LoggedRun.MakeAsync(app.Services, "e", metrics: LoggedMetric.Reward(1, 3, 2))}/metrics");
        Assert.Equal(
            """{"name":"reward","better":"high","role":"other","split":null,"points":3,"lastStep":3,"last":2,"min":1,"minStep":1,"max":3,"maxStep":2,"best":3,"bestStep":2}""",
            Assert.Single(metrics!["items"]!.AsArray())!.ToJsonString());
        Assert.Equal("high",
            (await app.GetAsync("/api/v1/runs/groups?groupBy=status&metric=best(metrics.reward)")).Body!["better"]!.GetValue<string>());

        var (ended, end) = await app.PostAsync($"/api/v1/runs/{id}/end", "{}");
        Assert.Equal((HttpStatusCode.Accepted, "stopped"), (ended.StatusCode, end!["status"]!.GetValue<string>()));
        Assert.Equal(HttpStatusCode.Conflict, (await app.PostAsync($"/api/v1/runs/{id}/end", "{}")).Response.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await app.PostAsync($"/api/v1/runs/{new string('a', 32)}/end", "{}")).Response.StatusCode);
        using var deleted = await client.DeleteAsync($"/api/v1/runs/{id}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }
}
