using System.Net;

namespace ExperimentHub.Web.Tests.Security;

public sealed class CrossOriginTests
{
    private const string Own = "http://127.0.0.1:5080";

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:5080")]
    [InlineData("127.0.0.1.evil.example")]
    public async Task Request_ForeignHost_Is400(string host)
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/runs");
        request.Headers.Host = host;
        Assert.Equal(HttpStatusCode.BadRequest, (await client.SendAsync(request)).StatusCode);
    }

    [Theory]
    [InlineData("https://evil.example", "cross-site")]
    [InlineData("http://localhost:3000", "same-site")]
    [InlineData("null", null)]
    [InlineData(null, "cross-site")]
    [InlineData(Own, "cross-site")]
    public async Task Post_FromElsewhere_Is403(string? origin, string? site)
    {
        await using var app = new HubApp();
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(app, "/api/v1/runs", origin, site));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(app, "/api/v1/datasets", origin, site));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(app, "/api/v1/datasets/kmnist/fetch", origin, site));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(app, "/api/v1/datasets/own", origin, site, HttpMethod.Delete));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(app, "/_blazor/negotiate?negotiateVersion=1", origin, site));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(app, "/_blazor?id=x", origin, site, HttpMethod.Get));
    }

    [Theory]
    // What a page elsewhere makes a browser ask: fetch, picture, script, frame, object, form in a frame, prefetch, prerender.
    [InlineData("cross-site", "cors", "empty", null)]
    [InlineData("cross-site", "no-cors", "image", null)]
    [InlineData("same-site", "no-cors", "script", null)]
    [InlineData("cross-site", "navigate", "iframe", null)]
    [InlineData("same-site", "navigate", "frame", null)]
    [InlineData("cross-site", "navigate", "object", null)]
    [InlineData("cross-site", "websocket", "empty", null)]
    [InlineData("cross-site", "navigate", "document", "prefetch;prerender")]
    [InlineData("cross-site", null, null, null)]
    public async Task Get_FromElsewhereAndNoLink_Is403BeforeAnythingIsDone(string site, string? mode, string? destination, string? purpose)
    {
        await using var app = new HubApp();
        foreach (var path in (string[])["/", "/runs", "/api/v1/runs", "/api/v1/runs/count?filter=name%20like%20'a'",
            "/api/v1/runs/019309c5e6f77c3d8f2a000000000000/live", "/app.css", "/nothing", "/readyz"])
        {
            foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
                Assert.Equal(HttpStatusCode.Forbidden, await GetAsync(app, method, path, site, mode, destination, purpose));
        }
    }

    [Theory]
    [InlineData("cross-site", "navigate", "document")]
    [InlineData("same-site", "navigate", "document")]
    [InlineData("none", "navigate", "document")]
    [InlineData("same-origin", "cors", "empty")]
    [InlineData("same-origin", "no-cors", "image")]
    [InlineData(null, null, null)]
    public async Task Get_LinkFollowedOrOwnPageOrProgram_Passes(string? site, string? mode, string? destination)
    {
        await using var app = new HubApp();
        foreach (var path in (string[])["/runs", "/api/v1/runs", "/app.css"])
            Assert.Equal(HttpStatusCode.OK, await GetAsync(app, HttpMethod.Get, path, site, mode, destination, null));
    }

    [Fact]
    public async Task Get_ForeignOriginOfABrowserThatSaysNoMore_Is403()
    {
        await using var app = new HubApp();
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(app, "/api/v1/runs", "https://evil.example", null, HttpMethod.Get));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(app, "/api/v1/runs", Own, null, HttpMethod.Get));
    }

    [Fact]
    public async Task Post_OwnPage_Passes()
    {
        await using var app = new HubApp();
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(app, "/api/v1/runs", Own, "same-origin"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(app, "/_blazor/negotiate?negotiateVersion=1", Own, "same-origin"));
    }

    [Fact]
    public async Task Post_AProgram_MayUseTheApiButNotTheCircuit()
    {
        await using var app = new HubApp();
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(app, "/api/v1/runs", null, null));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(app, "/_blazor/negotiate?negotiateVersion=1", null, null));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data")]
    public async Task Start_NotJson_Is415(string type)
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        using var content = new StringContent("""{"experiment": "e"}""", new System.Net.Http.Headers.MediaTypeHeaderValue(type));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await client.PostAsync("/api/v1/runs", content)).StatusCode);
    }

    [Fact]
    public async Task Page_Headers_ForbidFramesAndForeignScripts()
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        var response = await client.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var policy = Assert.Single(response.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("script-src 'self';", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.Equal("same-origin", Assert.Single(response.Headers.GetValues("Cross-Origin-Resource-Policy")));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }

    private static async Task<HttpStatusCode> GetAsync(HubApp app, HttpMethod method, string path, string? site, string? mode, string? destination,
        string? purpose)
    {
        using var client = app.CreateClient();
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in ((string, string?)[])[("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", destination),
            ("Sec-Purpose", purpose)])
        {
            if (value is not null)
                request.Headers.TryAddWithoutValidation(name, value);
        }

        return (await client.SendAsync(request)).StatusCode;
    }

    private static async Task<HttpStatusCode> PostAsync(HubApp app, string path, string? origin, string? site, HttpMethod? method = null)
    {
        using var client = app.CreateClient();
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, path);
        if (request.Method == HttpMethod.Post)
            request.Content = new StringContent("""{"experiment": "e"}""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        if (origin is not null)
            request.Headers.TryAddWithoutValidation("Origin", origin);
        if (site is not null)
            request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);
        return (await client.SendAsync(request)).StatusCode;
    }
}
