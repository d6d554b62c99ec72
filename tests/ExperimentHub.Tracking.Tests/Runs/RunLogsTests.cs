using System.Security.Cryptography;
using System.Text;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Runs;

public sealed class RunLogsTests
{
    [Fact]
    public async Task Write_NoRoomOnTheDisk_LeavesLinesOutAndSaysHowManyOnceThereIs()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (id, logs) = (RunId.New(TimeProvider.System), hub.Get<RunLogs>());
        var path = hub.Folder.LogFile(id, 1);
        Directory.CreateDirectory(hub.Folder.Logs);
        // Whatever is written there, the system refuses: no space left on device.
        File.CreateSymbolicLink(path, "/dev/full");

        using (var full = logs.Append(id, 1))
            full.Write("info", "lost");
        File.Delete(path);
        Directory.Delete(hub.Folder.Logs);
        File.WriteAllText(hub.Folder.Logs, "a file in the place of the folder");
        using var log = logs.Append(id, 1);
        log.Write("info", "one");
        log.Write("info", "two");
        File.Delete(hub.Folder.Logs);
        log.Write("info", "three");

        Assert.Equal(["2 lines could not be written here.", "three"], (await logs.TailAsync(id, 1, 10)).Select(line => line.Text));
    }

    [Fact]
    public async Task Keep_LogOfAnEndedAttempt_IsAnArtifactThatReadsTheSame()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (id, logs) = (await hub.EnqueueAsync(), hub.Get<RunLogs>());
        Write(logs, id);
        var before = await logs.TailAsync(id, 1, 10);
        var bytes = await File.ReadAllBytesAsync(hub.Folder.LogFile(id, 1));

        await logs.KeepAsync(id, 1);

        var artifact = Assert.Single(await ArtifactsAsync(hub));
        Assert.Equal(("attempt-1.log", bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))),
            (artifact.Name, (int)artifact.Size, artifact.Sha256));
        Assert.False(File.Exists(hub.Folder.LogFile(id, 1)));
        Assert.Equal(before, await logs.TailAsync(id, 1, 10));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Keep_AfterAKillOnItsWay_ComesToTheSameEnd(bool rowWasThere)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (id, logs) = (await hub.EnqueueAsync(), hub.Get<RunLogs>());
        Write(logs, id);
        var written = hub.Folder.LogFile(id, 1);
        var bytes = await File.ReadAllBytesAsync(written);
        await logs.KeepAsync(id, 1);
        await File.WriteAllBytesAsync(written, bytes);
        await using (var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync())
        {
            if (!rowWasThere)
                await db.Artifacts.ExecuteDeleteAsync();
        }

        Assert.Equal([(id, 1)], logs.Unkept());
        await logs.KeepAsync(id, 1);

        Assert.Single(await ArtifactsAsync(hub));
        Assert.Empty(logs.Unkept());
        Assert.Equal("one", Assert.Single(await logs.TailAsync(id, 1, 10)).Text);
    }

    [Fact]
    public async Task Keep_RunThatIsGone_LeavesNothing()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (id, logs) = (RunId.New(TimeProvider.System), hub.Get<RunLogs>());
        Write(logs, id);
        var bytes = new MemoryStream(Encoding.UTF8.GetBytes("from a call that was killed"));
        await hub.Get<ArtifactStore>().PutAsync(ArtifactKey.OfLog(id, 1), bytes, TestContext.Current.CancellationToken);

        await logs.KeepAsync(id, 1);

        Assert.Empty(logs.Unkept());
        Assert.Null(await logs.OpenAsync(id, 1, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Keep_WithoutALog_DoesNothing()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.EnqueueAsync();

        await hub.Get<RunLogs>().KeepAsync(id, 1);

        Assert.Empty(await ArtifactsAsync(hub));
    }

    [Fact]
    public async Task Tail_LogOfAnOlderHub_IsReadWithoutARow()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.EnqueueAsync();
        var old = Path.Combine(hub.Folder.RunFolder(id), "attempt-1.log");
        Directory.CreateDirectory(Path.GetDirectoryName(old)!);
        await File.WriteAllTextAsync(old, "2026-01-01T00:00:00.0000000Z\tinfo\told\n");

        Assert.Equal("old", Assert.Single(await hub.Get<RunLogs>().TailAsync(id, 1, 10)).Text);
    }

    [Theory]
    [InlineData("notes.log")]
    [InlineData("a-1.log")]
    [InlineData("01a22c8540c77c2b8c519561963e6fb1-x.log")]
    [InlineData("01a22c8540c77c2b8c519561963e6fb1-1.txt")]
    public async Task Unkept_FilesOfOthers_AreNobodysLog(string name)
    {
        await using var hub = await EmptyHub.CreateAsync();
        Directory.CreateDirectory(hub.Folder.Logs);
        await File.WriteAllTextAsync(Path.Combine(hub.Folder.Logs, name), "");

        Assert.Empty(hub.Get<RunLogs>().Unkept());
    }

    private static void Write(RunLogs logs, RunId run)
    {
        using var log = logs.Append(run, 1);
        log.Write("info", "one");
    }

    private static async Task<List<Artifact>> ArtifactsAsync(EmptyHub hub)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        return await db.Artifacts.AsNoTracking().ToListAsync();
    }
}
