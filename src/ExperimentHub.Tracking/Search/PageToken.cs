using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ExperimentHub.Tracking.Search;

/// <summary>
/// The place where a page ended, as a text that means nothing to whoever holds it. It names the search that it belongs to: with another one it would
/// answer with runs that are no continuation of anything.
/// </summary>
public static class PageToken
{
    /// <summary>What to say about a text that no page ended with.</summary>
    public const string NoToken = "This is no page token. Use the nextPageToken of the page before, or leave it out for the first page.";

    private sealed record Content(string Search, long Run, string?[] Values);

    internal static string Write(RunQuery query, PageEnd end) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(
        new Content(NameOf(query), end.Run, [.. end.Values.Select(Text)])));

    /// <returns>The place, or what is wrong with the token.</returns>
    internal static (PageEnd? End, SearchProblem? Problem) Read(string token, RunQuery query, int keys)
    {
        Content? content = null;
        try
        {
            content = JsonSerializer.Deserialize<Content>(Base64Url.DecodeFromChars(token));
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Said below: it is no token of ours.
        }

        if (content?.Values is null)
            return Refused(NoToken);
        if (content.Search != NameOf(query) || content.Values.Length != keys)
            return Refused("This page token belongs to another filter or order. Leave it out to begin anew with the first page.");
        var values = content.Values.Select(Value).ToList();
        return values.Contains(Unreadable)
            ? Refused("This page token is damaged. Leave it out to begin anew with the first page.") : (new PageEnd(values, content.Run), null);

        (PageEnd?, SearchProblem?) Refused(string message) =>
            (null, new SearchProblem("pageToken", 0, token.Length, message, token, ["the nextPageToken of the page before"]));
    }

    private static readonly object Unreadable = new();

    private static string NameOf(RunQuery query) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(query))))[..16];

    private static string? Text(object? value) => value switch
    {
        null => null,
        double number => $"n{number.ToString("R", CultureInfo.InvariantCulture)}",
        long number => $"i{number.ToString(CultureInfo.InvariantCulture)}",
        DateTime time => $"t{time.ToString("O", CultureInfo.InvariantCulture)}",
        _ => $"s{value}",
    };

    private static object? Value(string? text) => text switch
    {
        null => null,
        ['n', ..] when double.TryParse(text.AsSpan(1), CultureInfo.InvariantCulture, out var number) => number,
        ['i', ..] when long.TryParse(text.AsSpan(1), CultureInfo.InvariantCulture, out var number) => number,
        ['t', ..] when DateTime.TryParse(text.AsSpan(1), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time) => time,
        ['s', ..] => text[1..],
        _ => Unreadable,
    };
}
