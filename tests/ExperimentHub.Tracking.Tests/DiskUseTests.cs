using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Tests;

public sealed class DiskUseTests : IDisposable
{
    private readonly DataFolder _folder = new(Path.Combine(Path.GetTempPath(), $"disk-use-{Guid.NewGuid():N}"));
    private readonly FolderArtifactStore _store;
    private readonly SetClock _clock = new();

    public DiskUseTests() => _store = new FolderArtifactStore(_folder.Root);

    [Fact]
    public async Task DiskUse_OfAFullFolder_CountsEachFileOnceForWhatItIs()
    {
        var run = RunId.New(TimeProvider.System);
        Write(_folder.HubDatabase, 1000);
        Write($"{_folder.HubDatabase}-wal", 200);
        Write(_folder.QuartzDatabase, 30);
        Write(Path.Combine(_folder.CheckpointFolder(run), "epoch-0001.safetensors"), 5000);
        Write(Path.Combine(_folder.CheckpointFolder(run), "epoch-0001.state.safetensors"), 600);
        Write(_folder.LogFile(run, 1), 70);
        Write(_folder.LogFile(run, 2), 8);
        Write(Path.Combine(_folder.Keys, "key.xml"), 900);
        Write(_folder.LockFile, 4);
        var figures = await new DiskUse(_folder, _store, _clock).ReadAsync();
        Assert.Equal((1230, 5600, 78, 6908), (figures.Database, figures.Checkpoints, figures.Logs, figures.Total));
        Assert.True(figures.Free > 0);
    }

    [Fact]
    public async Task DiskUse_OfANewFolder_IsNothing() =>
        Assert.Equal(0, (await new DiskUse(_folder, _store, _clock).ReadAsync()).Total);

    [Fact]
    public async Task DiskUse_LinkInARunsFolder_IsNotFollowed()
    {
        var run = RunId.New(TimeProvider.System);
        DataFolder.Create(_folder.CheckpointFolder(run));
        Write(Path.Combine(_folder.Keys, "key.xml"), 900);
        Directory.CreateSymbolicLink(Path.Combine(_folder.RunFolder(run), "elsewhere"), _folder.Keys);
        Assert.Equal(0, (await new DiskUse(_folder, _store, _clock).ReadAsync()).Total);
    }

    [Fact]
    public async Task DiskUse_AskedAgain_CountsOnlyWhenTheFiguresAreOld()
    {
        var disk = new DiskUse(_folder, _store, _clock);
        Write(_folder.HubDatabase, 10);
        Assert.Equal(10, (await disk.ReadAsync()).Database);
        Write(_folder.HubDatabase, 20);
        _clock.Now += DiskUse.KeptFor - TimeSpan.FromSeconds(1);
        Assert.Equal(10, (await disk.ReadAsync()).Database);
        _clock.Now += TimeSpan.FromSeconds(1);
        Assert.Equal(20, (await disk.ReadAsync()).Database);
    }

    [Fact]
    public async Task DiskUse_AfterFilesWereRemoved_IsCountedAgainAtOnceAndSaysSo()
    {
        var run = RunId.New(TimeProvider.System);
        Write(Path.Combine(_folder.CheckpointFolder(run), "epoch-0001.safetensors"), 5000);
        using var disk = new DiskUse(_folder, _store, _clock);
        Assert.Equal(5000, (await disk.ReadAsync()).Checkpoints);
        var told = 0;
        disk.Changed += () => told++;
        Assert.Equal(await _store.SizeAsync([ArtifactKey.OfRun(run)], TestContext.Current.CancellationToken),
            await _store.DeleteAllAsync(ArtifactKey.OfRun(run), TestContext.Current.CancellationToken));
        Assert.Equal((1, 0), (told, (await disk.ReadAsync()).Checkpoints));
        Assert.Equal(0, await _store.DeleteAllAsync(ArtifactKey.OfRun(run), TestContext.Current.CancellationToken));
        Assert.Equal(1, told);
    }

    [Fact]
    public async Task DiskUse_UploadedDataSets_BelongToTheTotal()
    {
        Write(Path.Combine(_folder.Datasets, "mine", "train-images"), 300);
        var figures = await new DiskUse(_folder, _store, _clock).ReadAsync();
        Assert.Equal((300, 300), (figures.Datasets, figures.Total));
    }

    public void Dispose() => Directory.Delete(_folder.Root, recursive: true);

    private static void Write(string path, int bytes)
    {
        DataFolder.Create(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, new byte[bytes]);
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
