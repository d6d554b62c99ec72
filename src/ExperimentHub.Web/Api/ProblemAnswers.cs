using System.Net.Mime;
using ExperimentHub.Tracking.Queries;
using ExperimentHub.Web.Security;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.WebUtilities;

namespace ExperimentHub.Web.Api;

/// <summary>
/// No answer that refuses is empty: what has a status and nothing else (no such address, wrong method, no such range) and what ended in an exception
/// get problem details. A person who looks for a page gets a page.
/// </summary>
internal static class ProblemAnswers
{
    public static void UseProblemAnswers(this IApplicationBuilder app)
    {
        app.Use(async (context, next) =>
        {
            await next(context);
            if (IsBare(context.Response) && !context.RequestAborted.IsCancellationRequested && !PagesSetup.IsPage(context))
                await OfStatus(context).ExecuteAsync(context);
        });
        // A caller who left is noted quietly by the framework; one who sent what cannot be read is no fault of the hub's.
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => OfFailure(context).ExecuteAsync(context),
            SuppressDiagnosticsCallback = failure => failure.Exception is BadHttpRequestException or QueryTooLongException,
        });
    }

    // A range that is not there leaves the file's type and a length of 0 behind.
    private static bool IsBare(HttpResponse response) =>
        response is { HasStarted: false, StatusCode: >= 400 and < 600, ContentLength: null or 0 }
        && (string.IsNullOrEmpty(response.ContentType) || response.StatusCode == StatusCodes.Status416RangeNotSatisfiable);

    private static IResult OfStatus(HttpContext context)
    {
        var status = context.Response.StatusCode;
        context.Response.ContentLength = null;
        return Results.Problem(status switch
        {
            StatusCodes.Status404NotFound => "There is nothing at this address; /openapi/v1.json describes the API.",
            StatusCodes.Status405MethodNotAllowed =>
                $"This address does not take {context.Request.Method}. It takes {context.Response.Headers.Allow}.",
            StatusCodes.Status413PayloadTooLarge => "The request is larger than is accepted here.",
            StatusCodes.Status415UnsupportedMediaType =>
                "This address does not take a body of this type. JSON is sent as application/json; /openapi/v1.json says what else is taken where.",
            StatusCodes.Status416RangeNotSatisfiable => $"There is no such range: {context.Response.Headers.ContentRange} says how long the file is.",
            >= 500 => "The hub cannot answer this; its log says why.",
            _ => "The request cannot be answered as it is; /openapi/v1.json describes the API.",
        }, statusCode: status, title: ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } reason ? reason : "Refused");
    }

    private static IResult OfFailure(HttpContext context) => context.Features.Get<IExceptionHandlerFeature>()?.Error switch
    {
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => Results.Problem(
            "The request is larger than is accepted here.", statusCode: StatusCodes.Status413PayloadTooLarge, title: "Too large"),
        BadHttpRequestException bad =>
            Results.Problem($"The request cannot be read: {bad.Message}", statusCode: bad.StatusCode, title: "The request cannot be read"),
        QueryTooLongException late => TooLong(context, late),
        _ when PagesSetup.IsPage(context) =>
            Results.Content(FailedPage, MediaTypeNames.Text.Html, statusCode: StatusCodes.Status500InternalServerError),
        _ => Results.Problem("Something went wrong in the hub; its log says what. Nothing is wrong with the request.",
            statusCode: StatusCodes.Status500InternalServerError, title: "A fault of the hub"),
    };

    private static IResult TooLong(HttpContext context, QueryTooLongException late)
    {
        ConnectionLimits.AskToComeBack(context);
        return Results.Problem(late.Message, statusCode: StatusCodes.Status503ServiceUnavailable, title: "The search took too long");
    }

    private const string FailedPage = """
        <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>ExperimentHub</title></head><body>
        <h1>This page could not be shown</h1><p>Something went wrong in the hub; its log says what. Reload the page, or go to the <a href="/">overview</a>.</p></body></html>
        """;
}
