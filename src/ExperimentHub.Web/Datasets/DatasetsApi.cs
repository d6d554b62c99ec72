using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Datasets;

namespace ExperimentHub.Web.Datasets;

/// <summary>List, read, fetch and delete data sets.</summary>
internal static class DatasetsApi
{
    public static void MapDatasets(this RouteGroupBuilder api)
    {
        api.MapGet("/datasets", ListAsync).WithName("ListDatasets").WithSummary("List data sets").Produces<DatasetList>();
        api.MapGet("/datasets/{key}", ReadAsync).WithName("ReadDataset").WithSummary("Read a data set").Produces<DatasetResource>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        api.MapPost("/datasets/{key}/fetch", Fetch).WithName("FetchDataset").WithSummary("Fetch a published data set to this machine")
            .Produces(StatusCodes.Status202Accepted).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
        api.MapDelete("/datasets/{key}", DeleteAsync).WithName("DeleteDataset").WithSummary("Delete an uploaded data set")
            .Produces(StatusCodes.Status204NoContent).ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<IResult> ListAsync(DatasetLibrary library, DatasetFiles files, DatasetFetches fetches)
    {
        var items =
            await Task.WhenAll(library.All.Select(async info => DatasetResource.Of(info, await files.OpenAsync(info), fetches.Find(info.Key))));
        return Results.Ok(new DatasetList(items));
    }

    private static async Task<IResult> ReadAsync(string key, DatasetLibrary library, DatasetFiles files, DatasetFetches fetches) =>
        library.Find(key) is { } info
            ? Results.Ok(DatasetResource.Of(info, await files.OpenAsync(info), fetches.Find(key))) : DatasetProblems.NotFound();

    private static IResult Fetch(string key, DatasetLibrary library, DatasetFetches fetches)
    {
        if (library.Find(key) is null)
            return DatasetProblems.NotFound();
        if (DatasetCatalog.Find(key) is not { } published)
            return Results.Problem("It was uploaded to this hub and is nowhere else.", statusCode: StatusCodes.Status409Conflict,
                title: "Nothing to fetch");
        fetches.Request(published);
        return Results.Accepted($"/api/v1/datasets/{Uri.EscapeDataString(key)}");
    }

    private static async Task<IResult> DeleteAsync(string key, DatasetLibrary library, CancellationToken cancellation)
    {
        if (DatasetCatalog.Find(key) is { } published)
            return Results.Problem($"{published.Name} is one of the published data sets, which every hub knows.",
                statusCode: StatusCodes.Status409Conflict, title: "Not an uploaded data set");
        return await library.DeleteAsync(key, cancellation) switch
        {
            DatasetDeletion.Deleted => Results.NoContent(),
            DatasetDeletion.InUse => Results.Problem("A run that has not ended needs it. Stop the run first, or wait for its end.",
                statusCode: StatusCodes.Status409Conflict, title: "The data set is in use"),
            _ => DatasetProblems.NotFound(),
        };
    }
}

/// <summary>Every data set; there are few, so the list has one page.</summary>
internal sealed record DatasetList(IReadOnlyList<DatasetResource> Items);

/// <summary>A data set as programs see it.</summary>
/// <param name="Origin"><c>published</c> or <c>uploaded</c>.</param>
/// <param name="Here">Its files are on this machine and are what they must be; what follows from reading them is left out otherwise.</param>
/// <param name="Sha256">SHA-256 over the hashes of its four uncompressed files.</param>
/// <param name="Problem">Why its files cannot be used, or could not be fetched.</param>
internal sealed record DatasetResource(
    string Key, string Name, string Origin, int TrainSamples, int TestSamples, int Height, int Width, IReadOnlyList<ClassResource> Classes, bool Here,
    string? Sha256,
    long? SizeOnDisk, FetchResource? Fetching, string? Problem)
{
    public static DatasetResource Of(DatasetInfo info, DatasetOpening opening, DatasetFetch? fetch)
    {
        var open = opening.Dataset;
        var (train, test) = (open?.CountByClass(DatasetSplit.Train), open?.CountByClass(DatasetSplit.Test));
        return new DatasetResource(
            info.Key, info.Name, DatasetCatalog.Find(info.Key) is null
                ? "uploaded" : "published", info.TrainSamples, info.TestSamples, info.Height, info.Width,
            [.. Enumerable.Range(0, info.Classes).Select(label => new ClassResource(label, info.ClassName(label), train?[label], test?[label]))],
            open is not null, open?.Sha256 ?? info.Sha256, open?.SizeOnDisk, fetch is { Problem: null }
                ? new FetchResource(fetch.Activity, fetch.Fraction) : null,
            opening.Problem ?? fetch?.Problem);
    }
}

/// <param name="TrainSamples">Images of this class in the training set.</param>
internal sealed record ClassResource(int Label, string Name, int? TrainSamples, int? TestSamples);

/// <param name="Fraction">0..1 where it is known.</param>
internal sealed record FetchResource(string Activity, double? Fraction);
