using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Web.Api;

/// <summary>How many more epochs a run is to be trained for.</summary>
internal sealed record TrainOnRequest
{
    public int Epochs { get; init; }

    /// <summary>A learning rate that was laid out over the whole run is laid out anew, and jumps: that is wanted.</summary>
    public bool AcceptNewSchedule { get; init; }
}

/// <summary>Pause runs, let them go on, train them for longer, do them again.</summary>
internal static class RunControlApi
{
    public static void MapRunControl(this RouteGroupBuilder api)
    {
        Map(api.MapPost("/runs/{id}/pause", PauseAsync).WithName("PauseRun").WithSummary("Pause a run")
            .WithDescription("Takes a queued run out of the queue, or a running one off its device once it has saved where it is, to the step."));
        Map(api.MapPost("/runs/{id}/resume", ResumeAsync).WithName("ResumeRun").WithSummary("Let a run go on")
            .WithDescription(
                "Puts a paused, stopped, interrupted or failed run at the end of the queue; it goes on from the furthest place that is safe."));
        Map(api.MapPost("/runs/{id}/train-on", TrainOnAsync).WithName("TrainOn").WithSummary("Train a run for more epochs")
            .Accepts<TrainOnRequest>("application/json").ProducesValidationProblem());
        Map(api.MapPost("/runs/{id}/reproduce", ReproduceAsync).WithName("ReproduceRun").WithSummary("Do a finished run again, to compare")
            .WithDescription("A new run of the same spec on the device that was used. Its answer is the new run's."));

        Map(api.MapPost("/runs/{id}/end", EndAsync).WithName("MarkRunAsEnded").WithSummary("Mark a run as ended that another program logs")
            .WithDescription($"It is stopped then, and can be deleted. {LoggedRuns.Meaning}"));

        static void Map(RouteHandlerBuilder endpoint) => endpoint.Produces<RunResource>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> PauseAsync(string id, RunControl control, RunHistory history, CancellationToken cancellation)
    {
        var outcome = RunId.TryParse(id, out var run) ? await control.PauseAsync(run, cancellation) : PauseOutcome.NotFound;
        return await AnswerAsync(id, run, history, outcome == PauseOutcome.NotFound, outcome switch
        {
            PauseOutcome.NoTraining => RunControl.NoTraining,
            PauseOutcome.AlreadyEnded => "The run has ended; only a queued or running run can be paused.",
            PauseOutcome.Stopping => "The run is being stopped; a stopped run can be resumed like a paused one.",
            _ => null,
        }, cancellation);
    }

    private static async Task<IResult> ResumeAsync(string id, RunControl control, RunHistory history, CancellationToken cancellation)
    {
        var outcome = RunId.TryParse(id, out var run) ? await control.ResumeAsync(run, cancellation) : ResumeOutcome.NotFound;
        return await AnswerAsync(id, run, history, outcome == ResumeOutcome.NotFound, outcome switch
        {
            ResumeOutcome.NoTraining => RunControl.NoTraining,
            ResumeOutcome.StillActive => "The run waits or trains already. One that is being paused can be resumed once it is paused.",
            ResumeOutcome.Finished => "All epochs of the run are done. Use train-on to train it for more.",
            _ => null,
        }, cancellation);
    }

    private static async Task<IResult> TrainOnAsync(string id, HttpRequest request, RunControl control, RunHistory history,
        CancellationToken cancellation)
    {
        var (body, refused) = await ApiBody.ReadAsync<TrainOnRequest>(request, cancellation);
        if (body is null)
            return refused!;
        if (!RunId.TryParse(id, out var run))
            return ApiProblems.NoSuchRun(id);
        var result = await control.TrainOnAsync(run, body.Epochs, body.AcceptNewSchedule, cancellation);
        return await AnswerAsync(id, run, history, false,
            result.NeedsConsent ? $"{result.Refusal} Say acceptNewSchedule: true where that is wanted." : result.Refusal, cancellation);
    }

    private static async Task<IResult> ReproduceAsync(string id, RunControl control, RunHistory history, CancellationToken cancellation)
    {
        if (!RunId.TryParse(id, out var run) || await history.FindAsync(run, cancellation) is null)
            return ApiProblems.NoSuchRun(id);
        var result = await control.ReproduceAsync(run, RunTrigger.Api, cancellation);
        return result.Run is { } made
            ? Results.Accepted($"/api/v1/runs/{made}", RunResource.Of((await history.FindAsync(made, cancellation))!))
            : Conflict(string.Join(' ', result.Problems.Select(problem => problem.Message)));
    }

    private static async Task<IResult> EndAsync(string id, LoggedRuns logged, RunHistory history, CancellationToken cancellation)
    {
        var outcome = RunId.TryParse(id, out var run) ? await logged.EndAsync(run, cancellation) : MarkOutcome.NotFound;
        return await AnswerAsync(id, run, history, outcome == MarkOutcome.NotFound, outcome switch
        {
            MarkOutcome.IsTraining => LoggedRuns.IsTraining,
            MarkOutcome.AlreadyEnded => "The run has ended already.",
            _ => null,
        }, cancellation);
    }

    private static async Task<IResult> AnswerAsync(string id, RunId run, RunHistory history, bool missing, string? refusal,
        CancellationToken cancellation)
    {
        if (missing || await history.FindAsync(run, cancellation) is not { } details)
            return ApiProblems.NoSuchRun(id);
        return refusal is null ? Results.Accepted($"/api/v1/runs/{id}", RunResource.Of(details)) : Conflict(refusal);
    }

    private static IResult Conflict(string refusal) => Results.Problem(refusal, statusCode: StatusCodes.Status409Conflict, title: "Not possible now");
}
