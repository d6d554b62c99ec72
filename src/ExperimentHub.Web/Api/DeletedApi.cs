using ExperimentHub.Tracking.Deletions;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Api;

/// <summary>What was deleted and can be brought back, and how to be rid of it sooner.</summary>
internal static class DeletedApi
{
    private const int MostRuns = 1_000;

    public static void MapDeleted(this RouteGroupBuilder api)
    {
        api.MapGet("/deleted", ListAsync).WithName("ListDeleted").WithSummary("List what was deleted and can be restored")
            .WithDescription(
                $"Newest deletion first, at most {MostRuns:N0} runs of runCount; runs of deleted experiments come with those. bytes is what "
                    + "removing it for good frees in files.")
            .Produces<DeletedList>();
        api.MapDelete("/deleted/runs/{id}", PurgeRunAsync).WithName("PurgeRun").WithSummary("Remove a deleted run for good")
            .Produces<PurgedThing>().ProducesProblem(StatusCodes.Status404NotFound);
        api.MapDelete("/deleted/experiments/{id}", PurgeExperimentAsync).WithName("PurgeExperiment")
            .WithSummary("Remove a deleted experiment with its runs for good")
            .Produces<PurgedThing>().ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<IResult> ListAsync(DeletedThings deleted, CancellationToken cancellation)
    {
        var listing = await deleted.ListAsync(MostRuns, cancellation);
        var experiments = new List<DeletedExperimentResource>();
        foreach (var one in listing.Experiments)
            experiments.Add(new DeletedExperimentResource(one.Id, one.Name, one.Runs.Count, one.DeletedAt, one.Until,
                await deleted.SizeAsync(one.Runs)));
        var runs = new List<DeletedRunResource>();
        foreach (var one in listing.Runs)
            runs.Add(new DeletedRunResource(one.Id.ToString(), one.Name, one.Experiment, one.DeletedAt, one.Until,
                await deleted.SizeAsync([one.Id])));
        return Results.Ok(new DeletedList(experiments, runs, listing.RunCount));
    }

    private static async Task<IResult> PurgeRunAsync(string id, DeletedThings deleted, RunDeletion deletion, CancellationToken cancellation) =>
        RunId.TryParse(id, out var run) && await deleted.FindAsync(run, cancellation) is { WithExperiment: false }
            ? Results.Ok(new PurgedThing(await deletion.PurgeAsync([run], cancellation)))
            : NotDeleted("run");

    private static async Task<IResult> PurgeExperimentAsync(string id, DeletedThings deleted, ExperimentStore experiments,
        CancellationToken cancellation) =>
        ExperimentsApi.IdOf(id) is { } number && await deleted.FindAsync(number, cancellation) is not null
            ? Results.Ok(new PurgedThing(await experiments.PurgeAsync(number, cancellation)))
            : NotDeleted("experiment");

    private static IResult NotDeleted(string what) => Results.Problem(
        $"There is no {what} with this id that was deleted and is still there; GET /api/v1/deleted lists them.",
        statusCode: StatusCodes.Status404NotFound, title: $"No such deleted {what}");
}

/// <param name="RunCount">How many runs there are; the list may be shorter.</param>
internal sealed record DeletedList(IReadOnlyList<DeletedExperimentResource> Experiments, IReadOnlyList<DeletedRunResource> Runs, int RunCount);

internal sealed record DeletedExperimentResource(int Id, string Name, int Runs, DateTime DeletedAt, DateTime RestorableUntil, long Bytes);

internal sealed record DeletedRunResource(string Id, string Name, string Experiment, DateTime DeletedAt, DateTime RestorableUntil, long Bytes);

/// <param name="FreedBytes">In files; the database gives its part back as well.</param>
internal sealed record PurgedThing(long FreedBytes);
