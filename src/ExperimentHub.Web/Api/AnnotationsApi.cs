using System.Text.Json;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Api;

/// <summary>The notes and tags of a run.</summary>
internal static class AnnotationsApi
{
    public static void MapAnnotations(this RouteGroupBuilder api)
    {
        api.MapPut("/runs/{id}/notes", WriteNotesAsync).WithName("WriteNotes").WithSummary("Replace a run's notes").WithDescription("notes: Markdown. Raw HTML in it is shown, not obeyed.")
            .Accepts<NotesRequest>("application/json").Produces<RunResource>().ProducesProblem(StatusCodes.Status404NotFound).ProducesValidationProblem();
        // A name may have slashes in it.
        api.MapPut("/runs/{id}/tags/{**name}", TagAsync).WithName("TagRun").WithSummary("Give a run a tag")
            .WithDescription("The name has 1 to 50 characters of any script. value: optional, as is the whole body. A tag of the same name gets the new value.")
            .Accepts<TagRequest>(isOptional: true, "application/json").Produces<RunResource>().ProducesProblem(StatusCodes.Status404NotFound).ProducesValidationProblem();
        api.MapDelete("/runs/{id}/tags/{**name}", UntagAsync).WithName("UntagRun").WithSummary("Take a tag from a run")
            .WithDescription("That the run has no such tag is no mistake.").Produces<RunResource>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> WriteNotesAsync(string id, HttpRequest request, RunAnnotations annotations, RunHistory history, CancellationToken cancellation)
    {
        var (body, refusal) = await ReadAsync<NotesRequest>(request, cancellation);
        return refusal ?? (body?.Notes is not { } notes
            ? ApiProblems.Invalid("notes", "Send {\"notes\": \"...\"}; an empty text removes them.")
            : await AnswerAsync(id, history, "notes", run => annotations.WriteNotesAsync(run, notes, cancellation), cancellation));
    }

    private static async Task<IResult> TagAsync(string id, string name, HttpRequest request, RunAnnotations annotations, RunHistory history, CancellationToken cancellation)
    {
        var (body, refusal) = await ReadAsync<TagRequest>(request, cancellation);
        return refusal ?? await AnswerAsync(id, history, "tag", run => annotations.TagAsync(run, NameInPath.Of(request.HttpContext, "/tags/", name), body?.Value.Trim() ?? "", cancellation), cancellation);
    }

    private static Task<IResult> UntagAsync(string id, string name, HttpContext http, RunAnnotations annotations, RunHistory history, CancellationToken cancellation) =>
        AnswerAsync(id, history, "tag", run => annotations.UntagAsync(run, NameInPath.Of(http, "/tags/", name), cancellation), cancellation);

    /// <summary>The run as it is now, or why the change cannot be made.</summary>
    private static async Task<IResult> AnswerAsync(string id, RunHistory history, string field, Func<RunId, Task<AnnotationResult>> change, CancellationToken cancellation)
    {
        if (!RunId.TryParse(id, out var run) || await change(run) is not { Found: true } result)
            return ApiProblems.NoSuchRun(id);
        if (result.Problem is { } problem)
            return ApiProblems.Invalid(field, problem);
        return await history.FindAsync(run, cancellation) is { } details ? Results.Ok(RunResource.Of(details)) : ApiProblems.NoSuchRun(id);
    }

    /// <returns>The body, null where there is none; or why it cannot be read.</returns>
    private static async Task<(T? Body, IResult? Refusal)> ReadAsync<T>(HttpRequest request, CancellationToken cancellation)
        where T : class
    {
        if (request.ContentLength is null or 0 && !request.HasJsonContentType())
            return (null, null);
        // Also keeps a page elsewhere from sending JSON as text/plain, which browsers allow without asking.
        if (!request.HasJsonContentType())
            return (null, Results.Problem("Send the request as application/json.", statusCode: StatusCodes.Status415UnsupportedMediaType, title: "Not JSON"));
        try
        {
            return (await request.ReadFromJsonAsync<T>(ApiSetup.StrictJson, cancellation), null);
        }
        catch (JsonException e)
        {
            return (null, ApiProblems.Unreadable(e));
        }
    }
}

internal sealed record NotesRequest
{
    public string? Notes { get; init; }
}

internal sealed record TagRequest(string Value = "");
