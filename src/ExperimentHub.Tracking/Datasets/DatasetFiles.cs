using System.Collections.Concurrent;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking.Artifacts;
using Microsoft.Win32.SafeHandles;

namespace ExperimentHub.Tracking.Datasets;

/// <summary>A data set that can be looked at, or why it cannot.</summary>
/// <param name="Problem">null where its files are simply not on this machine yet.</param>
public sealed record DatasetOpening(OpenDataset? Dataset, string? Problem = null);

/// <summary>
/// Opens the files of data sets for looking at them: the hub's own out of the store, published ones out of the machine's cache. Each is verified
/// once, and again whenever a file changed on the disk; verifying reads it through (0.05 s for MNIST) and takes no memory for it.
/// </summary>
public sealed class DatasetFiles(DatasetOptions options, DataFolder folder, ArtifactStore store)
{
    private readonly ConcurrentDictionary<string, Opened> _opened = new(StringComparer.Ordinal);

    /// <summary>The files at this moment; verifies them on a pool thread where that has not been done.</summary>
    public Task<DatasetOpening> OpenAsync(DatasetInfo dataset) => Task.Run(async () =>
    {
        var found = new List<FoundFile>();
        foreach (var file in dataset.Files)
            found.AddRange(DatasetCatalog.Find(dataset.Key) is null ? await FindOwnAsync(dataset, file) : FindPublished(dataset, file));
        // Two askers at once verify once.
        return await _opened.AddOrUpdate(dataset.Key, _ => Later(dataset, found),
            (_, earlier) => earlier.Found.SequenceEqual(found) ? earlier : Later(dataset, found)).Opening.Value;
    });

    /// <summary>Lets go of a data set that is deleted.</summary>
    internal void Forget(string key) => _opened.TryRemove(key, out _);

    private IEnumerable<FoundFile> FindPublished(DatasetInfo dataset, DatasetFile file) =>
        VerifiedFile.Places(options.CacheFolder, dataset, file).Select(path => new FileInfo(path)).Where(at => at.Exists)
            .Select(at => new FoundFile(file, at.FullName, at.Length, at.LastWriteTimeUtc));

    /// <summary>In the same places as a published one's, as keys.</summary>
    private async Task<List<FoundFile>> FindOwnAsync(DatasetInfo dataset, DatasetFile file)
    {
        var found = new List<FoundFile>();
        foreach (var ofFolder in new[] { ArtifactKey.OfDataset(dataset.Key).Under, (Func<string, ArtifactKey>)ArtifactKey.OfDataset })
        {
            foreach (var key in new[] { ofFolder(file.Name), ofFolder(file.Name + DatasetFile.GzipEnding) })
            {
                if (await store.FindAsync(key) is { } stored)
                    found.Add(new FoundFile(file, store.PlaceOf(key), stored.Size, stored.ChangedAt, key));
            }
        }

        return found;
    }

    private Opened Later(DatasetInfo dataset, IReadOnlyList<FoundFile> found) =>
        new(found, new Lazy<Task<DatasetOpening>>(() => OpenAsync(dataset, found)));

    private async Task<DatasetOpening> OpenAsync(DatasetInfo dataset, IReadOnlyList<FoundFile> found)
    {
        var problems = new List<string>();
        var trainImages = await FirstAsync(dataset.TrainImages, OpenImagesAsync);
        var testImages = await FirstAsync(dataset.TestImages, OpenImagesAsync);
        var trainLabels = await FirstAsync(dataset.TrainLabels, OpenLabelsAsync);
        var testLabels = await FirstAsync(dataset.TestLabels, OpenLabelsAsync);
        if (trainImages is null || trainLabels is null || testImages is null || testLabels is null)
            return new DatasetOpening(null, problems.Count > 0 ? string.Join(' ', problems) : null);
        return new DatasetOpening(new OpenDataset(
            dataset, DatasetInfo.Identity([trainImages.Sha256, trainLabels.Sha256, testImages.Sha256, testLabels.Sha256]),
            [trainImages.Place, trainLabels.Place, testImages.Place, testLabels.Place], trainImages.Content, trainLabels.Content, testImages.Content,
            testLabels.Content));

        // Of several places the first with the right content counts, as for a trainer.
        async Task<Verified<T>?> FirstAsync<T>(DatasetFile file, Func<FoundFile, Task<Verified<T>>> open)
            where T : class
        {
            foreach (var place in found.Where(place => place.File == file))
            {
                try
                {
                    return await open(place);
                }
                catch (Exception e) when (e is InvalidDataException or IdxFormatException or IOException or UnauthorizedAccessException)
                {
                    problems.Add($"{place.Path} is not used: {e.Message.TrimEnd('.')}.");
                }
            }

            return null;
        }

        async Task<Verified<byte[]>> OpenLabelsAsync(FoundFile place)
        {
            using var content = new MemoryStream();
            var sha256 = await CopyAsync(place, content);
            content.Position = 0;
            return new Verified<byte[]>(place, sha256, IdxReader.ReadLabels(content, dataset.Classes));
        }
    }

    private async Task<Verified<SafeFileHandle>> OpenImagesAsync(FoundFile place)
    {
        if (place.IsCompressed)
            return await UnpackAsync(place);
        // Stays open: what is put in its place later is another file.
        var handle = place.Key is { } key ? await store.OpenLocalAsync(key) ?? throw Gone(place) : OwnFile.OpenHandle(place.Path, followLink: true);
        return new Verified<SafeFileHandle>(place, await CopyAsync(place, Stream.Null), handle);
    }

    /// <inheritdoc cref="VerifiedFile.Copy(string, DatasetFile, Stream)"/>
    private async Task<string> CopyAsync(FoundFile place, Stream target)
    {
        if (place.Key is not { } key)
            return VerifiedFile.Copy(place.Path, place.File, target);
        await using var raw = await store.OpenAsync(key) ?? throw Gone(place);
        return VerifiedFile.Copy(raw, place.IsCompressed, place.File, target);
    }

    private static FileNotFoundException Gone(FoundFile place) => new("It is not there.", place.Path);

    /// <summary>
    /// A compressed file has no places to read from, so it is unpacked into one without a name, which is gone when the hub ends, however it ends.
    /// </summary>
    private async Task<Verified<SafeFileHandle>> UnpackAsync(FoundFile place)
    {
        DataFolder.Create(folder.Datasets);
        var unpacked = Path.Combine(folder.Datasets, $".unpacked-{Guid.NewGuid():N}");
        using var target = OwnFile.CreateNew(unpacked);
        try
        {
            var handle = OwnFile.OpenHandle(unpacked);
            return new Verified<SafeFileHandle>(place, await CopyAsync(place, target), handle);
        }
        finally
        {
            File.Delete(unpacked);
        }
    }

    private sealed record Verified<T>(FoundFile Place, string Sha256, T Content);

    private sealed record Opened(IReadOnlyList<FoundFile> Found, Lazy<Task<DatasetOpening>> Opening);
}

/// <summary>A file of a data set as it was found on the disk.</summary>
/// <param name="Path">Where a person finds it.</param>
/// <param name="Key">Its key in the store; null where it lies in the cache.</param>
public sealed record FoundFile(DatasetFile File, string Path, long Length, DateTime ChangedAt, ArtifactKey? Key = null)
{
    public bool IsCompressed => Path.EndsWith(DatasetFile.GzipEnding, StringComparison.Ordinal);
}
