using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ExperimentHub.Protocol;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Api;

/// <summary>
/// Reads the JSON that a program sent. Every endpoint that takes a body takes it here, so that each says the same of the same mistake.
/// </summary>
internal static class ApiBody
{
    // ASCII is UTF-8.
    private static readonly string[] Utf8Names = ["utf-8", "utf8", "us-ascii", "ascii"];

    /// <returns>The body, or the answer that says what is wrong with it.</returns>
    public static async Task<(T? Body, IResult? Refused)> ReadAsync<T>(HttpRequest request, CancellationToken cancellation)
        where T : class
    {
        var (body, refused) = await ReadOptionalAsync<T>(request, cancellation);
        return body is null && refused is null ? (null, ApiProblems.NoBody()) : (body, refused);
    }

    /// <summary>The same where a body may be left out.</summary>
    /// <returns>Both are null where there is none: a body without a content type is one of an unknown type, and is refused rather than
    /// overlooked.</returns>
    public static async Task<(T? Body, IResult? Refused)> ReadOptionalAsync<T>(HttpRequest request, CancellationToken cancellation)
        where T : class
    {
        if (request.ContentLength > Limits.JsonBody || await BytesAsync(request.Body, cancellation) is not { } bytes)
            return (null, ApiProblems.TooLarge(Limits.JsonBody));
        if ((bytes.Length > 0 || request.ContentType is not null) && WrongType(request) is { } wrong)
            return (null, wrong);
        return bytes.Length == 0 ? (null, null) : Parse<T>(bytes);
    }

    /// <returns>null where there are more than the limit.</returns>
    private static async Task<ReadOnlyMemory<byte>?> BytesAsync(Stream body, CancellationToken cancellation)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[16 << 10];
        for (int read; (read = await body.ReadAsync(buffer, cancellation)) > 0;)
        {
            if (bytes.Length + read > Limits.JsonBody)
                return null;
            bytes.Write(buffer.AsSpan(0, read));
        }

        return bytes.GetBuffer().AsMemory(0, (int)bytes.Length);
    }

    private static IResult? WrongType(HttpRequest request)
    {
        // Also keeps a page elsewhere from sending JSON as text/plain, which browsers allow without asking.
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !(type.MediaType == "application/json" || type.Suffix == "json"))
            return ApiProblems.WrongType("Not JSON", "Send the request as application/json.");
        var charset = HeaderUtilities.RemoveQuotes(type.Charset);
        return charset.Length == 0 || Utf8Names.Contains(charset.ToString(), StringComparer.OrdinalIgnoreCase)
            ? null
            : ApiProblems.WrongType("Unknown charset", "JSON is read as UTF-8 here. Send it as UTF-8, and leave the charset out or say utf-8.");
    }

    private static (T? Body, IResult? Refused) Parse<T>(ReadOnlyMemory<byte> bytes)
        where T : class
    {
        var json = bytes.Span.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        // UTF-16 and UTF-32 of a text that begins as JSON does: their mark, or a zero beside its first character.
        if (json.Span is [0xFE, 0xFF, ..] or [0xFF, 0xFE, ..] or [0, ..] or [_, 0, ..])
            return (null, ApiProblems.Invalid("body", "The body must be UTF-8; this looks like UTF-16 or UTF-32."));
        if (!Utf8.IsValid(json.Span))
            return (null, ApiProblems.Invalid("body", "The body must be UTF-8, and some of its bytes are not."));
        try
        {
            return JsonSerializer.Deserialize<T>(json.Span, ApiSetup.StrictJson) is not { } body
                ? (null, ApiProblems.Invalid("body", "The body must be a JSON object, not null."))
                : JsonLists.EmptyEntry(json.Span) is { } empty
                    ? (null, ApiProblems.Invalid(empty, "This entry of a list is empty (null). Leave it out."))
                : (body, null);
        }
        // What has kinds and says none of them ends in the second, also where the text after it is no JSON; a name that is no text in the third.
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            return (null, ApiProblems.Invalid([JsonShape.Problem(json, ApiSetup.StrictJson.GetTypeInfo(typeof(T)), e)]));
        }
    }
}
