using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Trainer.Datasets;

namespace ExperimentHub.Trainer.Tests.Datasets;

public sealed class DatasetStoreTests : IDisposable
{
    private static readonly Dictionary<string, byte[]> Content = new()
    {
        ["train-images"] = Idx(0x803, [3, 2, 2], 12), ["train-labels"] = Idx(0x801, [3], 3), ["test-images"] = Idx(0x803, [1, 2, 2], 4),
        ["test-labels"] = Idx(0x801, [1], 1),
    };

    private static readonly DatasetInfo Tiny = new("tiny", "Tiny", 3, 1, 10, 2, 2,
        [.. Content.Select(file => new DatasetFile(file.Key, file.Value.Length, Convert.ToHexStringLower(SHA256.HashData(file.Value))))],
        [new Uri("https://one.example/"), new Uri("https://two.example/")], "tiny@1.0.0");

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];
    private readonly List<string> _reports = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("tiny", false)]
    [InlineData("tiny", true)]
    public async Task LoadAsync_FilesAlreadyThere_AreUsedAndNoSourceIsAsked(string subfolder, bool compressed)
    {
        Directory.CreateDirectory(_folder[subfolder]);
        foreach (var (name, bytes) in Content)
            File.WriteAllBytes(Path.Combine(_folder[subfolder], compressed ? name + ".gz" : name), compressed ? Gzip(bytes) : bytes);
        var source = new FakeSource("mirror", Content);

        var data = await LoadAsync(source);

        Assert.Equal((3, 1), (data.Train.Count, data.Test.Count));
        Assert.Equal(0, source.Asked);
    }

    [Fact]
    public async Task LoadAsync_NothingThere_AsksSourcesInOrderUntilAllFilesAreThere()
    {
        var closed = new FakeSource("closed", [], "no route");
        var partial = new FakeSource("partial", Content.Take(2).ToDictionary());
        var full = new FakeSource("full", Content);
        var last = new FakeSource("last", Content);

        var data = await LoadAsync(closed, partial, full, last);

        Assert.Equal(3, data.Train.Count);
        Assert.Equal((1, 1, 1, 0), (closed.Asked, partial.Asked, full.Asked, last.Asked));
        Assert.Equal(["test-images", "test-labels"], full.LastRequest);
        Assert.Equal(Content.Keys.Order(), Directory.EnumerateFileSystemEntries(_folder["tiny"]).Select(Path.GetFileName)
            .Where(name => name != ".lock").Order());
    }

    [Fact]
    public async Task LoadAsync_SecondTime_UsesTheCache()
    {
        await LoadAsync(new FakeSource("first", Content));
        var second = new FakeSource("second", Content);

        await LoadAsync(second);

        Assert.Equal(0, second.Asked);
    }

    [Fact]
    public async Task LoadAsync_CachedFileDamaged_IsFetchedAgain()
    {
        await LoadAsync(new FakeSource("first", Content));
        var path = Path.Combine(_folder["tiny"], "train-labels");
        File.WriteAllBytes(path, [.. Content["train-labels"][..^1], 9]);

        await LoadAsync(new FakeSource("second", Content));

        Assert.Equal(Content["train-labels"], File.ReadAllBytes(path));
        Assert.Contains(_log, line => line.Contains("SHA-256", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("other content", "SHA-256")]
    [InlineData("shorter", "shorter")]
    [InlineData("longer", "longer")]
    public async Task LoadAsync_SourceGivesWrongFile_NextSourceIsAsked(string kind, string reason)
    {
        var labels = Content["train-labels"];
        byte[] wrong = kind switch { "shorter" => labels[..^1], "longer" => [.. labels, 0], _ => [.. labels[..^1], 9] };
        var bad = new FakeSource("bad", new(Content) { ["train-labels"] = wrong });
        var good = new FakeSource("good", Content);

        await LoadAsync(bad, good);

        Assert.Equal(["train-labels"], good.LastRequest);
        Assert.Contains(_log, line => line.Contains("bad", StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task LoadAsync_AllSourcesFail_NamesEachWithItsReasonAndTheRemedy()
    {
        var failure = await Assert.ThrowsAsync<TrainingFailure>(() =>
            LoadAsync(new FakeSource("one.example", [], "no route"), new FakeSource("npm package tiny@1.0.0", [], "npm is not installed")));

        var lines = failure.Message.Split('\n');
        Assert.Contains("- one.example: no route", lines);
        Assert.Contains("- npm package tiny@1.0.0: npm is not installed", lines);
        Assert.Contains(_folder["tiny"], failure.Remedy, StringComparison.Ordinal);
        Assert.Contains("one.example or two.example", failure.Remedy, StringComparison.Ordinal);
        Assert.Contains("train-images", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoadAsync_LeftoverOfAKilledDownload_IsRemoved()
    {
        Directory.CreateDirectory(Path.Combine(_folder["tiny"], ".incoming-old"));

        await LoadAsync(new FakeSource("mirror", Content));

        Assert.Empty(Directory.EnumerateDirectories(_folder["tiny"]));
    }

    [Fact]
    public async Task LoadAsync_AnotherTrainerIsFetching_WaitsAndUsesItsFiles()
    {
        var first = new FakeSource("first", Content, release: new TaskCompletionSource());
        var second = new FakeSource("second", Content);
        var loading = LoadAsync(first);
        await first.WasAsked.Task;

        var waiting = LoadAsync(second);
        Assert.Contains(_reports, report => report.StartsWith("Waiting", StringComparison.Ordinal));
        first.Release!.SetResult();

        await Task.WhenAll(loading, waiting);
        Assert.Equal(0, second.Asked);
    }

    [Fact]
    public async Task LoadAsync_StopWhileFetching_EndsAtOnce()
    {
        using var stop = new CancellationTokenSource();
        var slow = new FakeSource("slow", Content, release: new TaskCompletionSource());
        var loading = Store(slow).LoadAsync(Tiny, stop.Token);
        await slow.WasAsked.Task;

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => loading);
    }

    [Fact]
    public async Task LoadAsync_Files_GiveTheDataSetsIdentity()
    {
        var data = await LoadAsync(new FakeSource("mirror", Content));

        // As sha256sum says of the four files, one hash in a line.
        var lines = string.Concat(Content.Values.Select(file => Convert.ToHexStringLower(SHA256.HashData(file)) + "\n"));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(lines))), data.Sha256);
        Assert.Equal(Tiny.Sha256, data.Sha256);
    }

    [Fact]
    public async Task LoadAsync_OnlyMd5Published_KeepsTheFilesAsTheyWereSentAndChecksThemEachTime()
    {
        var sent = Content.ToDictionary(file => file.Key + ".gz", file => Gzip(file.Value));
        var source = new FakeSource("mirror", sent);

        var data = await Store(source).LoadAsync(OnlyMd5(sent), CancellationToken.None);

        Assert.Equal(Tiny.Sha256, data.Sha256);
        Assert.Equal(sent.Keys.Order(), Directory.EnumerateFiles(_folder["tiny"]).Select(Path.GetFileName).Where(name => name != ".lock").Order());
        var path = Path.Combine(_folder["tiny"], "train-labels.gz");
        File.WriteAllBytes(path, Gzip([.. Content["train-labels"][..^1], 9]));
        await Store(source).LoadAsync(OnlyMd5(sent), CancellationToken.None);
        Assert.Equal(2, source.Asked);
        Assert.Equal(sent["train-labels.gz"], File.ReadAllBytes(path));
        Assert.Contains(_log, line => line.Contains("MD5", StringComparison.Ordinal));
    }

    [Fact]
    public async Task LoadAsync_OnlyMd5Published_UncompressedFileOfAPersonIsNotTrusted()
    {
        var sent = Content.ToDictionary(file => file.Key + ".gz", file => Gzip(file.Value));
        foreach (var (name, bytes) in Content)
            File.WriteAllBytes(_folder[name], bytes);
        var source = new FakeSource("mirror", sent);

        await Store(source).LoadAsync(OnlyMd5(sent), CancellationToken.None);

        Assert.Equal(1, source.Asked);
    }

    [Fact]
    public async Task LoadAsync_HubsOwnDataSetChanged_SaysWhatToDoAndWritesNothing()
    {
        var failure = await Assert.ThrowsAsync<TrainingFailure>(() => LoadAsync());

        Assert.Contains("upload it again", failure.Remedy, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task SystemPackage_RecompressedFiles_AreUnpackedIntoTheCache()
    {
        Directory.CreateDirectory(_folder["package"]);
        foreach (var (name, bytes) in Content)
            File.WriteAllBytes(Path.Combine(_folder["package"], name + ".gz"), Gzip(bytes));
        var store = new DatasetStore(_folder["cache"], _ => [new SystemPackageSource(_folder["package"])],
            new FetchProgress((_, _) => { }, () => { }), _log.Add);

        var data = await store.LoadAsync(Tiny, CancellationToken.None);

        Assert.Equal(3, data.Train.Count);
        Assert.Equal(Content["train-images"], File.ReadAllBytes(Path.Combine(_folder["cache"], "tiny", "train-images")));
    }

    [Fact]
    public async Task SystemPackage_FileMissingOrLonger_IsAReason()
    {
        Directory.CreateDirectory(_folder["package"]);
        var source = new SystemPackageSource(_folder["package"]);
        Assert.Contains("train-images.gz", (await Assert.ThrowsAsync<DatasetSourceException>(FetchAsync)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(Path.Combine(_folder["package"], "train-images.gz"), Gzip(new byte[5_000_000]));
        Assert.Contains("more than the expected", (await Assert.ThrowsAsync<DatasetSourceException>(FetchAsync)).Message, StringComparison.Ordinal);

        Task FetchAsync() =>
            source.FetchAsync([Tiny.TrainImages], Directory.CreateDirectory(_folder[Guid.NewGuid().ToString("N")]).FullName,
                new FetchProgress((_, _) => { }, () => { }), CancellationToken.None);
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "It is what was published.")]
    private static DatasetInfo OnlyMd5(Dictionary<string, byte[]> sent) => Tiny with
    {
        Files = [.. Tiny.Files.Select(file => new DatasetFile(file.Name, file.Size, null,
            Convert.ToHexStringLower(MD5.HashData(sent[file.Name + ".gz"]))))],
    };

    internal static byte[] Gzip(byte[] content)
    {
        using var file = new MemoryStream();
        using (var gzip = new GZipStream(file, CompressionLevel.Fastest))
            gzip.Write(content);
        return file.ToArray();
    }

    private Task<ImageData> LoadAsync(params IDatasetSource[] sources) => Store(sources).LoadAsync(Tiny, CancellationToken.None);

    private DatasetStore Store(params IDatasetSource[] sources) =>
        new(_folder.Path, _ => sources, new FetchProgress((report, _) => _reports.Add(report), () => { }), _log.Add);

    private static byte[] Idx(uint magic, uint[] sizes, int length)
    {
        uint[] header = [magic, .. sizes];
        var bytes = new byte[header.Length * 4 + length];
        for (var i = 0; i < header.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * 4), header[i]);
        return bytes;
    }

    private sealed class FakeSource(string name, Dictionary<string, byte[]> content, string? failure = null, TaskCompletionSource? release = null)
        : IDatasetSource
    {
        public string Name => name;
        public int Asked { get; private set; }
        public IReadOnlyList<string> LastRequest { get; private set; } = [];
        public TaskCompletionSource WasAsked { get; } = new();
        public TaskCompletionSource? Release => release;

        public async Task FetchAsync(IReadOnlyList<DatasetFile> files, string folder, FetchProgress progress, CancellationToken stop)
        {
            Asked++;
            LastRequest = [.. files.Select(file => file.Name)];
            WasAsked.TrySetResult();
            if (release is not null)
                await release.Task.WaitAsync(stop);
            foreach (var sent in files.SelectMany(file => new[] { file.Name, file.Name + ".gz" }).Where(content.ContainsKey))
                await File.WriteAllBytesAsync(Path.Combine(folder, sent), content[sent], stop);
            if (failure is not null)
                throw new DatasetSourceException(failure);
        }
    }
}
