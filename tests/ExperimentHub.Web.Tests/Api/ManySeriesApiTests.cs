using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Tests.Api;

public sealed class ManySeriesApiTests
{
    [Fact]
    public async Task ManySeries_WrittenAndWaitingPoints_ComeRunByRunInTheOrderAskedFor()
    {
        await using var app = new HubApp();
        var (a, b) = (await StartAsync(app), await StartAsync(app));
        var writer = app.Get<MetricWriter>();
        writer.Append(a.Number, "mine", Points(1, 50));
        writer.Append(b.Number, "mine", Points(1, 2000));
        writer.Append(b.Number, "other", Points(3, 3));
        await writer.FlushAsync();
        writer.Append(a.Number, "mine", Points(51, 60));
        var body = await ReadAsync(app, $"/api/v1/series?runs={b.Id},{a.Id},{RunId.New(TimeProvider.System)}&metrics=mine,other,absent&buckets=100");
        var runs = body["runs"]!.AsArray();
        Assert.Equal([b.Id, a.Id], runs.Select(run => run!["run"]!.GetValue<string>())); // the third does not exist
        Assert.Equal(["mine", "other"], runs[0]!["series"]!.AsArray().Select(series => series!["metric"]!.GetValue<string>()));
        Assert.Equal(100, runs[0]!["series"]![0]!["steps"]!.AsArray().Count);
        Assert.Equal(20, runs[0]!["series"]![0]!["stepsPerBucket"]!.GetValue<long>());
        Assert.Equal(Enumerable.Range(1, 60), runs[1]!["series"]![0]!["steps"]!.AsArray().Select(step => step!.GetValue<int>()));
        Assert.Empty(runs[0]!["times"]!["steps"]!.AsArray());
    }

    [Fact]
    public async Task ManySeries_TimesAskedFor_SayWhenStepsWere()
    {
        await using var app = new HubApp();
        var run = await StartAsync(app);
        app.Get<MetricWriter>().Append(run.Number, MetricNames.TrainLoss,
            [.. Enumerable.Range(1, 3000).Select(step => new MetricPoint(step, 1_000_000 + step * 10L, 1))]);
        await app.Get<MetricWriter>().FlushAsync();
        var body = await ReadAsync(app, $"/api/v1/series?runs={run.Id}&metrics=train_loss&times=true");
        var times = body["runs"]![0]!["times"]!;
        Assert.Equal((1, 3000), (times["steps"]!.AsArray()[0]!.GetValue<int>(), times["steps"]!.AsArray()[^1]!.GetValue<int>()));
        Assert.Equal(1_030_000, times["unix"]!.AsArray()[^1]!.GetValue<long>());
    }

    [Fact]
    public async Task ManySeries_Stretch_HasItsStepsInFullWhereTheyFit()
    {
        await using var app = new HubApp();
        var run = await StartAsync(app);
        var writer = app.Get<MetricWriter>();
        writer.Append(run.Number, "mine", Points(1, 2000));
        await writer.FlushAsync();
        writer.Append(run.Number, "mine", Points(2001, 2010));
        var body = await ReadAsync(app, $"/api/v1/series?runs={run.Id}&metrics=mine&buckets=100&from=1991&to=2005");
        var series = body["runs"]![0]!["series"]![0]!;
        Assert.Equal(Enumerable.Range(1991, 15), series["steps"]!.AsArray().Select(step => step!.GetValue<int>()));
        Assert.Equal(0, series["stepsPerBucket"]!.GetValue<long>());
    }

    [Fact]
    public async Task ManySeries_Binary_SaysTheSameAsJson()
    {
        await using var app = new HubApp();
        var (a, b) = (await StartAsync(app), await StartAsync(app));
        app.Get<MetricWriter>().Append(a.Number, "mine", Points(1, 500));
        app.Get<MetricWriter>().Append(b.Number, "mine", Points(5, 7));
        await app.Get<MetricWriter>().FlushAsync();
        var path = $"/api/v1/series?runs={a.Id},{b.Id}&metrics=mine&buckets=50";
        using var client = app.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.experimenthub.series"));
        var bytes = await (await client.SendAsync(request)).Content.ReadAsByteArrayAsync();
        Assert.Equal("EHS1"u8, bytes.AsSpan(0, 4));
        var body = 8 + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
        var header = JsonNode.Parse(bytes.AsSpan(8, body - 8))!;
        var json = await ReadAsync(app, path);
        for (var run = 0; run < 2; run++)
        {
            var (told, written) = (header["runs"]![run]!, json["runs"]![run]!);
            Assert.Equal(written["run"]!.GetValue<string>(), told["run"]!.GetValue<string>());
            Assert.Equal("i4", told["series"]![0]!["steps"]![0]!.GetValue<string>());
            Assert.Equal("f4", told["series"]![0]!["values"]![0]!.GetValue<string>());
            Assert.Equal(written["series"]![0]!["steps"]!.AsArray().Select(step => step!.GetValue<int>()),
                Column(told["series"]![0]!["steps"]!).Select(at => BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at))));
            Assert.Equal(written["series"]![0]!["values"]!.AsArray().Select(value => value!.GetValue<float>()),
                Column(told["series"]![0]!["values"]!).Select(at => BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at))));
        }

        IEnumerable<int> Column(JsonNode column) =>
            Enumerable.Range(0, column[2]!.GetValue<int>()).Select(i => body + column[1]!.GetValue<int>() + 4 * i);
    }

    [Theory]
    [InlineData("metrics=mine", "runs")]
    [InlineData("runs=banana&metrics=mine", "runs")]
    [InlineData("runs=00000000000000000000000000000000", "metrics")]
    [InlineData("runs=00000000000000000000000000000000&metrics=mine&buckets=0", "buckets")]
    [InlineData("runs=00000000000000000000000000000000&metrics=mine&times=yes", "times")]
    [InlineData("runs=00000000000000000000000000000000&metrics=mine&from=-1", "from")]
    [InlineData("runs=00000000000000000000000000000000&metrics=mine&to=last", "to")]
    [InlineData("runs=00000000000000000000000000000000&metrics=mine&format=csv", "format")]
    public async Task ManySeries_WrongValue_IsRefusedByName(string query, string field)
    {
        await using var app = new HubApp();
        var (response, body) = await app.GetAsync($"/api/v1/series?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotNull(body!["errors"]![field]);
    }

    [Fact]
    public async Task ManySeries_TooMuchAtOnce_IsRefused()
    {
        await using var app = new HubApp();
        var ids = string.Join(',', Enumerable.Range(0, 200).Select(_ => RunId.New(TimeProvider.System)));
        Assert.Equal(HttpStatusCode.OK, (await app.GetAsync($"/api/v1/series?runs={ids}&metrics=a&buckets=10000")).Response.StatusCode);
        Assert.NotNull((await app.GetAsync($"/api/v1/series?runs={ids}&metrics=a,b,c&buckets=10000")).Body!["errors"]!["buckets"]);
        Assert.NotNull((await app.GetAsync($"/api/v1/series?runs={ids},{RunId.New(TimeProvider.System)}&metrics=a")).Body!["errors"]!["runs"]);
    }

    private static MetricPoint[] Points(int first, int last) =>
        [.. Enumerable.Range(first, last - first + 1).Select(step => new MetricPoint(step, 1_000 + step, step / 2.0))];

    private static async Task<(string Id, long Number)> StartAsync(HubApp app)
    {
        var (_, body) = await app.PostAsync("/api/v1/runs", """{"experiment": "series", "spec": {"device": "cuda:9"}}""");
        var id = body!["id"]!.GetValue<string>();
        return (id, (await app.Get<RunHistory>().StateAsync(RunId.Parse(id, null)))!.Number);
    }

    private static async Task<JsonNode> ReadAsync(HubApp app, string path)
    {
        var (response, body) = await app.GetAsync(path);
        response.EnsureSuccessStatusCode();
        return body!;
    }
}
