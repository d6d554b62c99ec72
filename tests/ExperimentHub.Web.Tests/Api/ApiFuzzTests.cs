using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ExperimentHub.TestHub;
using ExperimentHub.Web.Tests.Api.Fuzzing;

namespace ExperimentHub.Web.Tests.Api;

/// <summary>
/// Every operation that the API describes gets requests that are right, half right and wrong, from the real server. None may end in a fault of the
/// hub, every refusal says why, and HEAD is GET without its body. One seed is fixed, so that a change is judged by the same requests; the other is
/// new each time, and is printed.
/// </summary>
public sealed class ApiFuzzTests(ITestOutputHelper output)
{
    private const int RequestsOfAnOperation = 16;
    private const int MostTold = 20;

    private static readonly Dictionary<string, string[]> Known = new()
    {
        ["experiment"] = ["e", "f"],
        ["name"] = ["a", "team/owner", "a view"],
        ["epoch"] = ["1", "2", "best", "last"],
        ["key"] = ["mnist", "fashion-mnist", "own"],
        ["filter"] = ["", "metrics.test_accuracy > 0.5", "params.epochs = 5 and tags.a is not null", "name like '%a%'"],
        ["orderBy"] = ["created desc", "metrics.test_accuracy desc, name"],
        ["columns"] = ["metrics.test_accuracy,params.epochs", "name", "3"],
        ["groupBy"] = ["params.epochs", "status"],
        ["metric"] = ["best(metrics.test_accuracy)", "metrics.train_loss"],
        ["metrics"] = ["train_loss", "train_loss,test_accuracy"],
        ["pageSize"] = ["1", "50", "500"],
        ["buckets"] = ["10", "1000"],
        ["from"] = ["0", "5"],
        ["to"] = ["100", "0"],
        ["format"] = ["json", "csv", "binary"],
        ["status"] = ["running", "queued"],
        ["model"] = ["simple-nn"],
        ["kind"] = ["simple-nn", "sgd", "adam", "layers", "mlp"],
        ["dataset"] = ["mnist"],
        ["device"] = ["cpu", "auto"],
        ["type"] = ["flatten", "linear", "conv"],
        ["action"] = ["tag", "untag", "archive", "unarchive", "stop", "delete"],
        ["tag"] = ["a"],
        ["split"] = ["train", "test"],
        ["indexes"] = ["0", "0,1,2"],
        ["notes"] = ["# Why"],
    };

    [Theory]
    [InlineData(11)]
    [InlineData(null)]
    public async Task EveryOperation_AnyRequest_IsAnsweredOrRefusedInWords(int? fixedSeed)
    {
        var seed = fixedSeed ?? TestSeed.Take(output.WriteLine);
        await using var app = new HubApp($"{FakeTrainer.SayStarted}; {FakeTrainer.SaveCheckpoint(1, 1)}; read -r stop");
        using var http = app.Serve();
        var document = JsonNode.Parse(await http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)))!;
        var runs = new List<string>();
        var fuzzer = new RequestFuzzer(new Random(seed), document, runs, Known);
        var faults = new List<string>();
        foreach (var operation in Operation.Of(document))
        {
            for (var i = 0; i < RequestsOfAnOperation; i++)
            {
                if (i % 8 == 0)
                    runs.Add(await StartRunAsync(http));
                using var request = fuzzer.Make(operation);
                var place =
                    $"seed {seed}, request {i + 1} of {operation}: {request.Method} {request.RequestUri} {request.Headers} {request.Content?.Headers} "
                    + (request.Content is null ? "" : Encoding.UTF8.GetString(await request.Content.ReadAsByteArrayAsync()));
                var (answer, fault) = await SendAsync(http, request);
                if (request.Method == HttpMethod.Get)
                    fault ??= await HeadFaultAsync(http, request, answer);
                if (fault is not null)
                    faults.Add($"{fault} from {place}");
            }
        }

        Assert.True(faults.Count == 0, $"{faults.Count} faults, such as:\n{string.Join("\n\n", faults.Take(MostTold))}");
    }

    private static async Task<string> StartRunAsync(HttpClient http)
    {
        using var body = new StringContent("""{"experiment": "e"}""", new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        using var response = await http.PostAsync(new Uri("/api/v1/runs", UriKind.Relative), body);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!["id"]!.GetValue<string>();
    }

    /// <returns>The answer, and what is wrong with it.</returns>
    private static async Task<(Answer Answer, string? Fault)> SendAsync(HttpClient http, HttpRequestMessage request)
    {
        // A stream that goes on for ever is left after its headers, as viewers leave.
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var text = response.StatusCode >= HttpStatusCode.BadRequest ? await response.Content.ReadAsStringAsync() : "";
        var fault = response.StatusCode is >= HttpStatusCode.InternalServerError
            and not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.InsufficientStorage)
            || (response.StatusCode >= HttpStatusCode.BadRequest
                && !(response.Content.Headers.ContentType?.MediaType == "application/problem+json" && IsProblem(text, response.StatusCode)));
        return (Answer.Of(response), fault ? $"{(int)response.StatusCode} {response.Content.Headers.ContentType} {text}" : null);
    }

    private static bool IsProblem(string text, HttpStatusCode status) =>
        JsonNode.Parse(text) is { } problem && problem["title"]?.GetValue<string>() is { Length: > 0 }
            && problem["status"]?.GetValue<int>() == (int)status
        && (problem["detail"] ?? problem["errors"]) is not null;

    /// <summary>Runs start and end while they are asked for, so that a difference counts only where it stays.</summary>
    private static async Task<string?> HeadFaultAsync(HttpClient http, HttpRequestMessage get, Answer answer)
    {
        string? fault = null;
        for (var i = 0; i < 3; i++)
        {
            var head = await AnswerAsync(http, HttpMethod.Head, get);
            if (head == answer)
                return null;
            fault = $"HEAD {head}, GET {answer}";
            answer = await AnswerAsync(http, HttpMethod.Get, get);
        }

        return fault;
    }

    private static async Task<Answer> AnswerAsync(HttpClient http, HttpMethod method, HttpRequestMessage like)
    {
        using var request = new HttpRequestMessage(method, like.RequestUri);
        foreach (var (name, values) in like.Headers.NonValidated)
            request.Headers.TryAddWithoutValidation(name, values);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return Answer.Of(response);
    }

    private sealed record Answer(HttpStatusCode Status, string? Type, string? Tag)
    {
        public static Answer Of(HttpResponseMessage response) =>
            new(response.StatusCode, response.Content.Headers.ContentType?.ToString(), response.Headers.ETag?.Tag);
    }
}
