using System.Net;
using System.Text.Json.Nodes;
using ExperimentHub.Tracking.Runs;
using Microsoft.AspNetCore.Routing;

namespace ExperimentHub.Web.Tests.Api;

public sealed class RunsApiTests
{
    [Fact]
    public async Task Start_OnlyAnExperiment_IsTheTutorial()
    {
        await using var app = new HubApp();
        var (response, body) = await app.PostAsync("/api/v1/runs", """{"experiment": "tutorial"}""");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal($"/api/v1/runs/{body!["id"]}", response.Headers.Location!.ToString());
        Assert.Equal(
            """{"version":1,"model":{"kind":"simple-nn"},"dataset":"mnist","epochs":5,"batchSize":32,"optimizer":{"kind":"sgd","learningRate":0.01,"momentum":0.9},"device":"auto","seed":1}""",
            body["spec"]!.ToJsonString());
        var read = (await app.GetAsync($"/api/v1/runs/{body["id"]}")).Body!.AsObject();
        Assert.Equal(
            ["id", "name", "experiment", "status", "device", "spec", "epochs", "checkpoints", "attempts", "createdAt", "startedAt", "endedAt",
                "error", "notes", "tags", "trigger",
                "finishReason", "datasetSha256", "pausePoint", "fork", "reproduces", "repeats", "diverged", "divergedBecause"],
            read.Select(property => property.Key));
        Assert.EndsWith("Z", read["createdAt"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"experiment": "e", "spec": {"epochs": 0}}""", "spec.epochs")]
    [InlineData("""{"experiment": "e", "spec": {"epochs": "five"}}""", "spec.epochs")]
    [InlineData("""{"experiment": "e", "spec": {"epochs": 1.5}}""", "spec.epochs")]
    [InlineData("""{"experiment": "e", "spec": {"epochs": 99999999999}}""", "spec.epochs")]
    [InlineData("""{"experiment": "e", "spec": {"epochs": null}}""", "spec.epochs")]
    [InlineData("""{"experiment": "e", "spec": {"batchSize": -1}}""", "spec.batchSize")]
    [InlineData("""{"experiment": "e", "spec": {"batchSize": 60001}}""", "spec.batchSize")]
    [InlineData("""{"experiment": "e", "spec": {"optimizer": {"learningRate": -1}}}""", "spec.optimizer.learningRate")]
    [InlineData("""{"experiment": "e", "spec": {"optimizer": {"learningRate": "NaN"}}}""", "spec.optimizer.learningRate")]
    [InlineData("""{"experiment": "e", "spec": {"optimizer": {"learningRate": 1e999}}}""", "spec.optimizer.learningRate")]
    [InlineData("""{"experiment": "e", "spec": {"optimizer": {"momentum": 1}}}""", "spec.optimizer.momentum")]
    [InlineData("""{"experiment": "e", "spec": {"seed": 9223372036854775808}}""", "spec.seed")]
    [InlineData("""{"experiment": "e", "spec": {"model": {"kind": "resnet"}}}""", "spec.model.kind")]
    [InlineData("""{"experiment": "e", "spec": {"model": null}}""", "spec.model")]
    [InlineData("""{"experiment": "e", "spec": {"model": "simple-nn"}}""", "spec.model")]
    [InlineData("""{"experiment": "e", "spec": {"dataset": "../../etc"}}""", "spec.dataset")]
    [InlineData("""{"experiment": "e", "spec": {"device": "cuda:99"}}""", "spec.device")]
    [InlineData("""{"experiment": "e", "spec": {"learning_rate": 1}}""", "spec.learning_rate")]
    [InlineData("""{"experiment": "e", "spec": {"model": {"kind": "simple-nn", "size": 3}}}""", "spec.model.size")]
    [InlineData("""{"experiment": "e", "command": "rm"}""", "command")]
    [InlineData("""{"experiment": ""}""", "experiment")]
    [InlineData("""{}""", "experiment")]
    [InlineData("""{"experiment": "e", "name": "a\u0000b"}""", "name")]
    [InlineData("""null""", "body")]
    [InlineData("""[]""", "body")]
    [InlineData("""{"experiment": """, "experiment")]
    [InlineData("", "body")]
    public async Task Start_WrongField_Is400ThatNamesIt(string json, string field)
    {
        await using var app = new HubApp();
        var (response, body) = await app.PostAsync("/api/v1/runs", json);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal([field], body!["errors"]!.AsObject().Select(error => error.Key));
    }

    [Fact]
    public async Task Start_LongName_Is400()
    {
        await using var app = new HubApp();
        var (_, body) = await app.PostAsync("/api/v1/runs", new JsonObject { ["experiment"] = new string('x', 101) }.ToJsonString());
        Assert.Contains("at most 100", body!["errors"]!["experiment"]![0]!.GetValue<string>());
    }

    [Fact]
    public async Task Start_SameIdempotencyKey_IsOneRun()
    {
        await using var app = new HubApp();
        var first = await app.PostAsync("/api/v1/runs", """{"experiment": "e"}""", "k");
        var second = await app.PostAsync("/api/v1/runs", """{"experiment": "e"}""", "k");
        Assert.Equal(first.Body!["id"]!.GetValue<string>(), second.Body!["id"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.BadRequest, (await app.PostAsync("/api/v1/runs", """{"experiment": "f"}""", "k")).Response.StatusCode);
    }

    [Fact]
    public async Task List_ThreePages_HasEveryRunOnceNewestFirst()
    {
        await using var app = new HubApp();
        for (var i = 0; i < 5; i++)
            await app.PostAsync("/api/v1/runs", $$"""{"experiment": "e", "name": "run {{i}}"}""");
        List<string> names = [];
        string? token = null;
        do
        {
            var (_, page) = await app.GetAsync($"/api/v1/runs?pageSize=2{(token is null ? "" : $"&pageToken={token}")}");
            names.AddRange(page!["items"]!.AsArray().Select(item => item!["name"]!.GetValue<string>()));
            token = page["nextPageToken"]?.GetValue<string>();
        }
        while (token is not null);
        Assert.Equal(["run 4", "run 3", "run 2", "run 1", "run 0"], names);
    }

    [Theory]
    [InlineData("pageSize=0", "pageSize")]
    [InlineData("pageSize=many", "pageSize")]
    [InlineData("pageToken=x", "pageToken")]
    [InlineData("status=done", "status")]
    public async Task List_WrongParameter_Is400ThatNamesIt(string query, string field)
    {
        await using var app = new HubApp();
        var (response, body) = await app.GetAsync($"/api/v1/runs?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotNull(body!["errors"]![field]);
    }

    [Theory]
    [InlineData("/api/v1/runs/019309c5e6f77c3d8f2a000000000000")]
    [InlineData("/api/v1/runs/nonsense")]
    [InlineData("/api/v1/runs/..%2f..%2fetc%2fpasswd")]
    [InlineData("/api/v1/runs/019309c5e6f77c3d8f2a000000000000/checkpoints/1")]
    [InlineData("/api/v1/runs/nonsense/checkpoints/..%2f..%2fhub.db")]
    [InlineData("/api/v1/runs/nonsense/series")]
    [InlineData("/api/v1/nothing")]
    public async Task Read_WrongId_Is404Problem(string path)
    {
        await using var app = new HubApp();
        var (response, body) = await app.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(404, body!["status"]!.GetValue<int>());
    }

    [Fact]
    public async Task Stop_RunningThenEnded_Is202Then409()
    {
        await using var app = new HubApp();
        var id = (await app.PostAsync("/api/v1/runs", """{"experiment": "e"}""")).Body!["id"]!.GetValue<string>();
        await WaitForAsync(app, id, run => run.Training!.DeviceName is not null);
        Assert.Equal(HttpStatusCode.Accepted, (await app.PostAsync($"/api/v1/runs/{id}/stop", "{}")).Response.StatusCode);
        await WaitForAsync(app, id, run => run.Status == RunStatus.Stopped);
        var (response, body) = await app.PostAsync($"/api/v1/runs/{id}/stop", "{}");
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("stopped", body!["detail"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NotFound, (await app.PostAsync("/api/v1/runs/nonsense/stop", "{}")).Response.StatusCode);
    }

    [Fact]
    public async Task OpenApi_DescribesEveryEndpointOfTheApi()
    {
        await using var app = new HubApp();
        var (_, document) = await app.GetAsync("/openapi/v1.json");
        var described = document!["paths"]!.AsObject().Select(path => path.Key).Order(StringComparer.Ordinal);
        var mapped = app.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            // A catch-all is a parameter like any other to who reads the description.
            .Select(endpoint => "/" + endpoint.RoutePattern.RawText!.TrimStart('/').Replace("{**", "{", StringComparison.Ordinal))
            .Where(path => path.StartsWith("/api/v1/", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal);
        Assert.Equal(mapped, described);
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    public async Task Health_RunningHub_IsOk(string path)
    {
        await using var app = new HubApp();
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsync(path)).Response.StatusCode);
    }

    private static async Task WaitForAsync(HubApp app, string id, Func<Run, bool> condition)
    {
        using var changed = new SemaphoreSlim(1);
        using var listening = app.Get<RunFeed>().Listen((_, _) => changed.Release());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        do
            await changed.WaitAsync(limit.Token);
        while (!condition((await app.Get<RunHistory>().FindAsync(RunId.Parse(id, null)))!.Run));
    }
}
