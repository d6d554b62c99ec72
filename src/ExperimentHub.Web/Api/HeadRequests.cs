using Microsoft.AspNetCore.Http.HttpResults;

namespace ExperimentHub.Web.Api;

/// <summary>
/// HEAD wherever GET is: the same status and headers without the body. The server sends no body whatever is written; what would be long work for
/// nobody is not done.
/// </summary>
internal static class HeadRequests
{
    /// <summary>Lets all endpoints that answer GET answer HEAD.</summary>
    public static void AnswerHead(this IEndpointConventionBuilder endpoints) => endpoints.Finally(endpoint =>
    {
        for (var i = 0; i < endpoint.Metadata.Count; i++)
        {
            if (endpoint.Metadata[i] is IHttpMethodMetadata allowed && allowed.HttpMethods.Contains(HttpMethods.Get)
                && !allowed.HttpMethods.Contains(HttpMethods.Head))
                endpoint.Metadata[i] = new HttpMethodMetadata([.. allowed.HttpMethods, HttpMethods.Head], allowed.AcceptCorsPreflight);
        }
    });

    /// <summary>For endpoints of the API: an answer that is written piece by piece is not begun for a HEAD.</summary>
    public static async ValueTask<object?> LeaveOutTheBodyAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var answer = await next(context);
        if (!HttpMethods.IsHead(context.HttpContext.Request.Method))
            return answer;
        return answer switch
        {
            PushStreamHttpResult stream => new HeadersOnly(stream.ContentType),
            RazorComponentResult page => new HeadersOnly(page.ContentType),
            not null when answer.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ServerSentEventsResult<>) =>
                new HeadersOnly("text/event-stream"),
            _ => answer,
        };
    }

    private sealed class HeadersOnly(string? contentType) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.ContentType = contentType;
            return Task.CompletedTask;
        }
    }
}
