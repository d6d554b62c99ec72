using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Tests.Api;

public sealed class RunSearchApiTests
{
    [Fact]
    public async Task List_FilterOrderAndColumns_AnswersThoseRunsWithTheirValues()
    {
        await using var app = await ThreeAsync();
        var (_, page) =
            await app.GetAsync(
                $"/api/v1/runs?filter={Uri.EscapeDataString("params.batch_size >= 32")}&orderBy=params.batchSize%20desc&columns=params.batchSize,%20metrics.nothing&pageSize=1");
        Assert.Equal(["c"], Names(page));
        Assert.Equal("""{"params.batchSize":64,"metrics.nothing":null}""", page!["items"]![0]!["values"]!.ToJsonString());
        Assert.Contains("nothing", page["warnings"]![0]!["message"]!.GetValue<string>());
        var (_, next) =
            await app.GetAsync(
                $"/api/v1/runs?filter={Uri.EscapeDataString("params.batch_size >= 32")}&orderBy=params.batchSize%20desc&pageToken={page["nextPageToken"]}");
        Assert.Equal(["b"], Names(next));
        Assert.Null(next!["nextPageToken"]);
        Assert.Equal(["c", "b", "a"], Names((await app.GetAsync("/api/v1/runs?experiment=E&model=simple-nn")).Body));
        Assert.Equal(2, (await app.GetAsync("/api/v1/runs/count?filter=params.batchSize%20in%20(16,32)")).Body!["total"]!.GetValue<int>());
    }

    [Fact]
    public async Task List_FractionComparedWithPercentages_WarnsWithTheCorrectedText()
    {
        await using var app = await ThreeAsync();
        app.Get<MetricWriter>().Append(1, MetricNames.TestAccuracy, [new MetricPoint(1, 1, 0.957)]);
        await app.Get<MetricWriter>().FlushAsync();
        foreach (var path in (string[])["runs", "runs/count", "runs/groups?groupBy=status"])
        {
            var (_, body) =
                await app.GetAsync($"/api/v1/{path}{(path.Contains('?') ? '&' : '?')}filter={Uri.EscapeDataString("metrics.test_accuracy > 95")}");
            Assert.Equal("metrics.test_accuracy > 95%", Assert.Single(body!["warnings"]!.AsArray())!["didYouMean"]!.GetValue<string>());
        }

        Assert.Equal(["a"], Names((await app.GetAsync($"/api/v1/runs?filter={Uri.EscapeDataString("metrics.test_accuracy > 95.5 %")}")).Body));

        // Every run meets it, and that is said to whoever changes them all.
        var (_, outcome) = await app.PostAsync("/api/v1/runs/bulk", """{"action": "archive", "filter": "metrics.test_accuracy < 95"}""");
        Assert.Equal("metrics.test_accuracy < 95%", Assert.Single(outcome!["warnings"]!.AsArray())!["didYouMean"]!.GetValue<string>());
    }

    [Fact]
    public async Task List_FilterAsLongAsAViewMayBe_IsRefusedInWords()
    {
        await using var app = new HubApp();
        using var http = app.Serve();
        var filter = $"name = '{new string('夜', Limits.View - 20)}'";
        using var response = await http.GetAsync(new Uri($"/api/v1/runs?filter={Uri.EscapeDataString(filter)}", UriKind.Relative));
        // It is longer than a filter may be, and that is said: the server does not cut it off without words.
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("characters", JsonNode.Parse(await response.Content.ReadAsStringAsync())!["problems"]![0]!["message"]!.GetValue<string>());
    }

    [Fact]
    public async Task List_Mistake_Is400ThatPointsAtTheCharacters()
    {
        await using var app = await ThreeAsync();
        foreach (var path in (string[])["runs", "runs/count", "runs/groups?groupBy=status", "runs/columns/differing", "runs/export?columns=name"])
        {
            var (response, body) = await app.GetAsync(
                $"/api/v1/{path}{(path.Contains('?') ? '&' : '?')}filter=name%20=%20'a'%20adn%20status%20=%20failed");
            Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
            var problem = body!["problems"]![0]!;
            Assert.Equal((11, 3, "adn", "and"),
                (problem["position"]!.GetValue<int>(), problem["length"]!.GetValue<int>(), problem["found"]!.GetValue<string>(), problem["didYouMean"]!.GetValue<string>()));
            Assert.Contains("and", problem["allowed"]!.AsArray().Select(allowed => allowed!.GetValue<string>()));
            Assert.NotNull(body["errors"]!["filter"]);
        }
    }

    [Fact]
    public async Task Groups_ByAHyperparameter_AreCounted()
    {
        await using var app = await ThreeAsync();
        var (_, groups) = await app.GetAsync("/api/v1/runs/groups?groupBy=params.batchSize&metric=best(metrics.test_loss)");
        Assert.Equal([16, 32, 64], groups!["items"]!.AsArray().Select(group => group!["keys"]!["params.batchSize"]!.GetValue<int>()));
        Assert.Equal("best(metrics.test_loss)", groups["metric"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.BadRequest, (await app.GetAsync("/api/v1/runs/groups")).Response.StatusCode);
    }

    [Fact]
    public async Task Columns_AndCompletion_KnowWhatOccurs()
    {
        await using var app = await ThreeAsync();
        var (_, columns) = await app.GetAsync("/api/v1/runs/columns?search=batch");
        Assert.Equal(("params.batchSize", 3), (columns![0]!["column"]!.GetValue<string>(), columns[0]!["runs"]!.GetValue<int>()));
        var differing = (await app.GetAsync("/api/v1/runs/columns/differing")).Body!.AsArray().Select(column => column!.GetValue<string>()).ToList();
        Assert.Contains("params.batchSize", differing);
        Assert.DoesNotContain("params.epochs", differing);
        var (_, completion) = await app.GetAsync("/api/v1/runs/complete?text=params.batch&caret=12");
        Assert.Equal("params.batchSize", completion!["items"]![0]!["text"]!.GetValue<string>());
    }

    [Fact]
    public async Task Export_CsvAndJson_HaveExactlyTheColumnsAndAreSafeInASpreadsheet()
    {
        await using var app = await ThreeAsync();
        await app.PostAsync("/api/v1/runs/bulk", """{"action": "tag", "filter": "name = 'a'", "tag": "note", "value": "=cmd|' /C calc'!A0"}""");
        await app.PostAsync("/api/v1/runs/bulk", """{"action": "tag", "filter": "name = 'b'", "tag": "note", "value": "say \"hi\", b"}""");
        using var client = app.CreateClient();
        Assert.Equal("tags.note,params.batchSize,archived\n\"'=cmd|' /C calc'!A0\",16,false\n\"say \"\"hi\"\", b\",32,false\n,64,false\n",
            (await client.GetStringAsync("/api/v1/runs/export?columns=tags.note,params.batchSize,archived&orderBy=name")).ReplaceLineEndings("\n"));
        Assert.Equal("""[{"name":"c","params.batchSize":64}]""",
            await client.GetStringAsync("/api/v1/runs/export?columns=name,params.batchSize&orderBy=name&filter=name='c'&format=json"));
        Assert.Equal(HttpStatusCode.BadRequest, (await app.GetAsync("/api/v1/runs/export")).Response.StatusCode);
    }

    [Fact]
    public async Task Bulk_DeleteAndRestore_ByTheMarkOfTheDeletion()
    {
        await using var app = await ThreeAsync();
        await app.PostAsync("/api/v1/runs/bulk", """{"action": "stop", "filter": "status = queued"}""");
        var (_, outcome) = await app.PostAsync("/api/v1/runs/bulk", """{"action": "delete", "filter": "status = stopped"}""");
        var changed = outcome!["changed"]!.GetValue<int>();
        Assert.True(changed > 0);
        Assert.Equal(3 - changed, Names((await app.GetAsync("/api/v1/runs")).Body).Count());
        var (_, restored) = await app.PostAsync("/api/v1/runs/restore",
            new JsonObject { ["deletedAt"] = outcome["deletedAt"]!.DeepClone() }.ToJsonString());
        Assert.Equal(changed, restored!["restored"]!.GetValue<int>());
        Assert.Equal(3, Names((await app.GetAsync("/api/v1/runs")).Body).Count());
    }

    [Theory]
    [InlineData("""{"action": "burn", "ids": ["019309c5e6f77c3d8f2a000000000000"]}""", "action")]
    [InlineData("""{"action": "stop"}""", "ids")]
    [InlineData("""{"action": "stop", "ids": ["x"]}""", "ids")]
    [InlineData("""{"action": "stop", "ids": [], "filter": ""}""", "ids")]
    [InlineData("""{"action": "tag", "filter": ""}""", "tag")]
    [InlineData("""{"action": "stop", "filter": "", "force": true}""", "force")]
    public async Task Bulk_WrongRequest_Is400ThatNamesTheField(string json, string field)
    {
        await using var app = new HubApp();
        var (response, body) = await app.PostAsync("/api/v1/runs/bulk", json);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotNull(body!["errors"]![field]);
    }

    [Fact]
    public async Task Delete_EndedRun_Is204AndActiveIs409()
    {
        await using var app = new HubApp();
        var id = (await app.PostAsync("/api/v1/runs", """{"experiment": "e"}""")).Body!["id"]!.GetValue<string>();
        using var client = app.CreateClient();
        Assert.Equal(HttpStatusCode.Conflict, (await client.DeleteAsync($"/api/v1/runs/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.DeleteAsync("/api/v1/runs/nonsense")).StatusCode);
    }

    [Fact]
    public async Task Views_SaveReadAndDelete_AreSharedByName()
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        using var state =
            new StringContent(
                """{"filter": "status = failed", "columns": [{"column": "name", "width": 200, "pinned": true}], "density": "compact"}""",
                new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync("/api/v1/views/failed%20ones", state)).StatusCode);
        var (_, view) = await app.GetAsync("/api/v1/views/Failed%20Ones");
        Assert.Equal("status = failed", view!["state"]!["filter"]!.GetValue<string>());
        Assert.Single((await app.GetAsync("/api/v1/views")).Body!.AsArray());
        using var wrong = new StringContent("""{"filter": "status ="}""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PutAsync("/api/v1/views/x", wrong)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync("/api/v1/views/failed%20ones")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await app.GetAsync("/api/v1/views/failed%20ones")).Response.StatusCode);
    }

    /// <summary>A slash in a name is one thing, the text "%2F" another.</summary>
    [Theory]
    [InlineData("a/b")]
    [InlineData("a%2Fb")]
    [InlineData("100% of it?")]
    [InlineData("ночь/夜")]
    public async Task Views_NameWithASlashOrAnEscape_IsKeptAsItIs(string name)
    {
        await using var app = new HubApp();
        // A real connection: what stands in the request line, only a server sees.
        using var client = app.Serve();
        using var state = new StringContent("{}", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        var address = $"/api/v1/views/{Uri.EscapeDataString(name)}";
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync(address, state)).StatusCode);
        Assert.Equal(name, (await ReadAsync("/api/v1/views"))[0]!["name"]!.ToString());
        Assert.Equal(name, (await ReadAsync(address))["name"]!.ToString());
        Assert.Equal(HttpStatusCode.NoContent, (await client.DeleteAsync(address)).StatusCode);
        Assert.Empty((await ReadAsync("/api/v1/views")).AsArray());

        async Task<JsonNode> ReadAsync(string path) => (await client.GetFromJsonAsync<JsonNode>(path))!;
    }

    private static async Task<HubApp> ThreeAsync()
    {
        var app = new HubApp();
        foreach (var (name, batch) in new[] { ("a", 16), ("b", 32), ("c", 64) })
            await app.Get<RunQueue>().EnqueueAsync(new RunRequest("e", name, new Protocol.TrainingSpec { BatchSize = batch }));
        return app;
    }

    private static IEnumerable<string> Names(JsonNode? page) => page!["items"]!.AsArray().Select(item => item!["name"]!.GetValue<string>());
}
