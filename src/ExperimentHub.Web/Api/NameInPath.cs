using Microsoft.AspNetCore.Http.Features;

namespace ExperimentHub.Web.Api;

/// <summary>
/// Names at the end of an address. Routing decodes everything but %2F, so that afterwards nobody can tell a slash in a name from the text "%2F";
/// the request line still has both.
/// </summary>
internal static class NameInPath
{
    /// <summary>The name behind a part of the path, as the caller meant it.</summary>
    /// <param name="before">What comes before the name, such as <c>/views/</c>; nothing before that may contain it.</param>
    /// <param name="routed">What routing made of it.</param>
    public static string Of(HttpContext context, string before, string routed)
    {
        var path = (context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").Split('?')[0];
        return path.IndexOf(before, StringComparison.OrdinalIgnoreCase) is >= 0 and var at
            ? Uri.UnescapeDataString(path[(at + before.Length)..]) : routed;
    }
}
