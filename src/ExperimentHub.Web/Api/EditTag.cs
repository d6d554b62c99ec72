using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Api;

/// <summary>
/// The entity tags of what people edit: <c>"v17-3f2a..."</c>, the version and a hash of the answer. The version counts edits only, so that a caller
/// who read a run while it trains can still write its notes with the tag that it got; the hash changes with every byte, as a strong tag must.
/// </summary>
internal static class EditTag
{
    /// <summary>No version is that old: whatever is there is newer.</summary>
    private const int Unknown = -1;

    /// <summary>Newer than any: whatever is there will do, but something must be.</summary>
    private const int Whatever = int.MaxValue;

    public static string Of(int version, string? hash = null) =>
        string.Create(CultureInfo.InvariantCulture, $"\"v{version}{(hash is null ? "" : $"-{hash}")}\"");

    /// <summary>The version that an edit began from, as its If-Match says; null where the caller does not mind what is there.</summary>
    public static int? BegunFrom(HttpRequest request)
    {
        if (!request.Headers.ContainsKey(HeaderNames.IfMatch))
            return null;
        var tags = request.GetTypedHeaders().IfMatch;
        if (tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any)))
            return Whatever;
        // A weak tag matches nothing here (RFC 9110, 13.1.1), and neither does what is none of ours.
        return tags.Where(tag => !tag.IsWeak).Select(tag => VersionOf(tag.Tag.AsSpan().Trim('"'))).DefaultIfEmpty(Unknown).Max();
    }

    /// <summary>It is to be made only where there is none: <c>If-None-Match: *</c>.</summary>
    public static bool OnlyNew(HttpRequest request) => request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Equals(EntityTagHeaderValue.Any));

    private static int VersionOf(ReadOnlySpan<char> tag)
    {
        if (tag is not ['v', .. var rest])
            return Unknown;
        var dash = rest.IndexOf('-');
        return int.TryParse(dash < 0 ? rest : rest[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : Unknown;
    }
}
