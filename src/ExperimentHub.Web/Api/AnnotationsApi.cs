using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Api;

/// <summary>The notes and tags of a run.</summary>
internal static class AnnotationsApi
{
    public static void MapAnnotations(this RouteGroupBuilder api)
    {
        api.MapPut("/runs/{id}/notes", WriteNotesAsync).WithName("WriteNotes").WithSummary("Replace a run's notes")
            .WithDescription(
                "notes: Markdown. Raw HTML in it is shown, not obeyed. If-Match: the ETag of the run that the edit began from; 412 where somebody "
                    + "changed the notes since.")
            .Accepts<NotesRequest>("application/json").Produces<RunResource>().ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed).ProducesValidationProblem();
        // A name may have slashes in it.
        api.MapPut("/runs/{id}/tags/{**name}", TagAsync).WithName("TagRun").WithSummary("Give a run a tag")
            .WithDescription(
                "The name has 1 to 50 characters of any script. value: optional, as is the whole body. A tag of the same name gets the new value. "
                + "If-Match: the ETag of the run that the edit began from; 412 where somebody changed this tag since. If-None-Match: * only gives a "
                + "tag that the run does not have.")
            .Accepts<TagRequest>(isOptional: true, "application/json").Produces<RunResource>().ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .ProducesValidationProblem();
        api.MapDelete("/runs/{id}/tags/{**name}", UntagAsync).WithName("UntagRun").WithSummary("Take a tag from a run")
            .WithDescription("That the run has no such tag is no mistake. If-Match as for PUT.").Produces<RunResource>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed);
    }

    private static async Task<IResult> WriteNotesAsync(string id, HttpRequest request, RunAnnotations annotations, RunHistory history,
        CancellationToken cancellation)
    {
        var (body, refusal) = await ApiBody.ReadOptionalAsync<NotesRequest>(request, cancellation);
        return refusal ?? (body?.Notes is not { } notes
            ? ApiProblems.Invalid("notes", "Send {\"notes\": \"...\"}; an empty text removes them.")
            : await AnswerAsync(id, history, "notes", run => annotations.WriteNotesAsync(run, notes, EditTag.BegunFrom(request), cancellation),
                now => EditedAnswer.Changed("The notes", now.Version, now.Notes), cancellation));
    }

    private static async Task<IResult> TagAsync(string id, string name, HttpRequest request, RunAnnotations annotations, RunHistory history,
        CancellationToken cancellation)
    {
        var (body, refusal) = await ApiBody.ReadOptionalAsync<TagRequest>(request, cancellation);
        name = NameInPath.Of(request.HttpContext, "/tags/", name);
        return refusal ?? await AnswerAsync(id, history, "tag",
            run => annotations.TagAsync(run, name, body?.Value ?? "", EditTag.OnlyNew(request) ? RunTag.None : EditTag.BegunFrom(request),
                cancellation),
            now => ChangedTag(now, name), cancellation);
    }

    private static Task<IResult> UntagAsync(string id, string name, HttpRequest request, RunAnnotations annotations, RunHistory history,
        CancellationToken cancellation)
    {
        name = NameInPath.Of(request.HttpContext, "/tags/", name);
        return AnswerAsync(id, history, "tag", run => annotations.UntagAsync(run, name, EditTag.BegunFrom(request), cancellation),
            now => ChangedTag(now, name), cancellation);
    }

    private static IResult ChangedTag(Run now, string name) =>
        EditedAnswer.Changed($"The tag {name}", now.Version, now.Tags.Find(tag => NameRule.Same(tag.Name, name))?.Value);

    /// <summary>The run as it is now, or why the change cannot be made.</summary>
    private static async Task<IResult> AnswerAsync(
        string id, RunHistory history, string field, Func<RunId, Task<AnnotationResult>> change, Func<Run, IResult> changed,
        CancellationToken cancellation)
    {
        if (!RunId.TryParse(id, out var run) || await change(run) is not { Found: true } result)
            return ApiProblems.NoSuchRun(id);
        if (result.Problem is { } problem)
            return ApiProblems.Invalid(field, problem);
        if (await history.FindAsync(run, cancellation) is not { } details)
            return ApiProblems.NoSuchRun(id);
        return result.Conflict ? changed(details.Run) : EditedAnswer.Of(RunResource.Of(details), details.Run.Version);
    }
}

internal sealed record NotesRequest
{
    public string? Notes { get; init; }
}

internal sealed record TagRequest(string Value = "");
