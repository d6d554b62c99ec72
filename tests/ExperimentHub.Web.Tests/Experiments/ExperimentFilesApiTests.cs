using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Tests.Experiments;

public sealed class ExperimentFilesApiTests
{
    /// <summary>Says one epoch, leaves its checkpoint, and finishes.</summary>
    private static readonly string OneEpoch =
        $"{FakeTrainer.SayStarted}; {FakeTrainer.SayEpoch(1)}; {FakeTrainer.SaveCheckpoint(1, 1)}; {FakeTrainer.Say(new TrainingFinished())}";

    [Fact]
    public async Task Clone_WithoutAName_ProposesFreeOnes()
    {
        await using var app = new HubApp();
        await app.PostAsync("/api/v1/runs", """{"experiment": "mine", "spec": {"epochs": 7}}""");

        var (first, body) = await app.PostAsync("/api/v1/experiments/1/clone", "{}");
        var (_, second) = await app.PostAsync("/api/v1/experiments/1/clone", "{}");
        var (_, named) = await app.PostAsync("/api/v1/experiments/1/clone", """{"name": "other"}""");

        Assert.Equal((HttpStatusCode.Created, "/api/v1/experiments/2"), (first.StatusCode, first.Headers.Location?.ToString()));
        Assert.Equal(["mine copy", "mine copy 2", "other"], new[] { body, second, named }.Select(b => (string)b!["name"]!));
        Assert.Equal(7, (int)body!["defaultSpec"]!["epochs"]!);
        Assert.Equal("mine copy", (string)(await app.GetAsync("/api/v1/experiments/2")).Body!["name"]!);
        Assert.Equal(4, (await app.GetAsync("/api/v1/experiments")).Body!["items"]!.AsArray().Count);
        Assert.Empty((await app.GetAsync("/api/v1/runs?experiment=mine copy")).Body!["items"]!.AsArray());
    }

    [Fact]
    public async Task Clone_WithoutABody_IsFine()
    {
        await using var app = new HubApp();
        await app.PostAsync("/api/v1/runs", """{"experiment": "mine"}""");
        using var client = app.CreateClient();
        Assert.Equal(HttpStatusCode.Created, (await client.PostAsync("/api/v1/experiments/1/clone", null)).StatusCode);
    }

    [Theory]
    [InlineData(99, "{}", HttpStatusCode.NotFound)]
    [InlineData(1, """{"name": "mine"}""", HttpStatusCode.BadRequest)]
    [InlineData(1, """{"name": ""}""", HttpStatusCode.BadRequest)]
    [InlineData(1, """{"nam": "x"}""", HttpStatusCode.BadRequest)]
    public async Task Clone_ThatCannotBe_IsRefused(int id, string body, HttpStatusCode expected)
    {
        await using var app = new HubApp();
        await app.PostAsync("/api/v1/runs", """{"experiment": "mine"}""");
        Assert.Equal(expected, (await app.PostAsync($"/api/v1/experiments/{id}/clone", body)).Response.StatusCode);
    }

    [Fact]
    public async Task Export_ThenImportedElsewhere_HasTheRun()
    {
        await using var from = new HubApp(OneEpoch);
        var run = await FinishAsync(from);
        using var client = from.CreateClient();

        var exported = await client.GetAsync("/api/v1/experiments/1/export");
        var file = await exported.Content.ReadAsByteArrayAsync();

        Assert.Equal(("application/zip", "my-digits.experiment.zip"),
            (exported.Content.Headers.ContentType?.MediaType, exported.Content.Headers.ContentDisposition?.FileName));
        await using var to = new HubApp();
        var (response, body) = await ImportAsync(to, file);
        Assert.Equal((HttpStatusCode.Created, "/api/v1/experiments/1"), (response.StatusCode, response.Headers.Location?.ToString()));
        Assert.Equal((1, "my digits"), ((int)body!["runs"]!, (string)body["experiment"]!["name"]!));
        var read = (await to.GetAsync($"/api/v1/runs/{run}")).Body!;
        Assert.Equal(("finished", 0.91), ((string)read["status"]!, (double)read["epochs"]![0]!["testAccuracy"]!));
        Assert.Contains("imported", read["tags"]!.AsObject().Select(tag => tag.Key));

        var (again, refused) = await ImportAsync(to, file);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Contains("A run of this file is on this hub already", (string)refused!["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_OfNothing_Is404()
    {
        await using var app = new HubApp();
        Assert.Equal(HttpStatusCode.NotFound, (await app.GetAsync("/api/v1/experiments/1/export")).Response.StatusCode);
    }

    [Fact]
    public async Task Import_OfSomethingElse_SaysWhatIsWrong()
    {
        await using var app = new HubApp();
        var (response, body) = await ImportAsync(app, "no zip at all"u8.ToArray());
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("not a zip file", (string)body!["errors"]!["file"]![0]!, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(app.Folder.Imports));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Import_OfAnotherType_Is415(string type)
    {
        await using var app = new HubApp();
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await ImportAsync(app, [1, 2, 3], type)).Response.StatusCode);
    }

    [Fact]
    public async Task Import_BeyondTheLimit_Is413()
    {
        await using var app = new HubApp(settings: ("Hub:MaxImportMebibytes", "1"));
        var (response, body) = await ImportAsync(app, new byte[(1 << 20) + 1]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("at most 1.0 MiB", (string)body!["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_FromAnotherOrigin_IsRefused()
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        client.DefaultRequestHeaders.Add("Origin", "https://example.com");
        using var content = new ByteArrayContent([1]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/zip");
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsync("/api/v1/experiments/import", content)).StatusCode);
    }

    private static async Task<string> FinishAsync(HubApp app)
    {
        var ended = new TaskCompletionSource();
        string? run = null;
        using var listening = app.Get<RunFeed>().Listen((_, _) => _ = LookAsync());
        run = (string)(await app.PostAsync("/api/v1/runs", """{"experiment": "my digits", "spec": {"epochs": 1}}""")).Body!["id"]!;
        await LookAsync();
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30));
        return run;

        async Task LookAsync()
        {
            if (run is not null && (string)(await app.GetAsync($"/api/v1/runs/{run}")).Body!["status"]! == "finished")
                ended.TrySetResult();
        }
    }

    private static async Task<(HttpResponseMessage Response, JsonNode? Body)> ImportAsync(HubApp app, byte[] file, string type = "application/zip")
    {
        using var client = app.CreateClient();
        using var content = new ByteArrayContent(file);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        var response = await client.PostAsync("/api/v1/experiments/import", content);
        return (response, await response.Content.ReadFromJsonAsync<JsonNode>());
    }
}
