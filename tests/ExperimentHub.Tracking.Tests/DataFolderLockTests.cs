namespace ExperimentHub.Tracking.Tests;

public sealed class DataFolderLockTests
{
    [Fact]
    public async Task Take_HeldFolder_IsRefusedUntilItIsFreed()
    {
        await using var hub = await EmptyHub.CreateAsync();
        using (DataFolderLock.Take(hub.Folder))
        {
            var refused = Assert.Throws<DataFolderInUseException>(() => DataFolderLock.Take(hub.Folder));
            Assert.Contains(hub.Folder.Root, refused.Message);
        }

        DataFolderLock.Take(hub.Folder).Dispose();
    }

    [Fact]
    public async Task Create_DataFolder_IsForTheOwnerAlone()
    {
        await using var hub = await EmptyHub.CreateAsync();
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(hub.Folder.Root) & Others);
        foreach (var file in Directory.GetFiles(hub.Folder.Root))
            Assert.True((File.GetUnixFileMode(file) & Others) == 0, file);
    }
}
