using System.Net;
using System.Text.Json.Nodes;
using ExperimentHub.TestHub;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Tests.Api;

public sealed class ManyLiveApiTests
{
    [Fact]
    public async Task Live_SeveralRuns_TellsWhatComesFromNowOnOfTheMetricsAskedForUntilAllHaveEnded()
    {
        await using var app = new HubApp(settings: ("Hub:CpuSlots", "2"));
        var (a, b) = (await StartAsync(app), await StartAsync(app));
        a.Append("mine", 1, 10);
        using var stream = await FollowAsync(app, $"runs={a.Id},{b.Id},{RunId.New(TimeProvider.System)}&metrics=mine,later");
        a.Append("mine", 11, 12);
        Assert.Equal([$"{a.Id} mine 11 12"], await stream.PointsAsync());

        // Several at once come in one message; a metric that begins later comes whole, and nobody asked for the other.
        b.Append("other", 1, 3);
        b.Append("later", 1, 2);
        Assert.Equal([$"{b.Id} later 1 2"], await stream.PointsAsync());
        await StopAsync(app, a);
        b.Append("mine", 1, 1);
        Assert.Equal([$"{b.Id} mine 1"], await stream.PointsAsync());
        await StopAsync(app, b);
        Assert.Equal("end", (await stream.NextAsync()).Event);
    }

    [Fact]
    public async Task Live_RunThatWentBack_NamesItAndGoesOnFromThere()
    {
        await using var app = new HubApp(settings: ("Hub:CpuSlots", "2"));
        var (a, b) = (await StartAsync(app), await StartAsync(app));
        a.Append("mine", 1, 10);
        using var stream = await FollowAsync(app, $"runs={a.Id},{b.Id}&metrics=mine");
        await app.Get<MetricWriter>().RewindAsync(a.Number, 6);
        a.Publish();
        var (name, body) = await stream.NextAsync();
        Assert.Equal("back", name);
        Assert.Equal([a.Id.ToString()], body["runs"]!.AsArray().Select(run => run!["run"]!.ToString()));
        a.Append("mine", 7, 8);
        Assert.Equal([$"{a.Id} mine 7 8"], await stream.PointsAsync());
    }

    [Fact]
    public async Task Live_RunsThatTrain_AsksTheDatabaseNothing()
    {
        var questions = new Questions();
        await using var app = new HubApp(settings: ("Hub:CpuSlots", "2"))
        {
            Configure = questions.Hear,
        };
        var (a, b) = (await StartAsync(app), await StartAsync(app));
        using var stream = await FollowAsync(app, $"runs={a.Id},{b.Id}&metrics=mine");
        questions.Clear();
        foreach (var last in new[] { 10, 20, 30 })
        {
            a.Append("mine", last - 9, last);
            b.Append("mine", last - 9, last);
            HashSet<string> heard = [];
            while (heard.Count < 2)
                heard.UnionWith(await stream.PointsAsync());
        }

        // The hub asks for other things meanwhile.
        Assert.DoesNotContain(questions.Asked, text => text.Contains("\"MetricSeries\"", StringComparison.Ordinal)
            || text.Contains("\"MetricChunks\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Live_RunsThatHaveEnded_EndsAtOnce()
    {
        await using var app = new HubApp();
        var run = await StartAsync(app);
        await StopAsync(app, run);
        using var stream = await FollowAsync(app, $"runs={run.Id}&metrics=mine");
        Assert.Equal("end", (await stream.NextAsync()).Event);
    }

    [Theory]
    [InlineData("metrics=mine", "runs")]
    [InlineData("runs=banana&metrics=mine", "runs")]
    [InlineData("runs=00000000000000000000000000000000", "metrics")]
    public async Task Live_WrongValue_IsRefusedByName(string query, string field)
    {
        await using var app = new HubApp();
        var (response, body) = await app.GetAsync($"/api/v1/live?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotNull(body!["errors"]![field]);
    }

    private static async Task<PlayedSeries> StartAsync(HubApp app)
    {
        var (_, body) = await app.PostAsync("/api/v1/runs", """{"experiment": "live", "spec": {"device": "cpu"}}""");
        var id = RunId.Parse(body!["id"]!.GetValue<string>(), null);
        RunState? state;
        while ((state = await app.Get<RunHistory>().StateAsync(id)) is not { Status: RunStatus.Running, StepsPerEpoch: not null })
            await Task.Delay(20, TestContext.Current.CancellationToken);
        return new PlayedSeries(app, id, state.Number);
    }

    private static async Task StopAsync(HubApp app, PlayedSeries run)
    {
        await app.PostAsync($"/api/v1/runs/{run.Id}/stop", "{}");
        while ((await app.Get<RunHistory>().StateAsync(run.Id))!.Status.IsActive())
            await Task.Delay(20, TestContext.Current.CancellationToken);
    }

    /// <summary>The stream, once it is ready.</summary>
    private static async Task<EventReader> FollowAsync(HubApp app, string query)
    {
        var client = app.CreateClient();
        var reader = new EventReader(client, new StreamReader(await client.GetStreamAsync($"/api/v1/live?{query}")));
        Assert.Equal("ready", (await reader.NextAsync()).Event);
        return reader;
    }

    private sealed record PlayedSeries(HubApp App, RunId Id, long Number)
    {
        public void Append(string metric, int first, int last)
        {
            App.Get<MetricWriter>().Append(Number, metric,
                [.. Enumerable.Range(first, last - first + 1).Select(step => new MetricPoint(step, step, 1.0 / step))]);
            Publish();
        }

        public void Publish() => App.Get<RunFeed>().Publish(Id, RunSignal.Progress);
    }

    private sealed class EventReader(HttpClient client, StreamReader stream) : IDisposable
    {
        private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(30));

        public async Task<(string Event, JsonNode Body)> NextAsync()
        {
            var (name, body) = ("", "");
            while (await stream.ReadLineAsync(_limit.Token) is { } line && (line.Length > 0 || body.Length == 0))
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                    name = line[7..];
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                    body = line[6..];
            }

            return (name, JsonNode.Parse(body)!);
        }

        /// <summary>The next points: run, metric and steps of each series.</summary>
        public async Task<IReadOnlyList<string>> PointsAsync()
        {
            var (name, body) = await NextAsync();
            Assert.Equal("points", name);
            return [.. body["runs"]!.AsArray().SelectMany(run => run!["series"]!.AsArray().Select(series =>
                $"{run["run"]} {series!["metric"]} {string.Join(' ', series["steps"]!.AsArray().Select(step => step!.ToString()))}"))];
        }

        public void Dispose()
        {
            stream.Dispose();
            client.Dispose();
            _limit.Dispose();
        }
    }
}
