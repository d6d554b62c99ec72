using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.AspNetCore.Mvc;

namespace ExperimentHub.Web.Api;

/// <summary>Start, read, stop and delete single runs.</summary>
internal static class RunsApi
{
    public static void MapRuns(this RouteGroupBuilder api)
    {
        api.MapPost("/runs", StartAsync).WithName("StartRun").WithSummary("Start a run")
            .Accepts<StartRunRequest>("application/json").Produces<RunResource>(StatusCodes.Status202Accepted).ProducesValidationProblem();
        api.MapGet("/runs/{id}", ReadAsync).WithName("ReadRun").WithSummary("Read a run")
            .WithDescription(
                "Its ETag is the If-Match of an edit that begins from this answer. A run that was deleted is 410 with deletedAt, restorableUntil "
                    + "and restore, here and at its other addresses.")
            .Produces<RunResource>().ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status410Gone);
        api.MapPost("/runs/{id}/stop", StopAsync).WithName("StopRun").WithSummary("Stop a run")
            .Produces<RunResource>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        api.MapDelete("/runs/{id}", DeleteAsync).WithName("DeleteRun").WithSummary("Delete a run")
            .WithDescription(
                "It is hidden at once. Until it is removed for good, which its address says as restorableUntil, /runs/restore brings it back. "
                    + "If-Match: 412 where somebody edited it since.")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> StartAsync(
        HttpRequest request, RunQueue queue, RunHistory history, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
        CancellationToken cancellation)
    {
        var (body, refused) = await ApiBody.ReadAsync<StartRunRequest>(request, cancellation);
        if (body is null)
            return refused!;
        ForkSource? fork = null;
        if (body.Fork is { } asked)
        {
            if (!RunId.TryParse(asked.Run, out var parent))
                return ApiProblems.Invalid("fork.run", "The id of a run is expected: 32 lower-case hex digits.");
            fork = new ForkSource(parent, asked.Epoch);
        }

        var result = await queue.EnqueueAsync(new RunRequest(body.Experiment ?? "", body.Name, body.Spec, idempotencyKey, RunTrigger.Api, fork),
            cancellation);
        if (result.Run is not { } id)
            return ApiProblems.Invalid(result.Problems);
        return Results.Accepted($"/api/v1/runs/{id}", RunResource.Of((await history.FindAsync(id, cancellation))!));
    }

    private static async Task<IResult> ReadAsync(string id, RunHistory history, CancellationToken cancellation) =>
        RunId.TryParse(id, out var run) && await history.FindAsync(run, cancellation) is { } details
            ? EditedAnswer.Of(RunResource.Of(details), details.Run.Version)
            : ApiProblems.NoSuchRun(id);

    private static async Task<IResult> StopAsync(string id, RunQueue queue, RunHistory history, CancellationToken cancellation)
    {
        var outcome = RunId.TryParse(id, out var run) ? await queue.RequestStopAsync(run, cancellation) : StopOutcome.NotFound;
        if (outcome == StopOutcome.NotFound || await history.FindAsync(run, cancellation) is not { } details)
            return ApiProblems.NoSuchRun(id);
        var refusal = outcome switch
        {
            StopOutcome.AlreadyEnded => $"The run is {details.Run.Status.Word()}; only a queued, running or paused run can be stopped.",
            StopOutcome.NoTraining => RunControl.NoTraining,
            _ => null,
        };
        return refusal is not null
            ? Results.Problem(refusal, statusCode: StatusCodes.Status409Conflict, title: "Nothing to stop")
            : Results.Accepted($"/api/v1/runs/{id}", RunResource.Of(details));
    }

    private static async Task<IResult> DeleteAsync(string id, HttpRequest request, RunDeletion deletion, RunHistory history,
        CancellationToken cancellation) =>
        (RunId.TryParse(id, out var run) ? await deletion.DeleteAsync(run, EditTag.BegunFrom(request), cancellation) : DeleteOutcome.NotFound) switch
        {
            DeleteOutcome.Conflict when await history.FindAsync(run, cancellation) is { } now =>
                EditedAnswer.Changed("The run", now.Run.Version, RunListItem.Of(now.Run, null)),
            DeleteOutcome.Deleted => Results.NoContent(),
            DeleteOutcome.StillActive =>
                Results.Problem("The run is queued or running. Stop it first, or mark it as ended where another program logs it.",
                    statusCode: StatusCodes.Status409Conflict, title: "Still active"),
            _ => ApiProblems.NoSuchRun(id),
        };
}
