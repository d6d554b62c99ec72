using System.Text.Json;

namespace ExperimentHub.Web.Api;

/// <summary>Reads what a program sent.</summary>
internal static class ApiBody
{
    /// <returns>The body, or the answer that says what is wrong with it.</returns>
    public static async Task<(T? Body, IResult? Refused)> ReadAsync<T>(HttpRequest request, CancellationToken cancellation)
        where T : class
    {
        // Also keeps a page elsewhere from sending JSON as text/plain, which browsers allow without asking.
        if (!request.HasJsonContentType())
            return (null, Results.Problem("Send the request as application/json.", statusCode: StatusCodes.Status415UnsupportedMediaType, title: "Not JSON"));
        try
        {
            return await request.ReadFromJsonAsync<T>(ApiSetup.StrictJson, cancellation) is { } body
                ? (body, null)
                : (null, ApiProblems.Invalid("body", "The body must be a JSON object, not null."));
        }
        catch (JsonException e)
        {
            return (null, ApiProblems.Unreadable(e));
        }
    }
}
