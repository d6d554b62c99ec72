using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ExperimentHub.Web.Api;
using ExperimentHub.Web.Security;
using Microsoft.AspNetCore.Http;

namespace ExperimentHub.Web.Tests.Security;

public sealed class ConnectionLimitTests
{
    private const string Own = "http://127.0.0.1:5080";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Stream_AllPlacesTaken_IsRefusedInWordsUntilOneEnds()
    {
        await using var app = new HubApp(null, ("Hub:MaxEventStreams", "2"));
        var id = await StartAsync(app);
        var limits = app.Get<ConnectionLimits>();
        using var client = app.CreateClient();
        using var leaves = new CancellationTokenSource();
        using var stays = new CancellationTokenSource();
        // Whoever waits for the whole answer waits for the end of the stream.
        var first = client.GetAsync($"/api/v1/runs/{id}/live", leaves.Token);
        var second = client.GetAsync($"/api/v1/runs/{id}/live", stays.Token);
        await Until(() => limits.OpenStreams == 2);
        using (var third = await client.GetAsync($"/api/v1/runs/{id}/live"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
            Assert.NotNull(third.Headers.RetryAfter);
            Assert.Contains("at most 2 event streams", (await third.Content.ReadFromJsonAsync<JsonNode>())!["detail"]!.GetValue<string>());
        }

        await leaves.CancelAsync();
        await Until(() => limits.OpenStreams == 1);
        var fourth = client.GetAsync($"/api/v1/runs/{id}/live", stays.Token);
        await Until(() => limits.OpenStreams == 2);
        await stays.CancelAsync();
        foreach (var stream in new[] { first, second, fourth })
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream);
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(16, 64)]
    [InlineData(17, 64)]
    [InlineData(100, 64)]
    [InlineData(5000, 64)]
    public void Pace_HoweverManyStreams_AreTogetherNoFasterThanSixteen(int streams, int messagesASecond) =>
        Assert.Equal(messagesASecond, streams / LiveApi.Pace(streams).TotalSeconds, 3);

    [Fact]
    public async Task Page_AllPlacesTaken_SaysSoAndOpensWhenOneIsFree()
    {
        await using var app = new HubApp(null, ("Hub:MaxOpenPages", "2"));
        using var client = app.CreateClient();
        var limits = app.Get<ConnectionLimits>();
        var context = new DefaultHttpContext();
        Assert.Equal(HttpStatusCode.OK, (await OpenAsync(client)).StatusCode);
        using (var first = limits.TakePage(context))
        {
            using var second = limits.TakePage(context);
            Assert.NotNull(first);
            var refused = await OpenAsync(client);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.Contains("as many pages open as it keeps", await refused.Content.ReadAsStringAsync());
            // Programs are answered as usual, and the health check does not look like a page.
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/runs")).StatusCode);
        }

        // New pages have a pace, which brings the place back within a second or two.
        await Until(() => !limits.PagesAreFull(context));
        Assert.Equal(HttpStatusCode.OK, (await OpenAsync(client)).StatusCode);
    }

    [Fact]
    public async Task Circuit_AllPlacesTaken_IsRefusedBeforeItCostsAnything()
    {
        await using var app = new HubApp(null, ("Hub:MaxOpenPages", "1"));
        var sockets = app.Server.CreateWebSocketClient();
        sockets.ConfigureRequest = request => request.Headers.Origin = Own;
        var address = new Uri($"{Own.Replace("http", "ws", StringComparison.Ordinal)}/_blazor");
        using var first = await sockets.ConnectAsync(address, default);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => sockets.ConnectAsync(address, default));
        Assert.Contains("503", refused.Message);
    }

    [Fact]
    public async Task Circuit_OtherTransportThanWebSockets_IsRefused()
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/_blazor?id=anything");
        request.Headers.Add("Origin", Own);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public void Places_OneClient_LeavesSomeToOthers()
    {
        using var limits = new ConnectionLimits(new ConnectionLimitOptions(Pages: 20, Streams: 20));
        var (greedy, other) = (From("10.0.0.1"), From("10.0.0.2"));
        var taken = 0;
        while (limits.TakePage(greedy) is not null)
            taken++;
        Assert.Equal(18, taken);
        Assert.NotNull(limits.TakePage(other));
    }

    private static DefaultHttpContext From(string address)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        return context;
    }

    private static async Task<string> StartAsync(HubApp app)
    {
        var (_, body) = await app.PostAsync("/api/v1/runs", """{"experiment": "limits", "spec": {"device": "cpu"}}""");
        return body!["id"]!.GetValue<string>();
    }

    private static async Task<HttpResponseMessage> OpenAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Accept.ParseAdd("text/html");
        return await client.SendAsync(request);
    }

    /// <summary>For what happens when a server has noticed that a client left, which nothing tells the client.</summary>
    private static async Task Until(Func<bool> reached)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!reached())
            await Task.Delay(20, limit.Token);
    }
}
