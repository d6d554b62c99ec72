using ExperimentHub.Protocol;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Primitives;

namespace ExperimentHub.Web.Security;

/// <summary>
/// Keeps other web pages from driving a hub that has no sign-in, and from keeping it busy. A browser sends Origin and Sec-Fetch-Site by itself and a
/// page cannot forge them; a request with neither comes from a program, which may use the API but has no business on the Blazor circuit.
/// Host names are filtered before this (AllowedHosts), so a name that an attacker points at 127.0.0.1 gets no answer.
/// </summary>
internal static class HubSecurity
{
    private const string ContentPolicy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
        + "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>A host filter that lets everything through is replaced by the loopback names.</summary>
    public static IServiceCollection AddHubSecurity(this IServiceCollection services) => services
        .PostConfigure<HostFilteringOptions>(filter =>
        {
            if (filter.AllowedHosts.Count == 0 || filter.AllowedHosts.Contains("*"))
                filter.AllowedHosts = ["localhost", "127.0.0.1", "[::1]"];
        })
        .Configure<KestrelServerOptions>(kestrel => kestrel.Limits.MaxRequestLineSize = Limits.RequestLine)
        // The last factory is asked first, and this one leaves nothing to others. HTTP/3 would have sockets of its own.
        .AddSingleton<IConnectionListenerFactory, GuardedListeners>()
        .RemoveAll<IMultiplexedConnectionListenerFactory>()
        // Ours is stricter, and two headers would contradict each other.
        .Configure<AntiforgeryOptions>(antiforgery => antiforgery.SuppressXFrameOptionsHeader = true);

    public static IApplicationBuilder UseHubSecurity(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";

        if (Judge(context.Request) is { } refusal)
        {
            await Results.Problem(refusal, statusCode: StatusCodes.Status403Forbidden, title: "Request from another origin").ExecuteAsync(context);
            return;
        }

        await next(context);
    });

    /// <summary>
    /// Why a request is refused; null where it may pass. An answer that is withheld from a foreign page has still been worked for, and how long that
    /// took says something: so what a page elsewhere makes a browser ask in passing (pictures, scripts, fetches, frames, prefetches) is refused
    /// before anything is done. Links lead here as they do anywhere.
    /// </summary>
    private static string? Judge(HttpRequest request)
    {
        var circuit = request.Path.StartsWithSegments("/_blazor");
        var origin = request.Headers.Origin;
        var site = request.Headers["Sec-Fetch-Site"];
        if (StringValues.IsNullOrEmpty(origin) && StringValues.IsNullOrEmpty(site))
            return circuit ? "The page's connection is for browsers." : null;
        // "none" is a person typing an address, which never sends an unsafe request or opens a circuit from elsewhere.
        var own = (StringValues.IsNullOrEmpty(origin) || origin == $"{request.Scheme}://{request.Host}")
            && (StringValues.IsNullOrEmpty(site) || site == "same-origin" || site == "none");
        return own || (!circuit && IsLinkFollowed(request)) ? null : "This hub answers only to its own pages and to programs on this machine.";
    }

    /// <summary>A person comes here from another page, in a window of its own.</summary>
    private static bool IsLinkFollowed(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && request.Headers["Sec-Fetch-Mode"] == "navigate" && request.Headers["Sec-Fetch-Dest"] == "document"
        && StringValues.IsNullOrEmpty(request.Headers["Sec-Purpose"]) && StringValues.IsNullOrEmpty(request.Headers["Purpose"]);
}
