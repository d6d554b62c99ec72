using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Datasets;

namespace ExperimentHub.Web.Tests.Datasets;

/// <summary>A data set that fits on a page: pictures of 2 x 3 pixels in two classes, six to train and two to test.</summary>
internal static class TinyIdx
{
    public const int Height = 2;
    public const int Width = 3;
    private const int PixelsOfAnImage = Height * Width;

    /// <summary>Pixel <c>p</c> of image <c>i</c> is <c>10 i + p</c>.</summary>
    public static byte[] Images(int count) =>
        [.. Header(0x803, (uint)count, Height, Width), .. Enumerable.Range(0, count * PixelsOfAnImage)
            .Select(i => (byte)(i / PixelsOfAnImage * 10 + i % PixelsOfAnImage))];

    public static byte[] Labels(params byte[] labels) => [.. Header(0x801, (uint)labels.Length), .. labels];

    /// <summary>The four files by the fields of an upload.</summary>
    public static Dictionary<string, byte[]> Files() => new()
    {
        ["trainImages"] = Images(6),
        ["trainLabels"] = Labels(0, 1, 0, 1, 1, 0),
        ["testImages"] = Images(2),
        ["testLabels"] = Labels(1, 0),
    };

    /// <summary>Puts it into a hub's library.</summary>
    public static async Task AddAsync(DatasetLibrary library, DataFolder folder, bool compressed = false)
    {
        var incoming = Path.Combine(folder.Root, "tiny-incoming");
        DataFolder.Create(folder.Datasets);
        DataFolder.Create(incoming);
        byte[][] files = [.. Files().Values];
        for (var i = 0; i < files.Length; i++)
            await File.WriteAllBytesAsync(Path.Combine(incoming, DatasetFile.UsualNames[i] + (compressed ? ".gz" : "")),
                compressed ? Gzip(files[i]) : files[i]);
        await library.AddAsync(new OwnDataset
        {
            Key = "tiny",
            Name = "Tiny",
            TrainSamples = 6,
            TestSamples = 2,
            Classes = 2,
            Height = Height,
            Width = Width,
            ClassNames = [],
        }.With([.. files.Select(file => Convert.ToHexStringLower(SHA256.HashData(file)))]), incoming);
    }

    public static byte[] Header(params uint[] fields)
    {
        var bytes = new byte[fields.Length * 4];
        for (var i = 0; i < fields.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * 4), fields[i]);
        return bytes;
    }

    public static byte[] Gzip(byte[] content)
    {
        using var file = new MemoryStream();
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
            gzip.Write(content);
        return file.ToArray();
    }
}
