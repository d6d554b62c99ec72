using System.Globalization;
using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using Microsoft.AspNetCore.Mvc;

namespace ExperimentHub.Web.Api;

/// <summary>Start, list, read and stop runs.</summary>
internal static class RunsApi
{
    private const int DefaultPageSize = 50;
    private const int MaxPageSize = 500;

    public static void MapRuns(this RouteGroupBuilder api)
    {
        api.MapPost("/runs", StartAsync).WithName("StartRun").WithSummary("Start a run")
            .Accepts<StartRunRequest>("application/json").Produces<RunResource>(StatusCodes.Status202Accepted).ProducesValidationProblem();
        api.MapGet("/runs", ListAsync).WithName("ListRuns").WithSummary("List runs, newest first")
            .Produces<ListPage<RunListItem>>().ProducesValidationProblem();
        api.MapGet("/runs/{id}", ReadAsync).WithName("ReadRun").WithSummary("Read a run").Produces<RunResource>().ProducesProblem(StatusCodes.Status404NotFound);
        api.MapPost("/runs/{id}/stop", StopAsync).WithName("StopRun").WithSummary("Stop a run")
            .Produces<RunResource>(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> StartAsync(
        HttpRequest request, RunQueue queue, RunHistory history, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, CancellationToken cancellation)
    {
        // Also keeps a page elsewhere from sending JSON as text/plain, which browsers allow without asking.
        if (!request.HasJsonContentType())
            return Results.Problem("Send the request as application/json.", statusCode: StatusCodes.Status415UnsupportedMediaType, title: "Not JSON");
        StartRunRequest? body;
        try
        {
            body = await request.ReadFromJsonAsync<StartRunRequest>(ApiSetup.StrictJson, cancellation);
        }
        catch (JsonException e)
        {
            return ApiProblems.Unreadable(e);
        }

        if (body is null)
            return ApiProblems.Invalid("body", "The body must be a JSON object, not null.");
        ForkSource? fork = null;
        if (body.Fork is { } asked)
        {
            if (!RunId.TryParse(asked.Run, out var parent))
                return ApiProblems.Invalid("fork.run", "The id of a run is expected: 32 lower-case hex digits.");
            fork = new ForkSource(parent, asked.Epoch);
        }

        var result = await queue.EnqueueAsync(new RunRequest(body.Experiment ?? "", body.Name, body.Spec, idempotencyKey, RunTrigger.Api, fork), cancellation);
        if (result.Run is not { } id)
            return ApiProblems.Invalid(result.Problems);
        return Results.Accepted($"/api/v1/runs/{id}", RunResource.Of((await history.FindAsync(id, cancellation))!));
    }

    private static async Task<IResult> ListAsync(
        RunHistory history, CancellationToken cancellation, string? pageSize = null, string? pageToken = null, string? status = null, string? experiment = null,
        string? model = null)
    {
        var problems = new List<SpecProblem>();
        var size = DefaultPageSize;
        if (pageSize is not null && (!int.TryParse(pageSize, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > MaxPageSize))
            problems.Add(new SpecProblem("pageSize", $"The page size must be a whole number from 1 to {MaxPageSize}."));
        long before = 0;
        if (pageToken is not null && !long.TryParse(pageToken, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            problems.Add(new SpecProblem("pageToken", "Use the nextPageToken of the page before, or leave it out for the first page."));
        var wanted = RunStatusMoves.FromWord(status);
        if (status is not null && wanted is null)
            problems.Add(new SpecProblem("status", $"Use one of: {string.Join(", ", Enum.GetValues<RunStatus>().Select(s => s.Word()))}."));
        if (problems.Count > 0)
            return ApiProblems.Invalid(problems);

        var filter = new RunFilter(wanted is { } one ? [one] : null, model is null ? null : [model], Experiment: experiment, Before: pageToken is null ? null : before);
        // One more than asked tells whether there is a next page.
        var page = await history.ListAsync(filter, RunOrder.Created, descending: true, skip: 0, take: size + 1, cancellation);
        var items = page.Items.Take(size).ToList();
        return Results.Ok(new ListPage<RunListItem>(
            [.. items.Select(RunListItem.Of)], page.Items.Count > size ? items[^1].Number.ToString(CultureInfo.InvariantCulture) : null));
    }

    private static async Task<IResult> ReadAsync(string id, RunHistory history, CancellationToken cancellation) =>
        RunId.TryParse(id, out var run) && await history.FindAsync(run, cancellation) is { } details
            ? Results.Ok(RunResource.Of(details))
            : ApiProblems.NoSuchRun(id);

    private static async Task<IResult> StopAsync(string id, RunQueue queue, RunHistory history, CancellationToken cancellation)
    {
        var outcome = RunId.TryParse(id, out var run) ? await queue.RequestStopAsync(run, cancellation) : StopOutcome.NotFound;
        if (outcome == StopOutcome.NotFound || await history.FindAsync(run, cancellation) is not { } details)
            return ApiProblems.NoSuchRun(id);
        return outcome == StopOutcome.AlreadyEnded
            ? Results.Problem($"The run is {details.Run.Status.Word()}; only a queued, running or paused run can be stopped.", statusCode: StatusCodes.Status409Conflict, title: "Nothing to stop")
            : Results.Accepted($"/api/v1/runs/{id}", RunResource.Of(details));
    }
}
