using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Tracking.Tests.Runs;

public sealed class RunLogsTests
{
    [Fact]
    public async Task Write_NoRoomOnTheDisk_LeavesLinesOutAndSaysHowManyOnceThereIs()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (id, logs) = (RunId.New(TimeProvider.System), hub.Get<RunLogs>());
        var path = hub.Folder.LogFile(id, 1);
        Directory.CreateDirectory(hub.Folder.RunFolder(id));
        // Whatever is written there, the system refuses: no space left on device.
        File.CreateSymbolicLink(path, "/dev/full");

        using (var full = logs.Open(id, 1))
            full.Write("info", "lost");
        File.Delete(path);
        Directory.Delete(hub.Folder.RunFolder(id));
        File.WriteAllText(hub.Folder.RunFolder(id), "a file in the place of the folder");
        using var log = logs.Open(id, 1);
        log.Write("info", "one");
        log.Write("info", "two");
        File.Delete(hub.Folder.RunFolder(id));
        log.Write("info", "three");

        Assert.Equal(["2 lines could not be written here.", "three"], (await logs.TailAsync(id, 1, 10)).Select(line => line.Text));
    }
}
