using System.IO.Compression;
using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>
/// A folder into which a package of the operating system put the files, gzip-compressed anew, so that only their content is the published one.
/// </summary>
internal sealed class SystemPackageSource(string installed) : IDatasetSource
{
    public string Name => $"this machine's package in {installed}";

    public async Task FetchAsync(IReadOnlyList<DatasetFile> files, string folder, FetchProgress progress, CancellationToken stop)
    {
        foreach (var file in files)
        {
            var compressed = Path.Combine(installed, file.Name + DatasetFile.GzipEnding);
            try
            {
                await using var content = new BoundedStream(new GZipStream(File.OpenRead(compressed), CompressionMode.Decompress), file.Size,
                    read => progress.Report($"Unpacking {file.Name} from {installed}", (double)read / file.Size));
                await using var target = new FileStream(Path.Combine(folder, file.Name), FileMode.CreateNew, FileAccess.Write);
                await content.CopyToAsync(target, stop);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                throw new DatasetSourceException($"{compressed}: {failure.Message}", failure);
            }
        }
    }
}
