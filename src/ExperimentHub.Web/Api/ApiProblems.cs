using System.Globalization;
using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Search;

namespace ExperimentHub.Web.Api;

/// <summary>The API's errors: problem details (RFC 9457) that name the field and say what is allowed.</summary>
internal static class ApiProblems
{
    public static IResult Invalid(IEnumerable<SpecProblem> problems) => Results.ValidationProblem(
        problems.GroupBy(problem => problem.Field).ToDictionary(field => field.Key, field => field.Select(problem => problem.Message).ToArray()),
        title: "The request has fields that cannot be accepted.");

    public static IResult Invalid(string field, string message) => Invalid([new SpecProblem(field, message)]);

    /// <summary>Points at the characters: <c>problems</c> says for each what was found where, and what may stand there.</summary>
    public static IResult Invalid(IReadOnlyList<SearchProblem> problems) => Results.ValidationProblem(
        problems.GroupBy(problem => problem.Field).ToDictionary(field => field.Key, field => field.Select(problem => problem.Message).ToArray()),
        title: "The search cannot be understood.", extensions: new Dictionary<string, object?> { ["problems"] = problems });

    public static IResult NoSuchRun(string id) => new MissingRun(id);

    public static IResult NoSuchExperiment(string id) => new MissingExperiment(id);

    public static IResult NoBody() => Invalid("body", "The body must be a JSON object such as {\"experiment\": \"tutorial\", \"spec\": {}}.");

    public static IResult TooLarge(long most) =>
        Results.Problem($"The body may have at most {Figures.Size(most)}.", statusCode: StatusCodes.Status413PayloadTooLarge, title: "Too large");

    public static IResult WrongType(string title, string message) => Results.Problem(message, statusCode: StatusCodes.Status415UnsupportedMediaType, title: title);

    /// <summary>For endpoints that take a body: it is read as it is, so one that was compressed on the way is refused in words.</summary>
    public static ValueTask<object?> RefuseEncodedBodyAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (context.HttpContext.Request.Headers.ContentEncoding.ToString() is not { Length: > 0 } coding || coding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return next(context);
        context.HttpContext.Response.Headers.AcceptEncoding = "identity";
        return ValueTask.FromResult<object?>(WrongType("Compressed request", "The body is compressed (Content-Encoding), which is not read here. Send it as it is, without Content-Encoding."));
    }

    /// <summary>Says in the API's words what the JSON reader found: which field, and what belongs there.</summary>
    public static IResult Unreadable(JsonException e)
    {
        var field = (e.Path ?? "").TrimStart('$').TrimStart('.');
        return Invalid(field.Length == 0 ? "body" : field, UnknownField(e) ? "There is no such field." : $"The value cannot be read: {Expected(e)}.");
    }

    private static bool UnknownField(JsonException e) => e.Message.Contains("could not be mapped", StringComparison.Ordinal);

    private static string Expected(JsonException e) =>
        e.Message.Contains("Duplicate property", StringComparison.Ordinal) ? "the same field is there twice"
        : e.Message.Contains("depth", StringComparison.Ordinal) ? "it is nested too deeply"
        : e.Message.Contains("System.Int", StringComparison.Ordinal) ? "a whole number is expected"
        : e.Message.Contains("System.Double", StringComparison.Ordinal) ? "a number is expected"
        : e.Message.Contains("System.String", StringComparison.Ordinal) ? "a text is expected"
        : e.Message.Contains("System.Boolean", StringComparison.Ordinal) ? "true or false is expected"
        : e.Message.Contains("DateTime", StringComparison.Ordinal) ? "a time as in ISO 8601 is expected"
        : e.Message.Contains("null", StringComparison.Ordinal) ? "it may be left out, but not null"
        : e.Message.Contains("Collections", StringComparison.Ordinal) ? "a list is expected"
        : e.Message.Contains("could not be converted", StringComparison.Ordinal) ? "an object is expected"
        : string.Create(CultureInfo.InvariantCulture, $"it is not JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1})");
}
