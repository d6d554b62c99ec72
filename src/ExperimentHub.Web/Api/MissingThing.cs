using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Api;

/// <summary>A run that is not there: 410 where it was deleted and can be brought back, else 404. Every address of the run answers the same.</summary>
internal sealed class MissingRun(string id) : IResult
{
    public async Task ExecuteAsync(HttpContext http)
    {
        var deleted = RunId.TryParse(id, out var run)
            ? await http.RequestServices.GetRequiredService<DeletedThings>().FindAsync(run, http.RequestAborted) : null;
        await (deleted is null
            ? Results.Problem($"There is no run with this id{(id.Length == 32 ? "" : "; an id has 32 lower-case hex digits")}.",
                statusCode: StatusCodes.Status404NotFound, title: "No such run")
            : Gone(deleted)).ExecuteAsync(http);
    }

    private static IResult Gone(DeletedRun run) => DeletedProblem.Of(
        run.WithExperiment
            ? $"The run {run.Name} was deleted with its experiment {run.Experiment}. POST /api/v1/experiments/{run.ExperimentId}/restore brings "
                + "both back."
            : $"The run {run.Name} was deleted. POST /api/v1/runs/restore with its id brings it back.",
        run.DeletedAt, run.Until, run.WithExperiment ? $"/api/v1/experiments/{run.ExperimentId}/restore" : "/api/v1/runs/restore");
}

/// <summary>An experiment that is not there: 410 where it was deleted and can be brought back, else 404.</summary>
internal sealed class MissingExperiment(string id) : IResult
{
    public async Task ExecuteAsync(HttpContext http)
    {
        var deleted = ExperimentsApi.IdOf(id) is { } number
            ? await http.RequestServices.GetRequiredService<DeletedThings>().FindAsync(number, http.RequestAborted) : null;
        await (deleted is null
            ? Results.Problem("There is no experiment with this id; GET /api/v1/experiments lists them.", statusCode: StatusCodes.Status404NotFound,
                title: "No such experiment")
            : DeletedProblem.Of(
                $"The experiment {deleted.Name} was deleted. POST /api/v1/experiments/{deleted.Id}/restore brings it back with its runs.",
                deleted.DeletedAt, deleted.Until, $"/api/v1/experiments/{deleted.Id}/restore")).ExecuteAsync(http);
    }
}

internal static class DeletedProblem
{
    /// <param name="restore">What brings it back, to be posted to.</param>
    public static IResult Of(string detail, DateTime deletedAt, DateTime until, string restore) =>
        Results.Problem(detail, statusCode: StatusCodes.Status410Gone, title: "Deleted",
        extensions: new Dictionary<string, object?> { ["deletedAt"] = deletedAt, ["restorableUntil"] = until, ["restore"] = restore });
}
