using System.Net.Mime;
using ExperimentHub.Web.Api;

namespace ExperimentHub.Web;

/// <summary>
/// Answers of the API and our own scripts and styles travel compressed to whoever takes it. The stream of new points does not: each message must
/// leave at once. Nor do checkpoints, which are noise to a compressor and are read in ranges. Packages' files bring their compressed copies along.
/// </summary>
internal static class Compression
{
    private static readonly string[] Types =
    [
        MediaTypeNames.Application.Json, MediaTypeNames.Application.ProblemJson, MediaTypeNames.Text.Csv, SeriesBinary.MediaType,
        MediaTypeNames.Text.Css, MediaTypeNames.Text.JavaScript, MediaTypeNames.Image.Svg,
    ];

    /// <summary>Brotli before gzip, both at their fastest: on the machine that trains, time is dearer than bytes.</summary>
    public static IServiceCollection AddCompression(this IServiceCollection services) =>
        services.AddResponseCompression(compression => compression.MimeTypes = Types);
}
