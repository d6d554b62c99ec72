using System.Net;
using System.Net.Http.Headers;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.AspNetCore.Routing;

namespace ExperimentHub.Web.Tests.Api;

/// <summary>What download tools and monitors ask before they ask for more.</summary>
public sealed class HeadRequestsTests
{
    [Fact]
    public async Task Head_EveryGet_IsTheSameStatusAndHeaders()
    {
        await using var app = new HubApp();
        using var http = app.Serve();
        foreach (var path in (string[])["/", "/runs", "/nothing", "/app.css", "/healthz", "/readyz", "/openapi/v1.json", "/api/v1/runs",
            "/api/v1/experiments", "/api/v1/datasets", "/api/v1/nothing"])
        {
            using var get = await http.GetAsync(new Uri(path, UriKind.Relative));
            using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
            Assert.Equal((path, get.StatusCode, get.Content.Headers.ContentType), (path, head.StatusCode, head.Content.Headers.ContentType));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task Endpoints_ThatAnswerGet_AnswerHead()
    {
        await using var app = new HubApp();
        var lacking = app.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is { } methods && methods.HttpMethods.Contains("GET")
                && !methods.HttpMethods.Contains("HEAD"))
            .Select(endpoint => endpoint.RoutePattern.RawText!)
            .Where(path => !path.StartsWith("/_", StringComparison.Ordinal) && !path.StartsWith('_'));
        Assert.Empty(lacking);
    }

    [Fact]
    public async Task Head_Checkpoint_SaysItsSizeWithoutReadingTheFile()
    {
        await using var app =
            new HubApp($"{FakeTrainer.SayStarted}; {FakeTrainer.SaveCheckpoint(1, 1)}; {FakeTrainer.Say(new Protocol.Trainers.TrainingFinished())}");
        using var http = app.Serve();
        var run = (await app.Get<RunQueue>().EnqueueAsync(new RunRequest("e", null, new Protocol.TrainingSpec()))).Run!.Value;
        await EndedAsync(app, run);
        var path = $"/api/v1/runs/{run}/checkpoints/1";
        using var get = await http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, get.StatusCode);
        // The bytes are others and the size is the same: only who reads them can tell.
        var file = Directory.EnumerateFiles(app.Folder.Runs, "*epoch-1.safetensors", SearchOption.AllDirectories).Single();
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        Assert.Equal((get.Headers.ETag, get.Headers.AcceptRanges.Single()), (head.Headers.ETag, head.Headers.AcceptRanges.Single()));
        using var read = await http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.Conflict, read.StatusCode);
    }

    [Fact]
    public async Task Head_Stream_EndsAtOnce()
    {
        await using var app = new HubApp();
        using var http = app.Serve();
        var run = (await app.Get<RunQueue>().EnqueueAsync(new RunRequest("e", null, new Protocol.TrainingSpec()))).Run!.Value;
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/api/v1/runs/{run}/live"));
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (head.StatusCode, head.Content.Headers.ContentType!.MediaType));
    }

    [Theory]
    [InlineData("bytes=9999-", HttpStatusCode.RequestedRangeNotSatisfiable)]
    [InlineData("bytes=0-0,0-0", HttpStatusCode.OK)]
    [InlineData("bytes=x", HttpStatusCode.OK)]
    [InlineData("lines=1-2", HttpStatusCode.OK)]
    public async Task Get_RangeOfACheckpoint_IsItOrTheWholeOrAProblem(string range, HttpStatusCode expected)
    {
        await using var app =
            new HubApp($"{FakeTrainer.SayStarted}; {FakeTrainer.SaveCheckpoint(1, 1)}; {FakeTrainer.Say(new Protocol.Trainers.TrainingFinished())}");
        using var http = app.Serve();
        var run = (await app.Get<RunQueue>().EnqueueAsync(new RunRequest("e", null, new Protocol.TrainingSpec()))).Run!.Value;
        await EndedAsync(app, run);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/runs/{run}/checkpoints/1");
        request.Headers.TryAddWithoutValidation("Range", range);
        using var response = await http.SendAsync(request);
        Assert.Equal(expected, response.StatusCode);
        if (expected == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
            var file = Directory.EnumerateFiles(app.Folder.Runs, "*epoch-1.safetensors", SearchOption.AllDirectories).Single();
            Assert.Equal(new ContentRangeHeaderValue(new FileInfo(file).Length), response.Content.Headers.ContentRange);
        }
    }

    private static async Task EndedAsync(HubApp app, RunId run)
    {
        using var changed = new SemaphoreSlim(1);
        using var listening = app.Get<RunFeed>().Listen((_, _) => changed.Release());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        do
            await changed.WaitAsync(limit.Token);
        while ((await app.Get<RunHistory>().FindAsync(run, limit.Token))!.Run.Status.IsActive());
    }
}
