using System.Net;

namespace ExperimentHub.Web.Tests.Api;

/// <summary>ETag, If-Match and If-None-Match at everything that can be edited over the API.</summary>
public sealed class EditVersionsApiTests
{
    public static TheoryData<string, string, string> Edits => new()
    {
        { "run", "PUT {0}/notes", """{"notes": "#"}""" },
        { "run", "PUT {0}/tags/night", """{"value": "#"}""" },
        { "experiment", "PUT {0}", """{"name": "e", "description": "#"}""" },
        { "experiment", "PATCH {0}", """{"description": "#"}""" },
        { "experiment", "PATCH {0}", """{"conclusion": "#"}""" },
        { "view", "PUT {0}", """{"filter": "name = '#'"}""" },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task Edit_TwoFromOneEtag_TheSecondIs412WithWhatIsThere(string thing, string edit, string body)
    {
        await using var app = new HubApp();
        var (path, method) = (await MakeAsync(app, thing), new HttpMethod(edit.Split(' ')[0]));
        var address = string.Format(null, edit.Split(' ')[1], path);
        var etag = await TagAsync(app, path);
        var (first, _) = await app.SendAsync(method, address, body.Replace("#", "mine", StringComparison.Ordinal), ("If-Match", etag));
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);

        var (second, problem) = await app.SendAsync(method, address, body.Replace("#", "yours", StringComparison.Ordinal), ("If-Match", etag));
        Assert.Equal(HttpStatusCode.PreconditionFailed, second.StatusCode);
        Assert.Equal("application/problem+json", second.Content.Headers.ContentType?.MediaType);
        Assert.Contains("mine", problem!["current"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("yours", (await app.GetAsync(path)).Body!.ToJsonString(), StringComparison.Ordinal);

        // What the refusal names, and what the first answer named, are good for the next edit; and so is none.
        var (third, _) = await app.SendAsync(method, address, body.Replace("#", "third", StringComparison.Ordinal),
            ("If-Match", problem["etag"]!.GetValue<string>()));
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
        var (fourth, _) = await app.SendAsync(method, address, body.Replace("#", "fourth", StringComparison.Ordinal),
            ("If-Match", third.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.OK, fourth.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(method, address, body)).Response.StatusCode);
    }

    [Theory]
    [InlineData("*", HttpStatusCode.OK)]
    [InlineData("\"v1-0000000000000000\"", HttpStatusCode.OK)] // of another answer, but of the same edits
    [InlineData("\"v0\", \"v1\"", HttpStatusCode.OK)]
    [InlineData("W/\"v1\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("\"v0\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("\"elsewhere\"", HttpStatusCode.PreconditionFailed)]
    [InlineData("v1", HttpStatusCode.PreconditionFailed)] // no entity tag at all
    [InlineData("\"v99999999999999999999\"", HttpStatusCode.PreconditionFailed)]
    public async Task IfMatch_AsClientsWriteIt_IsJudgedByTheVersion(string ifMatch, HttpStatusCode expected)
    {
        await using var app = new HubApp();
        var path = await MakeAsync(app, "run");
        Assert.Equal(expected,
            (await app.SendAsync(HttpMethod.Put, $"{path}/notes", """{"notes": "x"}""", ("If-Match", ifMatch))).Response.StatusCode);
    }

    [Fact]
    public async Task IfMatch_OfAnotherPart_IsNoConflict()
    {
        await using var app = new HubApp();
        var path = await MakeAsync(app, "run");
        var etag = await TagAsync(app, path);
        foreach (var (address, body) in new[] { ("tags/night", "{}"), ("tags/owner", """{"value": "anna"}"""), ("notes", """{"notes": "why"}""") })
            Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Put, $"{path}/{address}", body, ("If-Match", etag))).Response.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed,
            (await app.SendAsync(HttpMethod.Delete, $"{path}/tags/owner", null, ("If-Match", etag))).Response.StatusCode);
        Assert.Equal(HttpStatusCode.OK,
            (await app.SendAsync(HttpMethod.Delete, $"{path}/tags/owner", null, ("If-Match", await TagAsync(app, path)))).Response.StatusCode);
    }

    [Fact]
    public async Task Etag_OfAnAnswer_ChangesWithItsBytesAndSparesThemOtherwise()
    {
        await using var app = new HubApp();
        var path = await MakeAsync(app, "run");
        var etag = await TagAsync(app, path);
        Assert.Equal(HttpStatusCode.NotModified, (await app.SendAsync(HttpMethod.Get, path, null, ("If-None-Match", etag))).Response.StatusCode);
        await app.SendAsync(HttpMethod.Put, $"{path}/notes", """{"notes": "why"}""");
        var (changed, _) = await app.SendAsync(HttpMethod.Get, path, null, ("If-None-Match", etag));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.StartsWith("\"v2-", changed.Headers.ETag!.Tag, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("view")]
    [InlineData("tag")]
    public async Task IfNoneMatchAny_MakesOnlyWhatIsNotThere(string thing)
    {
        await using var app = new HubApp();
        var path = thing == "view" ? "/api/v1/views/v" : $"{await MakeAsync(app, "run")}/tags/owner";
        var (mine, yours) = thing == "view"
            ? ("""{"filter": "name = 'a'"}""", """{"filter": "name = 'b'"}""") : ("""{"value": "a"}""", """{"value": "b"}""");
        Assert.Equal(HttpStatusCode.PreconditionFailed,
            (await app.SendAsync(HttpMethod.Put, path, mine, ("If-Match", "*"))).Response.StatusCode); // nothing there yet
        Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Put, path, mine, ("If-None-Match", "*"))).Response.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed,
            (await app.SendAsync(HttpMethod.Put, path, yours, ("If-None-Match", "*"))).Response.StatusCode);
    }

    [Fact]
    public async Task Delete_OfWhatSomebodyEdited_Is412()
    {
        await using var app = new HubApp();
        var (run, view) = (await MakeAsync(app, "run"), await MakeAsync(app, "view"));
        var experiment = await MakeAsync(app, "experiment");
        await app.PostAsync($"{run}/stop", "");
        foreach (var (path, edit, body) in new[]
                 {
                     (run, $"{run}/notes", """{"notes": "wait"}"""), (view, view, """{"filter": "name = 'a'"}"""),
                     (experiment, experiment, """{"name": "e2"}"""),
                 })
        {
            var etag = await TagAsync(app, path);
            Assert.Equal(HttpStatusCode.OK, (await app.SendAsync(HttpMethod.Put, edit, body)).Response.StatusCode);
            Assert.Equal(HttpStatusCode.PreconditionFailed,
                (await app.SendAsync(HttpMethod.Delete, path, null, ("If-Match", etag))).Response.StatusCode);
            Assert.Equal(HttpStatusCode.NoContent,
                (await app.SendAsync(HttpMethod.Delete, path, null, ("If-Match", await TagAsync(app, path)))).Response.StatusCode);
        }
    }

    private static async Task<string> TagAsync(HubApp app, string path) => (await app.GetAsync(path)).Response.Headers.ETag!.ToString();

    private static async Task<string> MakeAsync(HubApp app, string thing)
    {
        switch (thing)
        {
            case "run":
                // In a group that this machine does not serve, so that nothing starts it.
                return $"/api/v1/runs/{(await app.PostAsync("/api/v1/runs", """{"experiment": "of the run", "spec": {"device": "cuda"}}""")).Body!["id"]}";
            case "experiment":
                return (await app.PostAsync("/api/v1/experiments", """{"name": "e"}""")).Response.Headers.Location!.ToString();
            default:
                await app.SendAsync(HttpMethod.Put, "/api/v1/views/v", "{}");
                return "/api/v1/views/v";
        }
    }
}
