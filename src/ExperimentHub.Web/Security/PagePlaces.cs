namespace ExperimentHub.Web.Security;

/// <summary>Counts the pages' connections, and says so instead of a page while there is no place for one.</summary>
internal static class PagePlaces
{
    private const string Circuits = "/_blazor";

    /// <summary>Whatever else a client may be: one that only connects costs a few kilobytes.</summary>
    private const int MaxConnections = 2_000;

    /// <summary>Shown where a page has no place; it asks again by itself.</summary>
    private const string FullPage = "full.html";

    public static IServiceCollection AddPagePlaces(this IServiceCollection services, ConnectionLimitOptions options)
    {
        services.AddSingleton(new ConnectionLimits(options));
        services.Configure<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>(kestrel =>
            kestrel.Limits.MaxConcurrentConnections = MaxConnections);
        return services;
    }

    public static IApplicationBuilder UsePagePlaces(this IApplicationBuilder app)
    {
        var limits = app.ApplicationServices.GetRequiredService<ConnectionLimits>();
        var files = app.ApplicationServices.GetRequiredService<IWebHostEnvironment>();
        // Otherwise nobody knows yet which request wants to be a web socket.
        app.UseWebSockets();
        return app.Use(async (context, next) =>
        {
            if (context.Request.Path.StartsWithSegments(Circuits, StringComparison.Ordinal))
            {
                await ConnectAsync(limits, context, next);
                return;
            }

            if (!PagesSetup.IsPage(context) || !limits.PagesAreFull(context))
            {
                await next(context);
                return;
            }

            ConnectionLimits.AskToComeBack(context);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.ContentType = "text/html; charset=utf-8";
            await context.Response.SendFileAsync(files.WebRootFileProvider.GetFileInfo(FullPage), context.RequestAborted);
        });
    }

    private static async Task ConnectAsync(ConnectionLimits limits, HttpContext context, RequestDelegate next)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            // The other transports are many short requests, which nobody could count; every browser has web sockets.
            if (context.Request.Query.ContainsKey("id") && context.Request.Path == Circuits)
                await Results.Problem("A page's connection is a web socket.", statusCode: StatusCodes.Status400BadRequest, title: "Not a web socket")
                    .ExecuteAsync(context);
            else
                await next(context);
            return;
        }

        using var place = limits.TakePage(context);
        if (place is not null)
        {
            await next(context);
            return;
        }

        ConnectionLimits.AskToComeBack(context);
        await Results.Problem("This hub has as many pages open as it keeps. Close some, and this one connects by itself.",
            statusCode: StatusCodes.Status503ServiceUnavailable, title: "Too many open pages").ExecuteAsync(context);
    }
}
