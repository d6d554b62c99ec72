using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Api;

/// <summary>An answer that people edit, as JSON with its entity tag; nothing is sent to a reader who has the same already.</summary>
/// <param name="version">Of the edits of what is answered.</param>
internal sealed class EditedAnswer<T>(T resource, int version, int status = StatusCodes.Status200OK, string? location = null) : IResult
{
    public async Task ExecuteAsync(HttpContext http)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(resource,
            http.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions);
        var tag = new EntityTagHeaderValue(EditTag.Of(version, Convert.ToHexStringLower(SHA256.HashData(body))[..16]));
        http.Response.Headers.ETag = tag.ToString();
        http.Response.Headers.CacheControl = "private, no-cache";
        if (location is not null)
            http.Response.Headers.Location = location;
        var reads = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        if (reads && http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false)))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json; charset=utf-8";
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}

internal static class EditedAnswer
{
    public static IResult Of<T>(T resource, int version, int status = StatusCodes.Status200OK, string? location = null) =>
        new EditedAnswer<T>(resource, version, status, location);

    /// <summary>Somebody changed the same thing meanwhile: the caller decides anew, with what is there now.</summary>
    /// <param name="what">Begins the sentence, as "The notes".</param>
    /// <param name="version">The newest, for the next If-Match; null where there is nothing any more.</param>
    /// <param name="current">What is there now; null where there is nothing.</param>
    public static IResult Changed(string what, int? version, object? current) => Results.Problem(
        $"{what} changed after the version that the request began from, so nothing was written. Compare with \"current\", and send the request "
            + "again with \"etag\" as If-Match.",
        statusCode: StatusCodes.Status412PreconditionFailed, title: "Changed meanwhile",
        extensions: new Dictionary<string, object?>
        {
            ["version"] = version, ["etag"] = version is { } known ? EditTag.Of(known) : null,
            ["current"] = current
        });
}
