using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Security.Cryptography;
using ExperimentHub.Protocol.Files;

namespace ExperimentHub.Protocol.Datasets;

/// <summary>Finds the files of data sets on the disk and takes none on trust.</summary>
public static class VerifiedFile
{
    /// <summary>Where a file may lie: in the data set's own folder or, put there by a person, in the folder above; uncompressed or as .gz.</summary>
    public static IEnumerable<string> Places(string folder, DatasetInfo dataset, DatasetFile file)
    {
        string[] places = [Path.Combine(folder, dataset.Key, file.Name), Path.Combine(folder, file.Name)];
        return places.SelectMany(place => file.IsKeptCompressed ? [place + DatasetFile.GzipEnding] : new[] { place, place + DatasetFile.GzipEnding });
    }

    /// <summary>Writes the uncompressed content to a stream, never more than the file's size, while comparing it with what it must be.</summary>
    /// <param name="path">Ends with .gz where it is compressed.</param>
    /// <param name="target">Holds what was read so far when this throws.</param>
    /// <returns>SHA-256 of the content.</returns>
    /// <exception cref="InvalidDataException">It is another file; the message says in what it differs.</exception>
    public static string Copy(string path, DatasetFile file, Stream target)
    {
        using var raw = OwnFile.OpenRead(path, followLink: true);
        return Copy(raw, path.EndsWith(DatasetFile.GzipEnding, StringComparison.Ordinal), file, target);
    }

    /// <inheritdoc cref="Copy(string, DatasetFile, Stream)"/>
    /// <param name="raw">The file as it lies, at its start; it can seek. It may be closed when this returns.</param>
    /// <param name="compressed">It is a .gz.</param>
    public static string Copy(Stream raw, bool compressed, DatasetFile file, Stream target)
    {
        if (file.Sha256 is null)
        {
            if (!compressed)
                throw new InvalidDataException($"only the published {file.Name}{DatasetFile.GzipEnding} can be told from other files");
            var md5 = Md5(raw);
            if (md5 != file.GzipMd5)
                throw new InvalidDataException($"its MD5 is {md5}, the published one is {file.GzipMd5}");
            raw.Position = 0;
        }

        using Stream content = compressed ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        var sha256 = Copy(content, file.Size, target);
        return file.Sha256 is null || sha256 == file.Sha256
            ? sha256 : throw new InvalidDataException($"its SHA-256 is {sha256}, the recorded one is {file.Sha256}");
    }

    private static string Copy(Stream content, long size, Stream target)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            var left = size;
            for (int read; (read = content.Read(buffer)) > 0; left -= read)
            {
                if (read > left)
                    throw new InvalidDataException($"it is longer than the recorded {size} bytes");
                hash.AppendData(buffer.AsSpan(0, read));
                target.Write(buffer.AsSpan(0, read));
            }

            if (left > 0)
                throw new InvalidDataException($"it is shorter than the recorded {size} bytes");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    [SuppressMessage("Security", "CA5351", Justification = "It is what was published. It tells a damaged or wrong file, not a forged one.")]
    private static string Md5(Stream file) => Convert.ToHexStringLower(MD5.HashData(file));
}
