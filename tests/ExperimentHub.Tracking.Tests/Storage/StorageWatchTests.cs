using ExperimentHub.Tracking.Storage;

namespace ExperimentHub.Tracking.Tests.Storage;

public sealed class StorageWatchTests
{
    [Fact]
    public async Task UntilDone_AFullDisk_IsTriedAgainUntilItSucceeds()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var storage = hub.Get<StorageWatch>();
        var tries = 0;
        StorageOutage? met = null;

        storage.Changed += () => met ??= storage.Outage;

        var done = await storage.UntilDoneAsync(async () => tries++ < 2 ? await WriteToFullAsync() : tries);

        Assert.Equal(3, done);
        Assert.Equal(StorageTrouble.Full, met?.Trouble);
    }

    [Fact]
    public async Task UntilDone_AnythingElse_IsThrownAtOnce()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var tries = 0;

        await Assert.ThrowsAsync<FileNotFoundException>(() => hub.Get<StorageWatch>()
            .UntilDoneAsync<int>(() => throw new FileNotFoundException($"{++tries}")));

        Assert.Equal(1, tries);
        Assert.Null(hub.Get<StorageWatch>().Outage);
    }

    [Fact]
    public async Task UntilDone_HubStopsInAnOutage_GivesUpWithTheReason()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var storage = hub.Get<StorageWatch>();
        await using var held = await WriteLock.TakeAsync(hub.Folder.HubDatabase);
        storage.GiveUpAfter(TimeSpan.FromSeconds(1));

        var given = await Assert.ThrowsAnyAsync<Exception>(() => storage.UntilDoneAsync(() => hub.EnqueueAsync()));

        Assert.Equal(StorageTrouble.Locked, storage.TroubleOf(given));
    }

    [Fact]
    public async Task UntilDone_NobodyWantsItAnyMore_EndsTheWaiting()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var storage = hub.Get<StorageWatch>();
        using var unwanted = new CancellationTokenSource();
        await using var held = await WriteLock.TakeAsync(hub.Folder.HubDatabase);
        storage.Changed += unwanted.Cancel;

        await Assert.ThrowsAsync<OperationCanceledException>(() => storage.UntilDoneAsync(() => hub.EnqueueAsync(), unwanted.Token));
    }

    private static async Task<int> WriteToFullAsync()
    {
        await using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        await full.WriteAsync(new byte[1]);
        return 0;
    }
}
