using System.Data.Common;
using ExperimentHub.Tracking.Queries;
using Microsoft.AspNetCore.Diagnostics;

namespace ExperimentHub.Web.Api;

/// <summary>A query ends with the request that asked it, and one that takes too long is answered in words.</summary>
internal static class RequestQueries
{
    /// <summary>Only where nothing is written: an interrupted write would be undone although its caller may believe in it.</summary>
    public static IApplicationBuilder UseRequestQueries(this IApplicationBuilder app) => app.UseWhen(
        context => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method),
        branch => branch.Use(async (context, next) =>
        {
            var gone = context.RequestAborted;
            using var watch = QueryWatch.Begin(gone);
            try
            {
                await next(context);
            }
            catch (Exception e) when (e is DbException or OperationCanceledException && gone.IsCancellationRequested)
            {
                // Nobody reads an answer.
                if (!context.Response.HasStarted)
                    context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            }
        }));

    /// <summary>503 with problem details for a <see cref="QueryTooLongException"/>.</summary>
    public sealed class TooLong(IProblemDetailsService problems) : IExceptionHandler
    {
        private const string WhenToTryAgain = "10";

        public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
        {
            if (exception is not QueryTooLongException)
                return false;
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = WhenToTryAgain;
            return await problems.TryWriteAsync(new ProblemDetailsContext
            {
                HttpContext = context,
                ProblemDetails = { Status = StatusCodes.Status503ServiceUnavailable, Title = "The search took too long", Detail = exception.Message },
            });
        }
    }
}
