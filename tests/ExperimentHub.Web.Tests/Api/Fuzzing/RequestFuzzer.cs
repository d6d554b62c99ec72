using System.Text.Json.Nodes;

namespace ExperimentHub.Web.Tests.Api.Fuzzing;

/// <summary>Makes requests to operations: paths, queries, headers and bodies, each right or wrong by chance.</summary>
internal sealed class RequestFuzzer
{
    private static readonly string[] Junk =
    [
        "", " ", "0", "-1", "1", "2147483648", "9223372036854775808", "1e400", "NaN", "true", "nonsense", "019309c5e6f77c3d8f2a000000000000", "..",
        "a/../../b", "a%2Fb", "%", "%zz", "%ED%A0%80", "a\nb:1",
        "'", "\"", "a,b,,c", ":", ",", "=", "Größe", "日本語", "👩‍👩‍👧‍👦", "\u0301", "\u202e", "\ufeff", "<b>", "*", "train_loss:5,test_loss:x",
        "metrics.test_accuracy > ", "name like '%%%%a%%%%'", "((((((", "x = 'y",
    ];

    private static readonly (string Name, string[] Values)[] Headers =
    [
        ("Range", ["bytes=0-0", "bytes=0-1,3-4", "bytes=-1", "bytes=9999999999-", "bytes=5-1", "lines=1-2", "bytes=x", "bytes="]),
        ("If-None-Match", ["*", "\"x\"", "W/\"x\"", "x", "\"a\", \"b\"", ""]),
        ("If-Match", ["*", "\"x\"", "W/\"1\"", "x", "\"1\""]),
        ("If-Range", ["\"x\"", "Tue, 01 Jan 2030 00:00:00 GMT", "x"]),
        ("If-Modified-Since", ["Tue, 01 Jan 2030 00:00:00 GMT", "x", "Mon, 01 Jan 0001 00:00:00 GMT"]),
        ("Accept", ["text/csv", "application/vnd.experimenthub.series", "image/*;q=2", ",,,", "*/*;q=0", "x"]),
        ("Content-Encoding", ["gzip", "br", "identity", "zstd, x"]),
        ("Last-Event-ID", ["train_loss:3", "x", "a:99999999999999999999", ":"]),
        ("Idempotency-Key", ["", "k", "Schlüssel", "x:y"]),
    ];

    private static readonly string[] Types =
    [
        "application/json", "application/json; charset=utf-8", "application/json; charset=\"utf-8\"", "application/json; charset=utf8",
        "application/json; charset=\"\"", "application/json; charset=",
        "application/json; charset=utf-16", "application/json; charset=x-unknown", "application/problem+json", "text/plain",
        "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "x", ";",
    ];

    private readonly Random _random;
    private readonly JsonFuzzer _bodies;
    private readonly Dictionary<string, string[]> _known;
    private readonly List<string> _runs;

    /// <param name="runs">Ids of runs that are there; it may grow.</param>
    /// <param name="known">Values that mean something, by the name of the parameter or field.</param>
    public RequestFuzzer(Random random, JsonNode document, List<string> runs, Dictionary<string, string[]> known)
    {
        (_random, _runs, _known) = (random, runs, known);
        _bodies = new JsonFuzzer(random, document, GoodText);
    }

    public HttpRequestMessage Make(Operation operation)
    {
        var path = operation.PathParameters.Aggregate(operation.Path,
            (made, name) => made.Replace($"{{{name}}}", PathValue(operation, name), StringComparison.Ordinal));
        var query = operation.QueryParameters.Where(_ => _random.Next(2) == 0)
            .SelectMany(name => Enumerable.Repeat(name, _random.Next(15) == 0 ? 2 : 1))
            .Select(name => $"{name}={(_random.Next(20) == 0 ? Pick(["%", "%zz", "%ED%A0%80", "%00"]) : Uri.EscapeDataString(Text(name)))}");
        var request = new HttpRequestMessage(operation.Method, new Uri($"{path}?{string.Join('&', query)}", UriKind.Relative));
        foreach (var (name, values) in Headers.Where(_ => _random.Next(8) == 0))
            request.Headers.TryAddWithoutValidation(name, Pick(values));
        if (operation.Method == HttpMethod.Get || (operation.Body is null && _random.Next(4) > 0))
            return request;
        request.Content = new ByteArrayContent(_bodies.Body(operation.Body));
        if (_random.Next(10) > 0)
            request.Content.Headers.TryAddWithoutValidation("Content-Type", _random.Next(2) == 0 ? "application/json" : Pick(Types));
        request.Headers.TransferEncodingChunked = _random.Next(4) == 0;
        return request;
    }

    private string PathValue(Operation operation, string name)
    {
        var good = name == "id" && !operation.Path.Contains("/runs/", StringComparison.Ordinal) ? "1" : GoodText(name);
        // What has no meaning in a path at all, and a NUL that the server refuses by itself, are not the API's to answer.
        return _random.Next(4) > 0 ? Uri.EscapeDataString(good) : Pick(Junk) is var junk && junk is "" or ".." ? "x" : Uri.EscapeDataString(junk);
    }

    private string Text(string name) =>
        _random.Next(3) > 0 ? GoodText(name) : _random.Next(12) == 0 ? new string('x', _random.Next(7_000)) : Pick(Junk);

    private string GoodText(string name) =>
        _known.TryGetValue(name, out var values) ? Pick(values)
        : name is "id" or "ids" or "run" or "runs" or "baseline" or "before" && _runs.Count > 0 ? _runs[_random.Next(_runs.Count)]
        : Pick(Junk).Replace("\"", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);

    private string Pick(string[] all) => all[_random.Next(all.Length)];
}
