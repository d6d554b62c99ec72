using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Web.Api;
using Microsoft.Net.Http.Headers;

namespace ExperimentHub.Web.Datasets;

/// <summary>
/// Pictures of a data set's images, several in one PNG. The files behind a picture are verified; an image's bytes are read where they lie.
/// </summary>
internal static class DatasetImagesApi
{
    private const int MaxImages = 1_000;

    /// <summary>One image of the greatest size that a data set may have.</summary>
    private const long MaxPixels = (long)IdxReader.MaxSide * IdxReader.MaxSide;

    public static void MapDatasetImages(this RouteGroupBuilder api) =>
        api.MapGet("/datasets/{key}/images", DrawAsync).WithName("DrawImages").WithSummary("Draw images of a data set")
        .WithDescription(
            "One grey PNG of the images at the given indexes, left to right and top to bottom without gaps. split: train or test. indexes: numbers "
                + "from 0 with commas between them. "
            + "columns: images in a row, all in one row where left out. version: the data set's SHA-256 or its beginning; with it the picture may "
            + "be kept for ever.")
        .Produces(StatusCodes.Status200OK, contentType: "image/png").ProducesProblem(StatusCodes.Status404NotFound).ProducesValidationProblem();

    /// <summary>The address of such a picture, which a browser may keep for ever.</summary>
    public static string Address(OpenDataset dataset, DatasetSplit split, IEnumerable<int> indexes, int columns) =>
        string.Create(CultureInfo.InvariantCulture,
        $"api/v1/datasets/{dataset.Info.Key}/images?split={Word(split)}&indexes={string.Join(',', indexes)}&columns={columns}&version={dataset.Sha256[..16]}");

    /// <summary>How many images of this size one picture takes.</summary>
    public static int MostAtOnce(DatasetInfo dataset) => (int)Math.Min(MaxImages, MaxPixels / ((long)dataset.Height * dataset.Width));

    /// <summary>A PNG of the images at these indexes, left to right and top to bottom without gaps.</summary>
    public static byte[] Draw(OpenDataset dataset, DatasetSplit split, IReadOnlyList<int> indexes, int columns)
    {
        var (width, height) = (dataset.Info.Width, dataset.Info.Height);
        var rows = (indexes.Count + columns - 1) / columns;
        var picture = new byte[rows * height * columns * width];
        var image = new byte[height * width];
        for (var i = 0; i < indexes.Count; i++)
        {
            dataset.ReadImage(split, indexes[i], image);
            var (row, column) = Math.DivRem(i, columns);
            for (var y = 0; y < height; y++)
                image.AsSpan(y * width, width).CopyTo(picture.AsSpan(((row * height + y) * columns + column) * width));
        }

        return GrayPng.Encode(picture, columns * width, rows * height);
    }

    private static async Task<IResult> DrawAsync(
        string key, DatasetLibrary library, DatasetFiles files, HttpContext http, string? split = null, string? indexes = null,
        string? columns = null, string? version = null)
    {
        if (library.Find(key) is not { } info)
            return DatasetProblems.NotFound();
        var opening = await files.OpenAsync(info);
        if (opening.Dataset is not { } dataset)
            return DatasetProblems.NotHere(info, opening.Problem);
        if (Read(dataset, split, indexes, columns, out var asked) is { Count: > 0 } problems)
            return ApiProblems.Invalid(problems);

        var what = $"{dataset.Sha256} {asked.Split} {asked.Columns} {string.Join(',', asked.Indexes)}";
        var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(what)))[..32]}\"");
        http.Response.Headers.ETag = tag.ToString();
        // Without the version the same address may show another data set of this name one day.
        http.Response.Headers.CacheControl = version is { Length: >= 8 } && dataset.Sha256.StartsWith(version, StringComparison.Ordinal)
            ? "private, max-age=31536000, immutable" : "private, no-cache";
        return http.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any)
            || known.Compare(tag, useStrongComparison: false))
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Bytes(Draw(dataset, asked.Split, asked.Indexes, asked.Columns), "image/png");
    }

    private static List<SpecProblem> Read(OpenDataset dataset, string? split, string? indexes, string? columns, out Asked asked)
    {
        var problems = new List<SpecProblem>();
        DatasetSplit? half = split switch { "train" => DatasetSplit.Train, "test" => DatasetSplit.Test, _ => null };
        if (half is null)
            problems.Add(new SpecProblem("split", "Use train or test."));
        var count = dataset.Labels(half ?? DatasetSplit.Train).Length;
        var most = MostAtOnce(dataset.Info);
        var texts = (indexes ?? "").Split(',', StringSplitOptions.TrimEntries);
        var numbers = texts.Take(most).Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number < count ? number : -1).ToArray();
        if (texts.Length > most)
            problems.Add(new SpecProblem("indexes", $"At most {most:N0} images of this size can be drawn at once."));
        else if (numbers.Contains(-1))
            problems.Add(new SpecProblem("indexes", $"Use numbers from 0 to {count - 1} with commas between them."));
        var inARow = numbers.Length;
        if (columns is not null && (!int.TryParse(columns, NumberStyles.None, CultureInfo.InvariantCulture, out inARow) || inARow is < 1
            or > MaxImages))
            problems.Add(new SpecProblem("columns", $"Use a number from 1 to {MaxImages}."));
        asked = new Asked(half ?? DatasetSplit.Train, numbers, Math.Min(inARow, numbers.Length));
        return problems;
    }

    private static string Word(DatasetSplit split) => split == DatasetSplit.Train ? "train" : "test";

    private sealed record Asked(DatasetSplit Split, int[] Indexes, int Columns);
}
