using ExperimentHub.Tracking.ExperimentFiles;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Web.Api;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Experiments;

/// <summary>An experiment with its runs as one file: written while it is read, and taken in as a whole or not at all.</summary>
internal static class ExperimentFilesApi
{
    public const string MediaType = "application/zip";

    public static void MapExperimentFiles(this RouteGroupBuilder api)
    {
        api.MapGet("/experiments/{id}/export", ExportAsync).WithName("ExportExperiment").WithSummary("Export an experiment")
            .WithDescription(
                "One zip with the experiment and its ended runs: facts, every point of every metric, evaluations, logs and checkpoints. Runs that "
                    + "are queued, running, paused or interrupted are left out.")
            .Produces(StatusCodes.Status200OK, contentType: MediaType).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        api.MapPost("/experiments/import", ImportAsync).WithName("ImportExperiment").WithSummary("Import an experiment")
            .WithDescription(
                "The file that an export gave, as application/zip. With curl: -H \"Content-Type: application/zip\" -T file -X POST. Everything is "
                    + "checked before anything appears. Runs keep their ids, so a file whose runs are here already is refused.")
            .Accepts<IFormFile>(MediaType).Produces<ImportedExperiment>(StatusCodes.Status201Created).ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status507InsufficientStorage);
    }

    private static async Task<IResult> ExportAsync(string id, ExperimentExport export, HttpContext http, CancellationToken cancellation)
    {
        if (ExperimentsApi.IdOf(id) is not { } number || await export.PlanAsync(number, cancellation) is not { } plan)
            return ApiProblems.NoSuchExperiment(id);
        if (plan.Problem is { } problem)
            return Results.Problem(problem, statusCode: StatusCodes.Status409Conflict, title: "The experiment cannot be exported");
        http.Response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment")
        {
            FileName = $"{DownloadName.Of(plan.Experiment.Name, $"experiment-{id}")}.experiment.zip",
        }.ToString();
        return Results.Stream(body => export.WriteAsync(number, body, cancellation), MediaType);
    }

    private static async Task<IResult> ImportAsync(HttpContext http, ExperimentImports imports, ExperimentFileOptions options, StorageWatch storage,
        CancellationToken cancellation)
    {
        // Also keeps a page elsewhere from sending one: browsers ask before they send this type.
        if (!MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type) || type.MediaType != MediaType)
            return Results.Problem("Send the exported file as application/zip.", statusCode: StatusCodes.Status415UnsupportedMediaType,
                title: "Not an exported experiment");
        if (http.Request.ContentLength > options.MaxBytes)
            return TooLarge(options);
        // The server's own limit is for requests that are held in memory; this one goes to the disk, and has its own.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = options.MaxBytes + 1;

        using var import = imports.Begin();
        try
        {
            if (await import.ReceiveAsync(http.Request.Body, cancellation) is { Complete: false } reception)
                return reception.StorageProblem is { } full ? NotStored(full) : TooLarge(options);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return TooLarge(options);
        }
        catch (IOException e) when (storage.TroubleOf(e) is null)
        {
            // The connection broke; then nobody reads this.
            return ApiProblems.Invalid("body", $"The file cannot be read to its end: {e.Message}");
        }

        return await import.CommitAsync(cancellation) switch
        {
            { Experiment: { } experiment } done =>
                Results.Created($"/api/v1/experiments/{experiment.Id}",
                    new ImportedExperiment(ExperimentResource.Of(experiment), done.Runs, done.LeftOut ?? [])),
            { StorageProblem: { } full } => NotStored(full),
            { RunsExist: true, Problem: { } exist } =>
                Results.Problem(exist, statusCode: StatusCodes.Status409Conflict, title: "Its runs are here already"),
            var refused => ApiProblems.Invalid("file", refused.Problem!),
        };
    }

    private static IResult TooLarge(ExperimentFileOptions options) => Results.Problem(
        $"The file is too large: it may have at most {Figures.Size(options.MaxBytes)}. Nothing was kept. Raise Hub:MaxImportMebibytes and import "
            + "it again.",
        statusCode: StatusCodes.Status413PayloadTooLarge, title: "Too large");

    private static IResult NotStored(string reason) => Results.Problem(
        $"The hub cannot write the files: {reason}. Nothing was kept. Make room on the disk of the data folder and import it again.",
        statusCode: StatusCodes.Status507InsufficientStorage, title: "No room for the experiment");
}

/// <param name="Runs">How many came with it.</param>
/// <param name="LeftOut">What the hub that exported it could not write; sentences.</param>
internal sealed record ImportedExperiment(ExperimentResource Experiment, int Runs, IReadOnlyList<string> LeftOut);
