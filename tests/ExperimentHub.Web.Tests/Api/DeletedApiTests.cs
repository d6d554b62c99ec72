using System.Net;
using System.Text.Json.Nodes;

namespace ExperimentHub.Web.Tests.Api;

public sealed class DeletedApiTests
{
    [Fact]
    public async Task Run_Deleted_Is410AtEachAddressUntilItIsRestoredOrRemoved()
    {
        await using var app = new HubApp();
        var run = await StoppedAsync(app);
        Assert.Equal(HttpStatusCode.NoContent, (await app.SendAsync(HttpMethod.Delete, run)).Response.StatusCode);
        foreach (var (method, path) in new[] { (HttpMethod.Get, run), (HttpMethod.Get, $"{run}/series"), (HttpMethod.Get, $"{run}/checkpoints/1"),
            (HttpMethod.Post, $"{run}/stop"), (HttpMethod.Delete, run) })
        {
            var (response, problem) = await app.SendAsync(method, path);
            Assert.Equal((HttpStatusCode.Gone, "/api/v1/runs/restore"), (response.StatusCode, problem!["restore"]!.GetValue<string>()));
            Assert.True(problem["deletedAt"]!.GetValue<DateTime>() < problem["restorableUntil"]!.GetValue<DateTime>());
        }

        var item = Assert.Single((await app.GetAsync("/api/v1/deleted")).Body!["runs"]!.AsArray())!;
        Assert.EndsWith(item["id"]!.GetValue<string>(), run, StringComparison.Ordinal);
        await app.PostAsync("/api/v1/runs/restore", new JsonObject { ["ids"] = new JsonArray(item["id"]!.GetValue<string>()) }.ToJsonString());
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsync(run)).Response.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound,
            (await app.SendAsync(HttpMethod.Delete, $"/api/v1/deleted/runs/{item["id"]}")).Response.StatusCode); // it is not deleted any more

        await app.SendAsync(HttpMethod.Delete, run);
        Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Delete, $"/api/v1/deleted/runs/{item["id"]}")).Response.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await app.GetAsync(run)).Response.StatusCode);
    }

    [Fact]
    public async Task Experiment_Deleted_Is410AndComesBackWithItsRuns()
    {
        await using var app = new HubApp();
        var run = await StoppedAsync(app);
        var experiment = $"/api/v1/experiments/{(await app.GetAsync("/api/v1/experiments")).Body!["items"]![0]!["id"]}";
        Assert.Equal(HttpStatusCode.NoContent, (await app.SendAsync(HttpMethod.Delete, experiment)).Response.StatusCode);
        foreach (var path in new[] { experiment, run })
        {
            var (response, problem) = await app.GetAsync(path);
            Assert.Equal((HttpStatusCode.Gone, $"{experiment}/restore"), (response.StatusCode, problem!["restore"]!.GetValue<string>()));
        }

        Assert.Equal(HttpStatusCode.OK, (await app.PostAsync($"{experiment}/restore", "")).Response.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsync(run)).Response.StatusCode);
    }

    [Fact]
    public async Task Experiment_ActiveOrNeverThere_IsNotDeleted()
    {
        await using var app = new HubApp();
        await app.PostAsync("/api/v1/runs", """{"experiment": "e", "spec": {"device": "cuda"}}""");
        Assert.Equal(HttpStatusCode.Conflict, (await app.SendAsync(HttpMethod.Delete, "/api/v1/experiments/1")).Response.StatusCode);
        foreach (var id in new[] { "2", "x" })
            Assert.Equal(HttpStatusCode.NotFound, (await app.SendAsync(HttpMethod.Delete, $"/api/v1/experiments/{id}")).Response.StatusCode);
    }

    [Fact]
    public async Task Restore_MarkAsPythonAndJavaScriptWriteIt_BringsThemBack()
    {
        await using var app = new HubApp();
        var run = await StoppedAsync(app);
        foreach (var format in new[] { "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", "yyyy-MM-dd'T'HH:mm:ss.ffffff'+00:00'", "yyyy-MM-dd'T'HH:mm:ss.ffffff",
            "yyyy-MM-dd'T'HH:mm:ss.fff'+00:00'" })
        {
            var mark = (await app.PostAsync("/api/v1/runs/bulk", """{"action": "delete", "filter": ""}""")).Body!["deletedAt"]!.GetValue<DateTime>();
            var (_, restored) = await app.PostAsync("/api/v1/runs/restore", $$"""{"deletedAt": "{{mark.ToString(format, null)}}"}""");
            Assert.Equal((1, format), (restored!["restored"]!.GetValue<int>(), format));
        }

        Assert.Equal(HttpStatusCode.OK, (await app.GetAsync(run)).Response.StatusCode);
    }

    [Fact]
    public async Task Settings_ChangedOverTheApi_AreInTheHistory()
    {
        await using var app = new HubApp();
        await app.PostAsync("/api/v1/experiments", """{"name": "e"}""");
        await app.SendAsync(HttpMethod.Patch, "/api/v1/experiments/1", """{"defaultSpec": {"epochs": 30}}""");
        var items = (await app.GetAsync("/api/v1/experiments/1/settings")).Body!["items"]!.AsArray();
        Assert.Equal([(2, "api", 30), (1, "api", 5)],
            items.Select(item => (item!["number"]!.GetValue<int>(), item["by"]!.GetValue<string>(), item["spec"]!["epochs"]!.GetValue<int>())));
        var (refused, problem) = await app.SendAsync(HttpMethod.Patch, "/api/v1/experiments/1", """{"defaultSpec": {"epochs": 0}}""");
        Assert.Equal((HttpStatusCode.BadRequest, "defaultSpec.epochs"), (refused.StatusCode, Assert.Single(problem!["errors"]!.AsObject()).Key));
    }

    [Fact]
    public async Task Clone_ManyAtOnceWithoutAName_AreAllMade()
    {
        await using var app = new HubApp();
        await app.PostAsync("/api/v1/experiments", """{"name": "e"}""");
        var clones = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => app.PostAsync("/api/v1/experiments/1/clone", "")));
        Assert.All(clones, clone => Assert.Equal(HttpStatusCode.Created, clone.Response.StatusCode));
    }

    private static async Task<string> StoppedAsync(HubApp app)
    {
        // In a group that this machine does not serve, so that nothing starts it.
        var run = $"/api/v1/runs/{(await app.PostAsync("/api/v1/runs", """{"experiment": "e", "spec": {"device": "cuda"}}""")).Body!["id"]}";
        await app.PostAsync($"{run}/stop", "");
        return run;
    }
}
