using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace ExperimentHub.Web.Tests.Api;

public sealed class AnnotationsApiTests
{
    [Fact]
    public async Task NotesAndTags_Written_AreInTheRun()
    {
        await using var app = new HubApp();
        // A real connection: what stands in the request line, only a server sees.
        using var client = app.Serve();
        var run = await StartAsync(client);
        await PutAsync(client, $"{run}/notes", """{"notes": "# Why"}""", HttpStatusCode.OK);
        await PutAsync(client, $"{run}/tags/night", null, HttpStatusCode.OK);
        await PutAsync(client, $"{run}/tags/team/owner", """{"value": " anna "}""", HttpStatusCode.OK);
        var body = await PutAsync(client, $"{run}/tags/a%2Fb", "{}", HttpStatusCode.OK);
        Assert.Equal("# Why", body["notes"]!.GetValue<string>());
        Assert.Equal("""{"a/b":"","night":"","team/owner":"anna"}""", body["tags"]!.ToJsonString());

        Assert.Equal(HttpStatusCode.OK, (await client.DeleteAsync($"{run}/tags/a%2Fb")).StatusCode);
        var left = await (await client.DeleteAsync($"{run}/tags/night")).Content.ReadFromJsonAsync<JsonNode>();
        Assert.Equal("""{"team/owner":"anna"}""", left!["tags"]!.ToJsonString());
        Assert.Equal(HttpStatusCode.OK, (await client.DeleteAsync($"{run}/tags/night")).StatusCode);
    }

    [Theory]
    [InlineData("notes", null, "notes")]
    [InlineData("notes", "{}", "notes")]
    [InlineData("notes", """{"notes": null}""", "notes")]
    [InlineData("notes", """{"notes": "x", "more": 1}""", "more")]
    [InlineData("tags/two%0Alines", null, "tag")]
    [InlineData("tags/a", """{"value": 3}""", "value")]
    [InlineData("tags/a", """{"value": "line\nbreak"}""", "tag")]
    public async Task Put_WrongValue_Is400ThatNamesIt(string what, string? json, string field)
    {
        await using var app = new HubApp();
        var run = await StartAsync(app);
        using var client = app.CreateClient();
        var body = await PutAsync(client, $"{run}/{what}", json, HttpStatusCode.BadRequest);
        Assert.Equal([field], body["errors"]!.AsObject().Select(error => error.Key));
    }

    [Fact]
    public async Task Put_NoSuchRun_Is404()
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        var run = $"/api/v1/runs/{new string('0', 32)}";
        await PutAsync(client, $"{run}/notes", """{"notes": ""}""", HttpStatusCode.NotFound);
        await PutAsync(client, $"{run}/tags/night", null, HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NotFound, (await client.DeleteAsync($"{run}/tags/night")).StatusCode);
    }

    [Fact]
    public async Task Put_AsText_IsRefused()
    {
        await using var app = new HubApp();
        var run = await StartAsync(app);
        using var client = app.CreateClient();
        using var content = new StringContent("""{"notes": "x"}""");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await client.PutAsync($"{run}/notes", content)).StatusCode);
    }

    private static async Task<string> StartAsync(HubApp app) =>
        $"/api/v1/runs/{(await app.PostAsync("/api/v1/runs", """{"experiment": "e"}""")).Body!["id"]}";

    private static async Task<string> StartAsync(HttpClient client)
    {
        using var content = new StringContent("""{"experiment": "e"}""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        using var response = await client.PostAsync("/api/v1/runs", content);
        return $"/api/v1/runs/{(await response.Content.ReadFromJsonAsync<JsonNode>())!["id"]}";
    }

    private static async Task<JsonNode> PutAsync(HttpClient client, string path, string? json, HttpStatusCode expected)
    {
        using var content = json is null ? null : new StringContent(json, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        var response = await client.PutAsync(path, content);
        Assert.Equal(expected, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }
}
