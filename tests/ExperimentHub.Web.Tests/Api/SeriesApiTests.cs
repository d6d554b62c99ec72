using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Tests.Api;

public sealed class SeriesApiTests
{
    private static readonly JsonSerializerOptions NamedNumbers = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    [Fact]
    public async Task Series_WrittenAndWaitingPoints_ComeOnceEach()
    {
        await using var app = new HubApp();
        var (id, run) = await StartAsync(app);
        var writer = app.Get<MetricWriter>();
        writer.Append(run, "mine", Points(1, 100));
        await writer.FlushAsync();
        writer.Append(run, "mine", Points(101, 120));
        var series = await ReadAsync(app, $"/api/v1/runs/{id}/series?metrics=mine,absent");
        Assert.Equal(Enumerable.Range(1, 120), series["steps"]!.AsArray().Select(step => step!.GetValue<int>()));
        Assert.Equal(0, series["stepsPerBucket"]!.GetValue<long>());
        Assert.Null(series["min"]);
    }

    [Fact]
    public async Task Series_MorePointsThanBuckets_KeepsTheExtremes()
    {
        await using var app = new HubApp();
        var (id, run) = await StartAsync(app);
        var writer = app.Get<MetricWriter>();
        writer.Append(run, "mine", [.. Points(1, 5000).Select(point => point.Step == 1234 ? point with { Value = -7 } : point)]);
        await writer.FlushAsync();
        var series = await ReadAsync(app, $"/api/v1/runs/{id}/series?metrics=mine&buckets=10&from=1001&to=2000");
        Assert.Equal(10, series["steps"]!.AsArray().Count);
        Assert.Equal(100, series["stepsPerBucket"]!.GetValue<long>());
        Assert.Equal(-7, series["min"]!.AsArray().Min(value => value!.GetValue<double>()));
        Assert.Equal(2000, series["steps"]![9]!.GetValue<long>());
    }

    [Fact]
    public async Task Series_OfManyChunks_SaysWhenItsStepsWere()
    {
        await using var app = new HubApp();
        var (id, run) = await StartAsync(app);
        app.Get<MetricWriter>().Append(run, MetricNames.TrainLoss,
            [.. Enumerable.Range(1, 3000).Select(step => new MetricPoint(step, 1_000_000 + step * 10L, 1))]);
        await app.Get<MetricWriter>().FlushAsync();
        var (_, body) = await app.GetAsync($"/api/v1/runs/{id}/series?buckets=2");
        var times = body!["times"]!["steps"]!.AsArray().Zip(body["times"]!["unix"]!.AsArray())
            .Select(pair => (Step: pair.First!.GetValue<long>(), Unix: pair.Second!.GetValue<long>())).ToList();
        Assert.Equal((1, 3000), (times[0].Step, times[^1].Step));
        Assert.All(times, pair => Assert.Equal(1_000_000 + pair.Step * 10, pair.Unix));
    }

    [Theory]
    [InlineData("buckets=0", "buckets")]
    [InlineData("buckets=10001", "buckets")]
    [InlineData("from=-1", "from")]
    [InlineData("to=later", "to")]
    [InlineData("format=xml", "format")]
    public async Task Series_WrongValue_IsRefusedByName(string query, string field)
    {
        await using var app = new HubApp();
        var (id, _) = await StartAsync(app);
        var (response, body) = await app.GetAsync($"/api/v1/runs/{id}/series?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotNull(body!["errors"]![field]);
    }

    [Theory]
    [InlineData(Limits.MetricsOfARun, 1_000, null)]
    [InlineData(Limits.MetricsOfARun + 1, 1, "metrics")]
    [InlineData(200, 10_000, null)]
    [InlineData(201, 10_000, "buckets")]
    public async Task Series_AtAndBeyondItsLimits_IsReadAndRefused(int metrics, int buckets, string? field)
    {
        await using var app = new HubApp();
        var (id, _) = await StartAsync(app);
        var (response, body) = await app.GetAsync(
            $"/api/v1/runs/{id}/series?metrics={string.Join(',', Enumerable.Range(0, metrics).Select(i => $"m{i}"))}&buckets={buckets}");
        Assert.Equal(field is null ? HttpStatusCode.OK : HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(field, body!["errors"]?.AsObject().Single().Key);
    }

    [Fact]
    public async Task Series_Unchanged_IsNotSentTwice()
    {
        await using var app = new HubApp();
        var (id, run) = await StartAsync(app);
        // The start of the training changes the answer too: it brings the steps of an epoch.
        await UntilAsync(app, id, state => state.StepsPerEpoch is not null);
        var writer = app.Get<MetricWriter>();
        writer.Append(run, "mine", Points(1, 10));
        await writer.FlushAsync();
        using var client = app.CreateClient();
        var first = await client.GetAsync($"/api/v1/runs/{id}/series");
        Assert.Equal(HttpStatusCode.NotModified, await AgainAsync("series", first));
        Assert.Equal(HttpStatusCode.OK, await AgainAsync("series?buckets=5", first));
        Assert.Equal(HttpStatusCode.OK, await AgainAsync("series?format=binary", first));

        // One more point, whether it waits or is written.
        writer.Append(run, "mine", Points(11, 11));
        var waiting = await client.GetAsync($"/api/v1/runs/{id}/series");
        Assert.NotEqual(first.Headers.ETag, waiting.Headers.ETag);
        await writer.FlushAsync();
        var written = await client.GetAsync($"/api/v1/runs/{id}/series");
        Assert.Equal(HttpStatusCode.NotModified, await AgainAsync("series", written));

        // Back to a checkpoint and forward to the same step: other points, though as many as before.
        await writer.RewindAsync(run, 5);
        writer.Append(run, "mine", [.. Points(6, 11).Select(point => point with { Time = point.Time + 1000 })]);
        await writer.FlushAsync();
        Assert.Equal(HttpStatusCode.OK, await AgainAsync("series", written));

        async Task<HttpStatusCode> AgainAsync(string what, HttpResponseMessage before)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/runs/{id}/{what}");
            request.Headers.IfNoneMatch.Add(before.Headers.ETag!);
            return (await client.SendAsync(request)).StatusCode;
        }
    }

    [Fact]
    public async Task Series_Binary_SaysTheSameAsJsonInColumns()
    {
        await using var app = new HubApp();
        var (id, run) = await StartAsync(app);
        var writer = app.Get<MetricWriter>();
        writer.Append(run, "single", [new MetricPoint(1, 5, 0.5), new MetricPoint(2, 6, double.NaN), new MetricPoint(3, 7, double.PositiveInfinity)]);
        writer.Append(run, "double", [new MetricPoint(1, 5, 0.1), new MetricPoint(1L << 40, 6, -0.0)]);
        writer.Append(run, MetricNames.TrainLoss, Points(1, 5000));
        await writer.FlushAsync();
        using var client = app.CreateClient();
        client.DefaultRequestHeaders.Add("Accept", "application/vnd.experimenthub.series");
        var response = await client.GetAsync($"/api/v1/runs/{id}/series?buckets=7");
        Assert.Equal("application/vnd.experimenthub.series", response.Content.Headers.ContentType!.MediaType);
        var bytes = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal("EHS1", Encoding.ASCII.GetString(bytes, 0, 4));
        var body = 8 + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        Assert.Equal(0, body % 8);
        var header = JsonNode.Parse(bytes.AsSpan(8, body - 8))!;
        Assert.Equal(("i4", "f4"), (TypeOf("single", "steps"), TypeOf("single", "values")));
        Assert.Equal(("f8", "f8"), (TypeOf("double", "steps"), TypeOf("double", "values")));

        // The reader of this test puts every column back where its list is in JSON.
        var json = (await app.GetAsync($"/api/v1/runs/{id}/series?buckets=7")).Body!;
        foreach (var one in header["series"]!.AsArray().Append(header["times"]))
        {
            foreach (var (name, value) in one!.AsObject().ToList())
            {
                if (value is JsonArray column)
                    one[name] = Column(column);
            }
        }

        Assert.True(JsonNode.DeepEquals(json["series"], header["series"]), $"{json}\n{header}");
        Assert.True(JsonNode.DeepEquals(json["times"], header["times"]), $"{json}\n{header}");

        string TypeOf(string metric, string column) =>
            header["series"]!.AsArray().Single(one => one!["metric"]!.GetValue<string>() == metric)![column]![0]!.GetValue<string>();

        JsonArray Column(JsonArray column)
        {
            var (type, offset, count) = (column[0]!.GetValue<string>(), column[1]!.GetValue<int>(), column[2]!.GetValue<int>());
            Assert.Equal(0, offset % 8);
            var data = bytes.AsSpan(body + offset);
            return new JsonArray([.. type switch
            {
                "i4" => MemoryMarshal.Cast<byte, int>(data)[..count].ToArray().Select(number => Json(number)),
                "f4" => MemoryMarshal.Cast<byte, float>(data)[..count].ToArray().Select(number => Json(number)),
                _ => MemoryMarshal.Cast<byte, double>(data)[..count].ToArray().Select(number => Json(number)),
            }]);
        }

        static JsonNode? Json(double number) => JsonSerializer.SerializeToNode(number, NamedNumbers);
    }

    [Theory]
    [InlineData("series", "br, gzip", "br")]
    [InlineData("series", "gzip", "gzip")]
    [InlineData("series?format=csv", "br", "br")]
    [InlineData("series?format=binary", "br", "br")]
    [InlineData("live", "br", "identity")]
    public async Task Answer_ToWhoTakesIt_IsCompressedUnlessItIsAStream(string what, string accepted, string encoding)
    {
        await using var app = new HubApp();
        var (id, run) = await StartAsync(app);
        app.Get<MetricWriter>().Append(run, MetricNames.TrainLoss, Points(1, 1000));
        using var client = app.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/runs/{id}/{what}");
        request.Headers.Add("Accept-Encoding", accepted);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
    }

    [Fact]
    public async Task Csv_EveryPoint_WithNamesThatNoSpreadsheetTakesForAFormula()
    {
        await using var app = new HubApp();
        var (id, run) = await StartAsync(app);
        app.Get<MetricWriter>().Append(run, "=cmd()", [new MetricPoint(3, 0, double.NaN), new MetricPoint(5, 1500, 0.25)]);
        await app.Get<MetricWriter>().FlushAsync();
        using var client = app.CreateClient();
        var response = await client.GetAsync($"/api/v1/runs/{id}/series?format=csv&metrics=%3Dcmd()");
        Assert.Equal("text/csv", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal($"{id}-metrics.csv", response.Content.Headers.ContentDisposition!.FileName);
        Assert.Equal(
            ["step,time,metric,value", "3,1970-01-01T00:00:00.000Z,\"'=cmd()\",NaN", "5,1970-01-01T00:00:01.500Z,\"'=cmd()\",0.25", ""],
            (await response.Content.ReadAsStringAsync()).ReplaceLineEndings("\n").Split('\n'));
    }

    [Fact]
    public async Task Live_Follower_GetsOnlyWhatIsNewUntilTheEnd()
    {
        await using var app = new HubApp();
        var (id, run) = await StartAsync(app);
        var (writer, feed) = (app.Get<MetricWriter>(), app.Get<RunFeed>());
        writer.Append(run, MetricNames.TrainLoss, Points(1, 10));
        using var client = app.CreateClient();
        using (var stream = new StreamReader(await client.GetStreamAsync($"/api/v1/runs/{id}/live?after=train_loss:4")))
        {
            Assert.Equal([5, 6, 7, 8, 9, 10], await StepsAsync(stream));
            writer.Append(run, MetricNames.TrainLoss, Points(11, 12));
            feed.Publish(RunId.Parse(id, null), RunSignal.Results);
            Assert.Equal([11, 12], await StepsAsync(stream));

            // Thousands at once are few on the wire, and the last one is among them.
            writer.Append(run, MetricNames.TrainLoss, Points(13, 5000));
            feed.Publish(RunId.Parse(id, null), RunSignal.Results);
            var many = await StepsAsync(stream);
            Assert.InRange(many.Count, 2, 50);
            Assert.Equal(5000, many[^1]);
            await StopAsync(app, id);
            string? line;
            do
            {
                line = await stream.ReadLineAsync();
            }
            while (line is not (null or "event: end"));
            Assert.Equal("event: end", line);
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (feed.SubscriptionCount > 0)
            await Task.Delay(20, limit.Token); // the server notices a closed stream when it likes
    }

    [Fact]
    public async Task Live_Reconnected_GoesOnWhereItWas()
    {
        await using var app = new HubApp();
        var (id, run) = await StartAsync(app);
        app.Get<MetricWriter>().Append(run, MetricNames.TrainLoss, Points(1, 10));
        using var client = app.CreateClient();
        client.DefaultRequestHeaders.Add("Last-Event-ID", "train_loss:8,nonsense,:3");
        using var stream = new StreamReader(await client.GetStreamAsync($"/api/v1/runs/{id}/live?after=train_loss:2"));
        Assert.Equal([9, 10], await StepsAsync(stream));
    }

    [Fact]
    public async Task Live_RunThatWentBack_SaysSoBeforeItsNewPoints()
    {
        await using var app = new HubApp();
        var (id, run) = await StartAsync(app);
        var (writer, feed) = (app.Get<MetricWriter>(), app.Get<RunFeed>());
        writer.Append(run, MetricNames.TrainLoss, Points(1, 10));
        using var client = app.CreateClient();
        using var stream = new StreamReader(await client.GetStreamAsync($"/api/v1/runs/{id}/live"));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], await StepsAsync(stream));
        await writer.RewindAsync(run, 6);
        writer.Append(run, MetricNames.TrainLoss, Points(7, 8));
        feed.Publish(RunId.Parse(id, null), RunSignal.Results);
        string? line;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        do
            line = await stream.ReadLineAsync(limit.Token);
        while (line is not (null or "event: back"));
        Assert.Equal("event: back", line);
    }

    [Fact]
    public async Task Live_NoSuchRun_IsAProblem()
    {
        await using var app = new HubApp();
        var (response, _) = await app.GetAsync("/api/v1/runs/nonsense/live");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private static MetricPoint[] Points(int first, int last) =>
        [.. Enumerable.Range(first, last - first + 1).Select(step => new MetricPoint(step, step, 1.0 / step))];

    /// <summary>The steps of the training loss in the next message that has some.</summary>
    private static async Task<List<int>> StepsAsync(StreamReader stream)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await stream.ReadLineAsync(limit.Token) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            var series = JsonNode.Parse(line[6..])!["series"]!.AsArray()
                .FirstOrDefault(one => one!["metric"]!.GetValue<string>() == MetricNames.TrainLoss);
            if (series is not null)
                return [.. series["steps"]!.AsArray().Select(step => step!.GetValue<int>())];
        }

        throw new InvalidOperationException("The stream ended.");
    }

    private static async Task<(string Id, long Run)> StartAsync(HubApp app)
    {
        var (_, body) = await app.PostAsync("/api/v1/runs", """{"experiment": "series"}""");
        var id = body!["id"]!.GetValue<string>();
        return (id, (await app.Get<RunHistory>().StateAsync(RunId.Parse(id, null)))!.Number);
    }

    private static async Task UntilAsync(HubApp app, string id, Func<RunState, bool> holds)
    {
        var reached = new TaskCompletionSource();
        using var listening = app.Get<RunFeed>().Listen((_, _) => _ = CheckAsync());
        await CheckAsync();
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30));

        async Task CheckAsync()
        {
            if (holds((await app.Get<RunHistory>().StateAsync(RunId.Parse(id, null)))!))
                reached.TrySetResult();
        }
    }

    private static async Task StopAsync(HubApp app, string id)
    {
        var ended = new TaskCompletionSource();
        using var listening = app.Get<RunFeed>().Listen((_, _) => _ = CheckAsync());
        await app.Get<RunQueue>().RequestStopAsync(RunId.Parse(id, null));
        await CheckAsync();
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30));

        async Task CheckAsync()
        {
            if ((await app.Get<RunHistory>().StateAsync(RunId.Parse(id, null)))?.Status.IsActive() == false)
                ended.TrySetResult();
        }
    }

    private static async Task<JsonNode> ReadAsync(HubApp app, string path)
    {
        var (response, body) = await app.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return Assert.Single(body!["series"]!.AsArray())!;
    }
}
