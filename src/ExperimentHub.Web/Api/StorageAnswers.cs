using System.Globalization;
using ExperimentHub.Tracking.Storage;

namespace ExperimentHub.Web.Api;

/// <summary>
/// Tells a program that the database or its disk does not take what it asked for now, and when to ask again. Nothing of it was done.
/// </summary>
internal static class StorageAnswers
{
    private const int RetryAfterSeconds = 5;

    public static void UseStorageAnswers(this WebApplication app) => app.Use(async (context, next) =>
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (!context.Response.HasStarted && context.Request.Path.StartsWithSegments("/api")
            && context.RequestServices.GetRequiredService<StorageWatch>().TroubleOf(e) is { } trouble)
        {
            var storage = context.RequestServices.GetRequiredService<StorageWatch>();
            storage.Note(e);
            context.Response.Headers.RetryAfter = RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
            await Refusal(storage.Outage ?? new StorageOutage(trouble, DateTime.UtcNow)).ExecuteAsync(context);
        }
    });

    private static IResult Refusal(StorageOutage outage) => Results.Problem(
        $"Nothing was done, because {outage.Reason}. {outage.Remedy} Then send the request again.",
        statusCode: StatusCodes.Status503ServiceUnavailable, title: "The hub cannot write now");
}
