using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Text;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Datasets;

namespace ExperimentHub.Web.Tests.Datasets;

public sealed class DatasetImagesTests
{
    private const string Path = "/api/v1/datasets/tiny/images";

    [Fact]
    public async Task Draw_TwoImagesInARow_StandSideBySide()
    {
        await using var app = await WithTinyAsync();

        var (width, height, pixels) = await DrawAsync(app, "?split=train&indexes=1,4");

        Assert.Equal((6, 2), (width, height));
        Assert.Equal([10, 11, 12, 40, 41, 42, 13, 14, 15, 43, 44, 45], pixels);
    }

    [Fact]
    public async Task Draw_MoreImagesThanColumns_GoOnInTheNextRowAndLeaveTheRestBlack()
    {
        await using var app = await WithTinyAsync();

        var (width, height, pixels) = await DrawAsync(app, "?split=train&indexes=0,1,2&columns=2");

        Assert.Equal((6, 4), (width, height));
        Assert.Equal([20, 21, 22, 0, 0, 0, 23, 24, 25, 0, 0, 0], pixels[12..]);
    }

    [Fact]
    public async Task Draw_OtherSplit_ReadsTheOtherFile()
    {
        await using var app = await WithTinyAsync(compressed: true);
        using var client = app.CreateClient();

        Assert.Equal(2, (await DrawAsync(app, "?split=test&indexes=1")).Height);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync($"{Path}?split=test&indexes=2")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"{Path}?split=train&indexes=2")).StatusCode);
    }

    [Theory]
    [InlineData("?indexes=1", "split")]
    [InlineData("?split=validation&indexes=1", "split")]
    [InlineData("?split=train", "indexes")]
    [InlineData("?split=train&indexes=-1", "indexes")]
    [InlineData("?split=train&indexes=6", "indexes")]
    [InlineData("?split=train&indexes=1;2", "indexes")]
    [InlineData("?split=train&indexes=99999999999", "indexes")]
    [InlineData("?split=train&indexes=1&columns=0", "columns")]
    [InlineData("?split=train&indexes=1&columns=1001", "columns")]
    public async Task Draw_WhatCannotBeDrawn_IsRefusedByName(string query, string field)
    {
        await using var app = await WithTinyAsync();

        var (response, body) = await app.GetAsync(Path + query);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotNull(body!["errors"]![field]);
    }

    [Fact]
    public async Task Draw_TooManyImages_IsRefused()
    {
        await using var app = await WithTinyAsync();

        var (response, body) = await app.GetAsync($"{Path}?split=train&indexes={string.Join(',', Enumerable.Repeat(0, 1_001))}");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("1,000", (string)body!["errors"]!["indexes"]![0]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../tiny")]
    [InlineData("..%2ftiny")]
    [InlineData("nothing")]
    [InlineData(".incoming-1")]
    public async Task Draw_UnknownKey_Is404(string key)
    {
        await using var app = await WithTinyAsync();
        using var client = app.CreateClient();

        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/api/v1/datasets/{key}/images?split=train&indexes=0")).StatusCode);
    }

    [Fact]
    public async Task Draw_DataSetNotOnThisMachine_Is409AndSaysWhatToDo()
    {
        await using var app = new HubApp();

        var (response, body) = await app.GetAsync("/api/v1/datasets/kmnist/images?split=train&indexes=0");

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("Fetch it", (string)body!["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Draw_FileChangedOnTheDisk_IsNotShown()
    {
        await using var app = await WithTinyAsync();
        Assert.Equal(2, (await DrawAsync(app, "?split=train&indexes=0")).Height);
        var path = System.IO.Path.Combine(app.Folder.Datasets, "tiny", DatasetFile.UsualNames[0]);
        var other = await File.ReadAllBytesAsync(path);
        other[^1] ^= 1;
        await File.WriteAllBytesAsync(path, other);
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(1));

        var (response, body) = await app.GetAsync($"{Path}?split=train&indexes=0");

        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        Assert.Contains("SHA-256", (string)body!["detail"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Draw_WithTheVersion_MayBeKeptForEver_AndTheTagSparesTheBytes()
    {
        await using var app = await WithTinyAsync();
        using var client = app.CreateClient();
        var version = (await app.Get<DatasetFiles>().OpenAsync(app.Get<DatasetLibrary>().Find("tiny")!)).Dataset!.Sha256;

        var known = await client.GetAsync($"{Path}?split=train&indexes=0&version={version[..16]}");
        var unknown = await client.GetAsync($"{Path}?split=train&indexes=0");
        using var again = new HttpRequestMessage(HttpMethod.Get, $"{Path}?split=train&indexes=0");
        again.Headers.IfNoneMatch.Add(known.Headers.ETag!);

        Assert.Contains("immutable", known.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.True(unknown.Headers.CacheControl!.NoCache);
        Assert.Equal(HttpStatusCode.NotModified, (await client.SendAsync(again)).StatusCode);
    }

    private static async Task<HubApp> WithTinyAsync(bool compressed = false)
    {
        var app = new HubApp();
        await TinyIdx.AddAsync(app.Get<DatasetLibrary>(), app.Folder, compressed);
        return app;
    }

    /// <summary>Reads the PNG with nothing but the standard's words: chunks, checksums, unfiltered rows.</summary>
    private static async Task<(int Width, int Height, byte[] Pixels)> DrawAsync(HubApp app, string query)
    {
        using var client = app.CreateClient();
        var response = await client.GetAsync(Path + query);
        Assert.Equal((HttpStatusCode.OK, "image/png"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var png = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], png[..8]);
        var chunks = new Dictionary<string, byte[]>();
        for (var at = 8; at < png.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            var typeAndContent = png.AsSpan(at + 4, 4 + length);
            Assert.Equal(BinaryPrimitives.ReadUInt32BigEndian(png.AsSpan(at + 8 + length)), Crc(typeAndContent));
            chunks.Add(Encoding.ASCII.GetString(typeAndContent[..4]), typeAndContent[4..].ToArray());
            at += 12 + length;
        }

        Assert.Equal(["IHDR", "IDAT", "IEND"], chunks.Keys);
        Assert.Equal([8, 0, 0, 0, 0], chunks["IHDR"][8..]);
        var (width, height) = (BinaryPrimitives.ReadInt32BigEndian(chunks["IHDR"]), BinaryPrimitives.ReadInt32BigEndian(chunks["IHDR"].AsSpan(4)));
        using var rows = new MemoryStream();
        await using (var inflate = new ZLibStream(new MemoryStream(chunks["IDAT"]), CompressionMode.Decompress))
            await inflate.CopyToAsync(rows);
        Assert.Equal(height * (width + 1), rows.Length);
        return (width, height, [.. rows.ToArray().Chunk(width + 1).SelectMany(row => row[1..])]);
    }

    /// <summary>The standard's checksum, bit by bit.</summary>
    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0xedb88320 : crc >> 1;
        }

        return ~crc;
    }
}
