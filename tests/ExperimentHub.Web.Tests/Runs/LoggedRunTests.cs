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
            Assert.Equal(["Charts", "Notes", "Checkpoints", "Evaluation", "Parameters"], page.FindAll("[aria-label='Parts of the run'] a").Select(link => link.TextContent.Trim().TrimEnd('0').Trim()));
            Assert.Empty(page.FindAll(".verbs button"));
            Assert.Empty(page.FindAll(".policy"));
        }

        pages.Visit($"/runs/{id}?tab=spec");
        var spec = pages.Render<RunPage>(parameters => parameters.Add(p => p.Id, id.ToString()));
        spec.WaitForAssertion(() => Assert.Contains("vanilla", spec.Markup, StringComparison.Ordinal));
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
        var ids = new[] { await LoggedRun.MakeAsync(pages.Hub, "c"), await LoggedRun.MakeAsync(pages.Hub, "d", profit: 7), await pages.Hub.FinishAsync("ours", accuracies: 0.9) };
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

        foreach (var page in new Func<IRenderedComponent<IComponent>>[] { () => pages.Render<OverviewPage>(), () => pages.Render<ExperimentsPage>(), () => pages.Render<NewRunPage>() })
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
        Assert.Equal("""[{"metrics.profit":30,"model":null},{"metrics.profit":7,"model":null}]""", $"[{string.Join(',', list!["items"]!.AsArray().Select(item => item!["values"]!.ToJsonString()))}]");
        Assert.All(list["items"]!.AsArray(), item => Assert.Null(item!["epochsDone"]));

        foreach (var path in new[]
        {
            $"runs/{id}/metrics", $"runs/{id}/series/profit", $"runs/export?filter=&columns=name,model,metrics.profit", "runs/groups?groupBy=status&metric=metrics.profit",
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
            Assert.Contains("This hub did", body!["detail"]!.GetValue<string>().Replace("does not", "did not", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        Assert.Equal("running", (await app.GetAsync($"/api/v1/runs/{id}")).Body!["status"]!.GetValue<string>());
    }
}
