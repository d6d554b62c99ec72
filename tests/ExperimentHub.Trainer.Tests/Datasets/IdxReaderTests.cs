using System.Buffers.Binary;
using System.IO.Compression;
using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Trainer.Tests.Datasets;

public sealed class IdxReaderTests
{
    private static readonly byte[] TwoImages = [.. Header(0x803, 2, 2, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    private static readonly byte[] TwoLabels = [.. Header(0x801, 2), 7, 9];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReadImages_ValidFile_GivesPixelsAndShape(bool compressed)
    {
        var images = IdxReader.ReadImages(File(TwoImages, compressed));

        Assert.Equal((2, 2, 3), (images.Count, images.Height, images.Width));
        Assert.Equal(TwoImages[16..], images.Pixels);
    }

    [Fact]
    public void ReadLabels_ValidFile_GivesLabels() => Assert.Equal([7, 9], IdxReader.ReadLabels(File(TwoLabels, compressed: false), 10));

    public static TheoryData<string, byte[], string> BadImages() => new()
    {
        { "empty", [], "empty" },
        { "half a header", TwoImages[..10], "header" },
        { "header only", TwoImages[..16], "cannot hold more than 0" },
        { "truncated", TwoImages[..^1], "cannot hold more than 11" },
        { "trailing byte", [.. TwoImages, 0], "goes on" },
        { "labels", TwoLabels, "header" },
        { "labels' magic", [.. Header(0x801, 2, 2, 3), .. new byte[12]], "0x00000803" },
        { "little-endian magic", [3, 8, 0, 0, .. TwoImages[4..]], "starts with" },
        { "no images", Header(0x803, 0, 2, 3), "number of images is 0" },
        { "no rows", Header(0x803, 2, 0, 3), "height is 0" },
        { "no columns", Header(0x803, 2, 3, 0), "width is 0" },
        { "too many images", Header(0x803, 10_000_001, 1, 1), "from 1 to 10000000" },
        { "negative as unsigned", Header(0x803, uint.MaxValue, 1, 1), "from 1 to 10000000" },
        { "too high", Header(0x803, 1, 4_097, 1), "from 1 to 4096" },
        { "product beyond 32 bits", Header(0x803, 1 << 20, 1 << 12, 1 << 12), "at most" },
        { "promises a gigabyte", Header(0x803, 64, 4_096, 4_096), "cannot hold" },
    };

    [Theory]
    [MemberData(nameof(BadImages))]
    public void ReadImages_BadFile_SaysWhatIsWrong(string what, byte[] content, string reason) =>
        Assert.True(Refusal(() => IdxReader.ReadImages(File(content, compressed: false))).Contains(reason, StringComparison.Ordinal), what);

    [Theory]
    [InlineData(new byte[] { 0, 10 }, "Label 1 is 10; labels must be from 0 to 9")]
    [InlineData(new byte[] { 200, 0 }, "Label 0 is 200")]
    public void ReadLabels_LabelOutOfRange_NamesIt(byte[] labels, string reason) =>
        Assert.Contains(reason, Refusal(() => IdxReader.ReadLabels(File([.. Header(0x801, 2), .. labels], compressed: false), 10)),
            StringComparison.Ordinal);

    [Fact]
    public void ReadPair_DifferentCounts_AreRefused() => Assert.Contains("2 images but 1 labels",
        Refusal(() => IdxReader.ReadPair(File(TwoImages, compressed: false), File([.. Header(0x801, 1), 3], compressed: false), 10)),
        StringComparison.Ordinal);

    [Fact]
    public void ReadImages_GzipBomb_IsRefusedAfterThePromisedSize()
    {
        // 100 MB of zeros after two honest images; reading on would show in the time and the memory.
        var bomb = File([.. TwoImages, .. new byte[100_000_000]], compressed: true);

        Assert.Contains("goes on", Refusal(() => IdxReader.ReadImages(bomb)), StringComparison.Ordinal);
        Assert.True(bomb.Position < bomb.Length || bomb.Length < 200_000);
    }

    [Fact]
    public void ReadImages_SmallGzipThatPromisesAGigabyte_IsRefusedBeforeMemoryIsTaken()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains("cannot hold", Refusal(() => IdxReader.ReadImages(File(Header(0x803, 64, 4_096, 4_096), compressed: true))),
            StringComparison.Ordinal);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    public static TheoryData<string, byte[], string> BadGzip() => new()
    {
        { "truncated", Gzip(TwoImages)[..^12], "" },
        { "garbage after the end", [.. Gzip(TwoImages), .. "garbage"u8], "neither gzip nor zeros" },
        { "one odd byte after the end", [.. Gzip(TwoImages), 7], "neither gzip nor zeros" },
        { "garbage after zeros", [.. Gzip(TwoImages), .. new byte[20_000], 1], "neither gzip nor zeros" },
        { "two files in a row", [.. Gzip(TwoImages), .. Gzip(TwoImages)], "goes on" },
        { "a second member without its end", [.. Gzip(TwoImages[..20]), .. Gzip(TwoImages[20..])[..^3]], "damaged or cut off" },
        { "a second member's checksum", [.. Gzip(TwoImages[..20]), .. Flip(Gzip(TwoImages[20..]))], "damaged or cut off" },
        { "half of a second header", [.. Gzip(TwoImages), .. Gzip([])[..5]], "damaged or cut off" },
        { "a header that never ends", [0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3, .. "name"u8], "damaged or cut off" },
        { "more members than anybody makes", [.. Gzip(TwoImages), .. Enumerable.Repeat(Gzip([]), 100_001).SelectMany(member => member)], "in a row" },
        { "flipped bits", Flip(Gzip(TwoImages)), "" },
        { "magic only", [0x1f, 0x8b], "" },
    };

    /// <summary>What gunzip and Python read.</summary>
    public static TheoryData<string, byte[]> GoodGzip() => new()
    {
        { "two members", [.. Gzip(TwoImages[..20]), .. Gzip(TwoImages[20..])] },
        { "a member for each byte", [.. TwoImages.SelectMany(one => Gzip([one]))] },
        { "empty members before, between and behind",
            [.. Gzip([]), .. Gzip(TwoImages[..5]), .. Gzip([]), .. Gzip([]), .. Gzip(TwoImages[5..]), .. Gzip([])] },
        { "one zero behind", [.. Gzip(TwoImages), 0] },
        { "a tape's block of zeros behind", [.. Gzip(TwoImages), .. new byte[10_240]] },
        { "bgzip", [.. Bgzip(TwoImages[..20]), .. Bgzip(TwoImages[20..]), .. Bgzip([])] },
        { "bgzip, padded", [.. Bgzip(TwoImages), .. Bgzip([]), .. new byte[512]] },
        { "every field in the header", [0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 1, 2, 3, 4, 0, 3, 3, 0, 0x1f, 0x8b, 8, .. "name.gz\0a comment\0"u8, 9, 9,
            .. Gzip(TwoImages)[10..]] },
    };

    [Theory]
    [MemberData(nameof(GoodGzip))]
    public void ReadImages_GzipAsOtherProgramsWriteIt_IsRead(string what, byte[] content)
    {
        var images = IdxReader.ReadImages(new MemoryStream(content));
        Assert.True(TwoImages.AsSpan(16).SequenceEqual(images.Pixels), what);
    }

    /// <summary>A member's end may lie anywhere in what was taken from the file at once.</summary>
    [Fact]
    public void ReadImages_MembersOfRandomSizes_AreRead()
    {
        var random = new Random(26);
        byte[] content = [.. Header(0x803, 100, 50, 60), .. new byte[300_000]];
        random.NextBytes(content.AsSpan(16));
        for (var round = 0; round < 20; round++)
        {
            using var file = new MemoryStream();
            for (var at = 0; at < content.Length;)
            {
                var size = Math.Min(content.Length - at, random.Next(1, 40_000));
                file.Write(random.Next(2) == 0 ? Gzip(content[at..(at + size)]) : Bgzip(content[at..(at + size)]));
                at += size;
            }

            file.Write(new byte[random.Next(3) * 400]);
            file.Position = 0;
            Assert.True(content.AsSpan(16).SequenceEqual(IdxReader.ReadImages(file).Pixels));
        }
    }

    [Theory]
    [MemberData(nameof(BadGzip))]
    public void ReadImages_BadGzip_IsRefused(string what, byte[] content, string reason) =>
        Assert.True(Refusal(() => IdxReader.ReadImages(new MemoryStream(content))).Contains(reason, StringComparison.Ordinal), what);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CopyImages_GoodFile_IsWrittenUncompressed(bool compressed)
    {
        using var target = new MemoryStream();

        var shape = IdxReader.CopyImages(File(TwoImages, compressed), target);

        Assert.Equal(2, shape.Count);
        Assert.Equal(TwoImages, target.ToArray());
    }

    [Theory]
    [MemberData(nameof(BadImages))]
    public void CopyImages_BadFile_SaysWhatIsWrong(string what, byte[] content, string reason) =>
        Assert.True(Refusal(() => IdxReader.CopyImages(File(content, compressed: false), Stream.Null))
            .Contains(reason, StringComparison.Ordinal), what);

    [Fact]
    public void CopyImages_GzipBomb_WritesNoMoreThanItsHeaderPromises()
    {
        using var target = new MemoryStream();

        Assert.Contains("goes on", Refusal(() => IdxReader.CopyImages(File([.. TwoImages, .. new byte[100_000_000]], compressed: true), target)),
            StringComparison.Ordinal);

        Assert.Equal(TwoImages.Length, target.Length);
    }

    private static string Refusal(Action read) => Assert.Throws<IdxFormatException>(read).Message;

    private static MemoryStream File(byte[] content, bool compressed) => new(compressed ? Gzip(content) : content);

    private static byte[] Header(params uint[] fields)
    {
        var bytes = new byte[fields.Length * 4];
        for (var i = 0; i < fields.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * 4), fields[i]);
        return bytes;
    }

    private static byte[] Gzip(byte[] content)
    {
        // The framework writes nothing at all for nothing.
        if (content.Length == 0)
            return [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, .. new byte[8]];
        using var file = new MemoryStream();
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
            gzip.Write(content);
        return file.ToArray();
    }

    /// <summary>A block as bgzip writes it: a gzip file with its own size in an extra field.</summary>
    private static byte[] Bgzip(byte[] content)
    {
        var gzip = Gzip(content);
        var deflated = gzip[10..];
        var size = 18 + deflated.Length - 1;
        return [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, (byte)'B', (byte)'C', 2, 0, (byte)size, (byte)(size >> 8), .. deflated];
    }

    private static byte[] Flip(byte[] file)
    {
        file[^6] ^= 0xff; // in the checksum
        return file;
    }
}
