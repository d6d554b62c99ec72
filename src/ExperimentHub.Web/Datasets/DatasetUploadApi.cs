using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Storage;
using ExperimentHub.Web.Api;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Datasets;

/// <summary>
/// Takes in a data set: one multipart request with the name and the four files, each plain or gzip-compressed. It is one request, so that there is
/// nothing half done to come back to: it either makes a data set or leaves nothing. The files go to the disk as they arrive.
/// </summary>
internal static class DatasetUploadApi
{
    private const int MaxTextBytes = Limits.TextOfAnUpload;
    private const int MaxBoundaryLength = 70;

    /// <summary>What the parts' headers, the boundaries and the texts may take beside the files.</summary>
    private const long Wrapping = 1 << 20;

    public static void MapDatasetUpload(this RouteGroupBuilder api) =>
        api.MapPost("/datasets", UploadAsync).WithName("UploadDataset").WithSummary("Upload a data set of four IDX files")
        .WithDescription(
            "multipart/form-data with the fields name, trainImages, trainLabels, testImages, testLabels and, if the classes have names, classNames "
                + "(one in a line). "
            + "Each file may be gzip-compressed. With curl: -F name=... -F trainImages=@train-images-idx3-ubyte.gz and so on.")
        .Produces<DatasetResource>(StatusCodes.Status201Created).ProducesValidationProblem().ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
        .ProducesProblem(StatusCodes.Status507InsufficientStorage);

    private static async Task<IResult> UploadAsync(
        HttpContext http, DatasetUploads uploads, DatasetLibrary library, DatasetFiles files, DatasetOptions options, StorageWatch storage,
        CancellationToken cancellation)
    {
        if (!MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type) || type.MediaType != "multipart/form-data"
            || Boundary(type) is not { } boundary)
            return Results.Problem("Send the name and the four files as multipart/form-data.", statusCode: StatusCodes.Status415UnsupportedMediaType,
                title: "Not an upload");
        var most = options.MaxFileBytes * DatasetUpload.FileFields.Count + Wrapping;
        if (http.Request.ContentLength > most)
            return TooLarge(options);
        // The server's own limit is for requests that are held in memory; this one goes to the disk, and has its own.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = most;

        using var upload = uploads.Begin();
        try
        {
            var (name, classNames, refusal) = await ReceiveAsync(new MultipartReader(boundary, http.Request.Body), upload, library, options,
                cancellation);
            if (refusal is not null)
                return refusal;
            return await upload.CommitAsync(name, classNames, cancellation) switch
            {
                { Dataset: { } dataset } =>
                    Results.Created($"/api/v1/datasets/{Uri.EscapeDataString(dataset.Key)}",
                        DatasetResource.Of(dataset.ToInfo(), await files.OpenAsync(dataset.ToInfo()), null)),
                { StorageProblem: { } full } => NotStored(full),
                { NameTaken: true, Problems: [var taken, ..] } => NameTaken(taken.Message),
                var result => ApiProblems.Invalid(result.Problems),
            };
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return TooLarge(options);
        }
        catch (Exception e) when (e is InvalidDataException or IOException && storage.TroubleOf(e) is null)
        {
            // Also where the connection broke; then nobody reads this.
            return ApiProblems.Invalid("body", $"The upload cannot be read to its end: {e.Message}");
        }
    }

    /// <summary>Reads the parts in the order in which they come; the name is judged as soon as it is there, best before the files.</summary>
    private static async Task<Received> ReceiveAsync(
        MultipartReader parts, DatasetUpload upload, DatasetLibrary library, DatasetOptions options, CancellationToken cancellation)
    {
        string? name = null, classNames = null;
        while (await parts.ReadNextSectionAsync(cancellation) is { } part)
        {
            // The name of a file on the other side is of no interest: only the field's name counts.
            var field = ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition)
                ? HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "" : "";
            if (field is "name" or "classNames")
            {
                var text = await ReadTextAsync(part.Body, cancellation);
                if (text is null)
                    return Refuse(ApiProblems.Invalid(field, $"At most {MaxTextBytes:N0} bytes of text are allowed here."));
                if (field == "classNames")
                    classNames = text;
                else if (DatasetUpload.NameProblem(name = text) is { } problem)
                    return Refuse(ApiProblems.Invalid(field, problem));
                else if (library.FindLike(text) is { } other)
                    return Refuse(NameTaken(DatasetUpload.TakenBy(other)));
            }
            else if (!DatasetUpload.FileFields.Contains(field))
            {
                return Refuse(ApiProblems.Invalid(field.Length is 0 or > 100 ? "body" : field,
                    "There is no such field. The fields are name, classNames, trainImages, trainLabels, testImages and testLabels."));
            }
            else if (upload.HasReceived(field))
            {
                return Refuse(ApiProblems.Invalid(field, "This file came twice."));
            }
            else if (await upload.ReceiveAsync(field, part.Body, cancellation) is { Complete: false } reception)
            {
                return Refuse(reception.StorageProblem is { } full ? NotStored(full) : TooLarge(options, field));
            }
        }

        return new Received(name, [.. (classNames ?? "").Split('\n').Select(NameRule.Tidied).Where(line => line.Length > 0)], null);

        static Received Refuse(IResult refusal) => new(null, [], refusal);
    }

    private static async Task<string?> ReadTextAsync(Stream part, CancellationToken cancellation)
    {
        var bytes = new byte[MaxTextBytes + 1];
        var read = await part.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellation);
        return read > MaxTextBytes ? null : Encoding.UTF8.GetString(bytes, 0, read).Trim();
    }

    /// <summary>null where there is none, or one longer than RFC 2046 allows.</summary>
    private static string? Boundary(MediaTypeHeaderValue type) =>
        HeaderUtilities.RemoveQuotes(type.Boundary).Value is { Length: > 0 and <= MaxBoundaryLength } boundary ? boundary : null;

    private static IResult TooLarge(DatasetOptions options, string? field = null) => Results.Problem(
        $"{(field is null ? "The upload" : $"The file {field}")} is too large: each file may have at most {Figures.Size(options.MaxFileBytes)} as "
            + "it is sent. Nothing was kept. "
        + "Compress it with gzip, or raise Hub:MaxUploadMebibytes.", statusCode: StatusCodes.Status413PayloadTooLarge, title: "Too large");

    private static IResult NameTaken(string message) =>
        Results.Problem(message, statusCode: StatusCodes.Status409Conflict, title: "The name is taken");

    private static IResult NotStored(string reason) => Results.Problem(
        $"The hub cannot write the files: {reason}. Nothing was kept. Make room on the disk of the data folder and upload again.",
        statusCode: StatusCodes.Status507InsufficientStorage, title: "No room for the data set");

    private sealed record Received(string? Name, IReadOnlyList<string> ClassNames, IResult? Refusal);
}
