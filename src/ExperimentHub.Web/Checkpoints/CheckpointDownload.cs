using System.Globalization;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Api;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Checkpoints;

/// <summary>Hands out a checkpoint after its hash was checked, with ranges and the SHA-256 as ETag. The request brings only ids.</summary>
internal static class CheckpointDownload
{
    public static void MapCheckpointDownloads(this RouteGroupBuilder api) =>
        api.MapGet("/runs/{id}/checkpoints/{epoch}", DownloadAsync).WithName("DownloadCheckpoint")
            .WithSummary("Download the weights after an epoch, as safetensors")
            .Produces(StatusCodes.Status200OK, contentType: "application/octet-stream")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<IResult> DownloadAsync(string id, string epoch, RunHistory history, CheckpointFiles files, HttpContext http,
        CancellationToken cancellation)
    {
        if (!RunId.TryParse(id, out var run) || await history.FindAsync(run, cancellation) is not { } details)
            return ApiProblems.NoSuchRun(id);
        if (!int.TryParse(epoch, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || details.Checkpoints.FirstOrDefault(c => c.File.Epoch == number) is not { } checkpoint)
            return Results.Problem("This run has no checkpoint of that epoch.", statusCode: StatusCodes.Status404NotFound,
                title: "No such checkpoint");

        // Who only asks for the size gets it without the file being read.
        var opened = HttpMethods.IsHead(http.Request.Method)
            ? await files.OpenUnreadAsync(checkpoint.File, cancellation) : await files.OpenToGiveAsync(checkpoint.File, cancellation);
        if (opened.Content is not { } file)
            return Results.Problem(opened.Problem, statusCode: StatusCodes.Status409Conflict, title: "The checkpoint cannot be used");
        http.Response.Headers.CacheControl = "private, no-cache";
        // A unit that nobody knows is as good as no range (RFC 9110, 14.2); the framework takes any for bytes.
        if (http.Request.GetTypedHeaders().Range is { Unit.Value: not "bytes" })
            http.Request.Headers.Remove(HeaderNames.Range);
        return Results.File(file, checkpoint.File.Weights.MediaType, $"{DownloadName.Of(details.Run.Name, id)}-epoch-{number}.safetensors",
            checkpoint.File.SavedAt,
            new EntityTagHeaderValue($"\"{checkpoint.File.Weights.Sha256}\""), enableRangeProcessing: true);
    }
}
