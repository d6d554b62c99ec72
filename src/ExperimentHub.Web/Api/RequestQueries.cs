using System.Data.Common;
using ExperimentHub.Tracking.Queries;

namespace ExperimentHub.Web.Api;

/// <summary>A query ends with the request that asked it.</summary>
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
}
