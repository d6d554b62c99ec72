using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using ExperimentHub.Protocol;

namespace ExperimentHub.Web.Tests.Api;

/// <summary>Bodies as programs really send them.</summary>
public sealed class ApiBodyTests
{
    private const string Start = """{"experiment": "e"}""";

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("application/json; charset=\"utf-8\"")]
    [InlineData("application/json; charset=UTF8")]
    [InlineData("application/json; charset=\"\"")]
    [InlineData("application/json;charset=us-ascii")]
    [InlineData("application/vnd.api+json")]
    public async Task Json_AnyWordForUtf8_IsRead(string type)
    {
        await using var app = new HubApp();
        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(app, HttpMethod.Post, "/api/v1/runs", Encoding.UTF8.GetBytes(Start), type)).Status);
    }

    [Theory]
    [InlineData("application/json; charset=utf-16", "utf-8")]
    [InlineData("application/json; charset=\"x-none\"", "utf-8")]
    [InlineData("application/jsonx", "application/json")]
    [InlineData("nonsense", "application/json")]
    [InlineData(null, "application/json")]
    public async Task Json_AnotherTypeOrCharset_Is415InWords(string? type, string word)
    {
        await using var app = new HubApp();
        var (status, problem) = await SendAsync(app, HttpMethod.Post, "/api/v1/runs", Encoding.UTF8.GetBytes(Start), type);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, status);
        Assert.Contains(word, problem!["detail"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("x-none")]
    public async Task Json_Compressed_Is415ThatSpeaksOfIt(string coding)
    {
        await using var app = new HubApp();
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(Start));
        var (status, problem) = await SendAsync(app, HttpMethod.Post, "/api/v1/runs", packed.ToArray(), "application/json",
            request => request.Content!.Headers.ContentEncoding.Add(coding));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, status);
        Assert.Contains("compressed", problem!["detail"]!.GetValue<string>());
    }

    [Fact]
    public async Task Layers_KindIsTheLastKey_AreRead()
    {
        await using var app = new HubApp();
        var (response, _) = await app.PostAsync("/api/v1/runs",
            """{"experiment": "x", "spec": {"epochs": 1, "device": "cpu", "model": {"kind": "layers", "layers": [{"type": "flatten"}, {"outFeatures": 10, "type": "linear"}]}}}""");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    [Theory]
    [InlineData("""[{"kind": "flatten"}]""", "spec.model.layers[0].type")]
    [InlineData("""[{"type": "flatten"}, {"outFeatures": 10}]""", "spec.model.layers[1].type")]
    [InlineData("""[{"type": "flatten"}, {"type": "dense", "outFeatures": 10}]""", "spec.model.layers[1].type")]
    [InlineData("""[{"type": 3}]""", "spec.model.layers[0].type")]
    public async Task Layers_WithoutAKnownKind_Is400WithThePlaceAndTheKinds(string layers, string field)
    {
        await using var app = new HubApp();
        var (response, body) = await app.PostAsync("/api/v1/runs",
            """{"experiment": "x", "spec": {"model": {"kind": "layers", "layers": LAYERS}}}""".Replace("LAYERS", layers, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("conv, max-pool, avg-pool", body!["errors"]![field]![0]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"experiment": "e", "experiment": "f"}""", "experiment", "twice")]
    [InlineData("""{"experiment": "e", "Experiment": "f"}""", "Experiment", "twice")]
    [InlineData("""{"experiment": "e", "spec": {"model": {"kind": "layers", "layers": [{"type": "flatten"}, null]}}}""",
        "spec.model.layers[1]", "empty")]
    [InlineData("""{"experiment": "e",}""", "body", "line 1, byte")]
    [InlineData("""{"experiment": "e"} x""", "body", "line 1, byte")]
    [InlineData("""{"experiment": "\ud800"}""", "experiment", "text")]
    [InlineData("/* why */ {}", "body", "line 1, byte")]
    [InlineData("""{"spec": {"seed": NaN}}""", "spec.seed", "line 1, byte")]
    [InlineData("""{"spec": {"model": {"kind": "layers", "layers": [{"stride": 1}]}, "seed": NaN}}""", "body", "line 1, byte")]
    public async Task Json_ThatIsNone_Is400WithThePlace(string json, string field, string word)
    {
        await using var app = new HubApp();
        var (response, body) = await app.PostAsync("/api/v1/runs", json);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var error = Assert.Single(body!["errors"]!.AsObject());
        Assert.Contains(word, error.Value![0]!.GetValue<string>());
        Assert.Equal(field, error.Key);
    }

    [Theory]
    [InlineData("""{"experiment": 3}""", "experiment", "a text is expected")]
    [InlineData("""{"name": ["a"]}""", "name", "a text is expected")]
    [InlineData("""{"spec": {"epochs": 1.5}}""", "spec.epochs", "a whole number is expected")]
    [InlineData("""{"spec": {"epochs": "5"}}""", "spec.epochs", "a whole number is expected")]
    [InlineData("""{"spec": {"epochs": 99999999999}}""", "spec.epochs", "a whole number is expected")]
    [InlineData("""{"spec": {"seed": {}}}""", "spec.seed", "a whole number is expected")]
    [InlineData("""{"spec": {"optimizer": {"learningRate": "fast"}}}""", "spec.optimizer.learningRate", "a number is expected")]
    [InlineData("""{"spec": {"deterministic": 1}}""", "spec.deterministic", "true or false is expected")]
    [InlineData("""{"spec": {"epochs": null}}""", "spec.epochs", "not null")]
    [InlineData("""{"spec": null}""", "spec", "not null")]
    [InlineData("""{"spec": {"model": {"hiddenSizes": 3}}}""", "spec.model.hiddenSizes", "a list is expected")]
    [InlineData("""{"spec": {"model": {"hiddenSizes": [3, "x"]}}}""", "spec.model.hiddenSizes[1]", "a whole number is expected")]
    [InlineData("""{"spec": {"model": "mlp"}}""", "spec.model", "an object is expected")]
    [InlineData("""{"spec": {"model": {"layers": [{"type": "linear", "outFeatures": true}]}}}""", "spec.model.layers[0].outFeatures",
        "a whole number is expected")]
    [InlineData("""{"spec": {"model": {"layers": [{"type": "linear", "units": 3}]}}}""", "spec.model.layers[0].units", "There is no such field")]
    [InlineData("""{"spec": {"model": {"depth": 3}}}""", "spec.model.depth", "There is no such field")]
    [InlineData("""{"spec": {"could not be mapped null System.Int32": 3}}""", "spec.could not be mapped null System.Int32", "There is no such field")]
    [InlineData("[]", "body", "an object is expected")]
    [InlineData("3", "body", "an object is expected")]
    public async Task Json_OfAnotherShape_Is400WithThePlaceAndWhatIsExpected(string json, string field, string expected)
    {
        await using var app = new HubApp();
        var (response, body) = await app.PostAsync("/api/v1/runs", json);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var error = Assert.Single(body!["errors"]!.AsObject());
        Assert.Equal(field, error.Key);
        Assert.Contains(expected, error.Value![0]!.GetValue<string>());
    }

    [Fact]
    public async Task Json_NestedDeeply_Is400()
    {
        await using var app = new HubApp();
        var (response, body) = await app.PostAsync("/api/v1/runs", string.Concat(Enumerable.Repeat("""{"spec":[""", 2_000)));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("nested too deeply", Assert.Single(body!["errors"]!.AsObject()).Value![0]!.GetValue<string>());
    }

    [Fact]
    public async Task Json_Utf16_Is400ThatSaysSo()
    {
        await using var app = new HubApp();
        foreach (var encoding in (Encoding[])[Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32])
        {
            foreach (var bytes in (byte[][])[encoding.GetBytes(Start), [.. encoding.Preamble, .. encoding.GetBytes(Start)]])
            {
                var (status, problem) = await SendAsync(app, HttpMethod.Post, "/api/v1/runs", bytes, "application/json");
                Assert.Equal(HttpStatusCode.BadRequest, status);
                Assert.Contains("UTF-16", problem!["errors"]!["body"]![0]!.GetValue<string>());
            }
        }

        Assert.Equal(HttpStatusCode.Accepted,
            (await SendAsync(app, HttpMethod.Post, "/api/v1/runs", [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Start)],
                "application/json")).Status);
    }

    [Fact]
    public async Task Json_AtAndBeyondItsLimit_IsReadAndRefused()
    {
        await using var app = new HubApp();
        var fits = Encoding.UTF8.GetBytes(Start.PadRight(Limits.JsonBody));
        Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(app, HttpMethod.Post, "/api/v1/runs", fits, "application/json")).Status);
        foreach (var chunked in (bool[])[false, true])
        {
            var (status, problem) = await SendAsync(app, HttpMethod.Post, "/api/v1/runs", [.. fits, (byte)' '], "application/json",
                request => request.Headers.TransferEncodingChunked = chunked);
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
            Assert.Contains("4.0 MiB", problem!["detail"]!.GetValue<string>());
        }
    }

    [Theory]
    [InlineData("notes", """{"notes": "kept"}""")]
    [InlineData("tags/kept", """{"value": "kept"}""")]
    public async Task Put_ChunkedWithoutAType_IsRefusedAndChangesNothing(string what, string json)
    {
        await using var app = new HubApp();
        using var http = app.Serve();
        using var started = await http.PostAsJsonAsync("/api/v1/runs", new { experiment = "e" });
        var run = started.Headers.Location!.ToString();
        using var first = await http.PutAsync($"{run}/{what}", new StringContent(json, Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Put,
            $"{run}/{what}")
        { Content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"value": "other"}""")) };
        request.Headers.TransferEncodingChunked = true;
        using var response = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        var read = await http.GetFromJsonAsync<JsonNode>(run);
        Assert.Equal("kept", (what == "notes" ? read!["notes"] : read!["tags"]!["kept"])!.GetValue<string>());
    }

    private static async Task<(HttpStatusCode Status, JsonNode? Body)> SendAsync(
        HubApp app, HttpMethod method, string path, byte[] body, string? type, Action<HttpRequestMessage>? change = null)
    {
        using var client = app.CreateClient();
        using var request = new HttpRequestMessage(method, path) { Content = new ByteArrayContent(body) };
        if (type is not null)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        change?.Invoke(request);
        using var response = await client.SendAsync(request);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync()));
    }
}
