using System.Collections.Concurrent;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Files;
using Microsoft.Win32.SafeHandles;

namespace ExperimentHub.Tracking.Datasets;

/// <summary>A data set that can be looked at, or why it cannot.</summary>
/// <param name="Problem">null where its files are simply not on this machine yet.</param>
public sealed record DatasetOpening(OpenDataset? Dataset, string? Problem = null);

/// <summary>
/// Opens the files of data sets for looking at them. Each is verified once, and again whenever a file changed on the disk; verifying reads it through
/// (0.05 s for MNIST) and takes no memory for it.
/// </summary>
public sealed class DatasetFiles(DatasetOptions options, DataFolder folder)
{
    private readonly ConcurrentDictionary<string, Lazy<Opened>> _opened = new(StringComparer.Ordinal);

    /// <summary>Where a data set's files are written.</summary>
    public string FolderOf(DatasetInfo dataset) => Path.Combine(Home(dataset), dataset.Key);

    /// <summary>The files at this moment; verifies them on a pool thread where that has not been done.</summary>
    public Task<DatasetOpening> OpenAsync(DatasetInfo dataset) => Task.Run(() =>
    {
        var found = dataset.Files.SelectMany(file => Find(dataset, file)).ToArray();
        // Two askers at once verify once.
        return _opened.AddOrUpdate(dataset.Key, _ => Later(dataset, found),
            (_, earlier) => earlier.Value.Found.SequenceEqual(found) ? earlier : Later(dataset, found)).Value.Opening;
    });

    /// <summary>Lets go of a data set that is deleted.</summary>
    internal void Forget(string key) => _opened.TryRemove(key, out _);

    private string Home(DatasetInfo dataset) => DatasetCatalog.Find(dataset.Key) is null ? folder.Datasets : options.CacheFolder;

    private IEnumerable<FoundFile> Find(DatasetInfo dataset, DatasetFile file) =>
        VerifiedFile.Places(Home(dataset), dataset, file).Select(path => new FileInfo(path)).Where(at => at.Exists)
            .Select(at => new FoundFile(file, at.FullName, at.Length, at.LastWriteTimeUtc));

    private Lazy<Opened> Later(DatasetInfo dataset, FoundFile[] found) => new(() => new Opened(found, Open(dataset, found)));

    private DatasetOpening Open(DatasetInfo dataset, FoundFile[] found)
    {
        var problems = new List<string>();
        var (trainImages, testImages) = (First(dataset.TrainImages, OpenImages), First(dataset.TestImages, OpenImages));
        var (trainLabels, testLabels) = (First(dataset.TrainLabels, OpenLabels), First(dataset.TestLabels, OpenLabels));
        if (trainImages is null || trainLabels is null || testImages is null || testLabels is null)
            return new DatasetOpening(null, problems.Count > 0 ? string.Join(' ', problems) : null);
        return new DatasetOpening(new OpenDataset(
            dataset, DatasetInfo.Identity([trainImages.Sha256, trainLabels.Sha256, testImages.Sha256, testLabels.Sha256]),
            [trainImages.Place, trainLabels.Place, testImages.Place, testLabels.Place], trainImages.Content, trainLabels.Content, testImages.Content,
            testLabels.Content));

        // Of several places the first with the right content counts, as for a trainer.
        Verified<T>? First<T>(DatasetFile file, Func<FoundFile, Verified<T>> open)
            where T : class
        {
            foreach (var place in found.Where(place => place.File == file))
            {
                try
                {
                    return open(place);
                }
                catch (Exception e) when (e is InvalidDataException or IdxFormatException or IOException or UnauthorizedAccessException)
                {
                    problems.Add($"{place.Path} is not used: {e.Message.TrimEnd('.')}.");
                }
            }

            return null;
        }

        Verified<byte[]> OpenLabels(FoundFile place)
        {
            using var content = new MemoryStream();
            var sha256 = VerifiedFile.Copy(place.Path, place.File, content);
            content.Position = 0;
            return new Verified<byte[]>(place, sha256, IdxReader.ReadLabels(content, dataset.Classes));
        }
    }

    private Verified<SafeFileHandle> OpenImages(FoundFile place)
    {
        if (place.Path.EndsWith(DatasetFile.GzipEnding, StringComparison.Ordinal))
            return Unpack(place);
        // Stays open: what is put in its place later is another file.
        var handle = OwnFile.OpenHandle(place.Path, followLink: true);
        return new Verified<SafeFileHandle>(place, VerifiedFile.Copy(place.Path, place.File, Stream.Null), handle);
    }

    /// <summary>
    /// A compressed file has no places to read from, so it is unpacked into one without a name, which is gone when the hub ends, however it ends.
    /// </summary>
    private Verified<SafeFileHandle> Unpack(FoundFile place)
    {
        DataFolder.Create(folder.Datasets);
        var unpacked = Path.Combine(folder.Datasets, $".unpacked-{Guid.NewGuid():N}");
        using var target = OwnFile.CreateNew(unpacked);
        try
        {
            var handle = OwnFile.OpenHandle(unpacked);
            return new Verified<SafeFileHandle>(place, VerifiedFile.Copy(place.Path, place.File, target), handle);
        }
        finally
        {
            File.Delete(unpacked);
        }
    }

    private sealed record Verified<T>(FoundFile Place, string Sha256, T Content);

    private sealed record Opened(FoundFile[] Found, DatasetOpening Opening);
}

/// <summary>A file of a data set as it was found on the disk.</summary>
public sealed record FoundFile(DatasetFile File, string Path, long Length, DateTime ChangedAt);
