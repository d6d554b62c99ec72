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

    public static IResult WrongType(string title, string message) =>
        Results.Problem(message, statusCode: StatusCodes.Status415UnsupportedMediaType, title: title);

    /// <summary>For endpoints that take a body: it is read as it is, so one that was compressed on the way is refused in words.</summary>
    public static ValueTask<object?> RefuseEncodedBodyAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (context.HttpContext.Request.Headers.ContentEncoding.ToString() is not { Length: > 0 } coding
            || coding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return next(context);
        context.HttpContext.Response.Headers.AcceptEncoding = "identity";
        return ValueTask.FromResult<object?>(WrongType("Compressed request",
            "The body is compressed (Content-Encoding), which is not read here. Send it as it is, without Content-Encoding."));
    }
}
