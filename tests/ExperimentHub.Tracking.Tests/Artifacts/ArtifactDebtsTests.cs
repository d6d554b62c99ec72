using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Tests.ExperimentFiles;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.Tracking.Tests.Artifacts;

/// <summary>What is removed and whose bytes are still there: after a kill between the rows and the bytes, and on a disk that refuses.</summary>
public sealed class ArtifactDebtsTests : IDisposable
{
    private static readonly IOException Refused = new("The disk refuses.");

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"experimenthub-owed-{Guid.NewGuid():N}");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Purge_DiskRefuses_IsDoneByThePurgeAfterIt(bool withExperiment)
    {
        var (hub, store) = await OpenAsync();
        await using var opened = hub;
        var run = await EndedAsync(hub);
        var experiment = (await run.ReadAsync()).ExperimentId;
        if (withExperiment)
            await hub.Get<ExperimentStore>().DeleteAsync(experiment);
        else
            await hub.Get<RunDeletion>().DeleteAsync(run.Id);
        store.Deleting = Refused;
        Assert.Equal(0, await PurgeAsync());
        Assert.Equal(0, await CountAsync(hub));
        Assert.NotEmpty(run.Files);
        Assert.Equal([$"runs/{run.Id}"], await OwedAsync(hub));

        Assert.Equal(0, await hub.Get<RunDeletion>().PurgeAsync()); // and refuses again
        Assert.NotEmpty(run.Files);
        store.Deleting = null;
        await hub.Get<RunDeletion>().PurgeAsync();
        Assert.False(Directory.Exists(hub.Folder.RunFolder(run.Id)));
        Assert.Empty(await OwedAsync(hub));

        Task<long> PurgeAsync() => withExperiment ? hub.Get<ExperimentStore>().PurgeAsync(experiment) : hub.Get<RunDeletion>().PurgeAsync([run.Id]);
    }

    [Fact]
    public async Task Purge_Succeeds_OwesNothingAndSaysWhatItFreed()
    {
        var (hub, _) = await OpenAsync();
        await using var opened = hub;
        var run = await EndedAsync(hub);
        await hub.Get<RunDeletion>().DeleteAsync(run.Id);
        var size = await hub.Get<ArtifactStore>().SizeAsync([ArtifactKey.OfRun(run.Id)]);
        Assert.True(size > 0);
        Assert.Equal(size, await hub.Get<RunDeletion>().PurgeAsync([run.Id]));
        Assert.False(Directory.Exists(hub.Folder.RunFolder(run.Id)));
        Assert.Empty(await OwedAsync(hub));
    }

    [Fact]
    public async Task Purge_KilledBetweenRowsAndBytes_IsDoneByTheNextLife()
    {
        PlayedRun run;
        var (killed, store) = await OpenAsync();
        await using (killed)
        {
            run = await EndedAsync(killed);
            await killed.Get<RunDeletion>().DeleteAsync(run.Id);
            store.Deleting = new KilledException();
            await Assert.ThrowsAsync<KilledException>(() => killed.Get<RunDeletion>().PurgeAsync([run.Id]));
            Assert.NotEmpty(run.Files);
        }

        var (next, _) = await OpenAsync();
        await using var opened = next;
        Assert.Equal([$"runs/{run.Id}"], await OwedAsync(next));
        await next.Get<RunDeletion>().PurgeAsync();
        Assert.False(Directory.Exists(next.Folder.RunFolder(run.Id)));
        Assert.Empty(await OwedAsync(next));
    }

    /// <summary>One at a time is at a folder, unless the other has not been heard of for long.</summary>
    [Fact]
    public async Task Settle_AnotherNodeIsAtIt_WaitsUntilItsTimeHasRunOut()
    {
        var (hub, store) = await OpenAsync("one");
        await using var opened = hub;
        var run = await EndedAsync(hub);
        await hub.Get<RunDeletion>().DeleteAsync(run.Id);
        store.Deleting = new KilledException();
        await Assert.ThrowsAsync<KilledException>(() => hub.Get<RunDeletion>().PurgeAsync([run.Id]));

        var (other, _) = await OpenAsync("other");
        await using var second = other;
        Assert.Equal(0, await other.Get<ArtifactDebts>().SettleAsync(TestContext.Current.CancellationToken));
        Assert.NotEmpty(run.Files);
        await using (var db = await DatabaseAsync(hub))
            await db.OwedBytes.ExecuteUpdateAsync(set => set.SetProperty(owed => owed.LeaseSeconds, 0), TestContext.Current.CancellationToken);
        Assert.True(await other.Get<ArtifactDebts>().SettleAsync(TestContext.Current.CancellationToken) > 0);
        Assert.False(Directory.Exists(hub.Folder.RunFolder(run.Id)));
        Assert.Empty(await OwedAsync(hub));
    }

    [Fact]
    public async Task Policy_DiskRefuses_OwesTheFilesAndNothingThatIsPinned()
    {
        var (hub, store) = await OpenAsync();
        await using var opened = hub;
        var run = await EndedAsync(hub, epochs: 4);
        var pinned = (await run.ReadAsync()).Checkpoints.Single(checkpoint => checkpoint.Epoch == 2).Weights;
        Assert.True(await hub.Get<ArtifactPins>().PinAsync(pinned.Id, "model m/1", TestContext.Current.CancellationToken));
        store.Deleting = Refused;
        var changed = await hub.Get<CheckpointKeeper>()
            .ChangeAsync(run.Id, new CheckpointPolicy { Every = 0, Last = 1 }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal([3], changed.Removal!.Epochs);
        Assert.Contains(CheckpointName.For(1, 3), run.Files);
        Assert.Equal([$"runs/{run.Id}/checkpoints/{CheckpointName.For(1, 3)}", $"runs/{run.Id}/checkpoints/{CheckpointName.StateFor(1, 3)}"],
            await OwedAsync(hub));

        store.Deleting = null;
        await hub.Get<ArtifactDebts>().SettleAsync(TestContext.Current.CancellationToken);
        Assert.Empty(await OwedAsync(hub));
        Assert.DoesNotContain(run.Files, file => file.Contains("epoch-3", StringComparison.Ordinal));
        Assert.Contains(CheckpointName.For(1, 2), run.Files);
        Assert.Contains(CheckpointName.For(1, 4), run.Files);
    }

    /// <summary>The one before a checkpoint that a later attempt passes again, in the middle of its training.</summary>
    [Fact]
    public async Task Checkpoint_FormerCannotBeDeleted_IsRecordedAndTheFormerOwed()
    {
        var (hub, store) = await OpenAsync();
        await using var opened = hub;
        var run = await PlayedRun.StartAsync(hub, new TrainingSpec { Checkpoints = new CheckpointPolicy { Every = 0, Last = 1 } });
        await run.EpochAsync(1);
        store.Deleting = Refused;
        await run.EpochAsync(2);
        Assert.Equal([2], (await run.ReadAsync()).Checkpoints.Select(checkpoint => checkpoint.Epoch));
        Assert.Equal(2, (await OwedAsync(hub)).Count);
        store.Deleting = null;
        await run.EpochAsync(3); // which pays its own
        Assert.Equal(2, (await OwedAsync(hub)).Count);
        await hub.Get<ArtifactDebts>().SettleAsync(TestContext.Current.CancellationToken);
        Assert.Equal([CheckpointName.For(1, 3), CheckpointName.StateFor(1, 3)], run.Files);
        Assert.Empty(await OwedAsync(hub));
    }

    [Fact]
    public async Task Sweep_DiskRefuses_OwesWhatNoRowKnows()
    {
        var (hub, store) = await OpenAsync();
        await using var opened = hub;
        var run = await EndedAsync(hub);
        run.Write(CheckpointName.For(7, 7), "unknown");
        store.Deleting = Refused;
        await hub.Get<CheckpointKeeper>().SweepAsync(run.Id);
        store.Deleting = null;
        await hub.Get<ArtifactDebts>().SettleAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(CheckpointName.For(7, 7), run.Files);
        Assert.Contains(CheckpointName.For(1, 1), run.Files);
    }

    /// <summary>A run keeps its id wherever it goes: it comes back before its former files are gone.</summary>
    [Fact]
    public async Task Import_OfARunWhoseFilesAreOwed_KeepsItsOwn()
    {
        var (hub, store) = await OpenAsync();
        await using var opened = hub;
        var run = await EndedAsync(hub);
        var experiment = (await run.ReadAsync()).ExperimentId;
        var exported = await ExportedHub.ExportAsync(hub, experiment);
        run.Write(CheckpointName.For(7, 7), "of the former one");
        await hub.Get<ExperimentStore>().DeleteAsync(experiment);
        store.Deleting = Refused;
        await hub.Get<ExperimentStore>().PurgeAsync(experiment);
        store.Deleting = null;
        Assert.NotEmpty(await OwedAsync(hub));

        Assert.NotNull((await ExportedHub.ImportAsync(hub, exported)).Experiment);
        await hub.Get<ArtifactDebts>().SettleAsync(TestContext.Current.CancellationToken);
        Assert.Equal([CheckpointName.For(1, 1), CheckpointName.StateFor(1, 1)], run.Files);
        Assert.Empty(await OwedAsync(hub));
    }

    [Fact]
    public async Task Import_WhileSomebodyDeletesThere_IsRefusedInWords()
    {
        var (hub, store) = await OpenAsync();
        await using var opened = hub;
        var run = await EndedAsync(hub);
        var experiment = (await run.ReadAsync()).ExperimentId;
        var exported = await ExportedHub.ExportAsync(hub, experiment);
        await hub.Get<ExperimentStore>().DeleteAsync(experiment);
        store.Deleting = new KilledException();
        await Assert.ThrowsAsync<KilledException>(() => hub.Get<ExperimentStore>().PurgeAsync(experiment));
        store.Deleting = null;

        var refused = await ExportedHub.ImportAsync(hub, exported);
        Assert.Null(refused.Experiment);
        Assert.Contains("being removed right now", refused.StorageProblem, StringComparison.Ordinal);
        Assert.Equal(0, await CountAsync(hub));
    }

    [Fact]
    public async Task Dataset_DeletedOnADiskThatRefuses_CanBeUploadedAgainAndStays()
    {
        var (hub, store) = await OpenAsync();
        await using var opened = hub;
        var library = hub.Get<DatasetLibrary>();
        await AddAsync(hub, "former");
        store.Deleting = Refused;
        Assert.Equal(DatasetDeletion.Deleted, await library.DeleteAsync("tiny", TestContext.Current.CancellationToken));
        Assert.Equal(["datasets/tiny"], await OwedAsync(hub));
        Assert.Equal("former", await LabelsAsync(hub));
        await Assert.ThrowsAsync<IOException>(() => AddAsync(hub, "new"));
        Assert.Equal(["datasets/tiny"], await OwedAsync(hub));

        store.Deleting = null;
        await AddAsync(hub, "new");
        await hub.Get<ArtifactDebts>().SettleAsync(TestContext.Current.CancellationToken);
        Assert.Equal("new", await LabelsAsync(hub));
        Assert.Empty(await OwedAsync(hub));
        Assert.Equal(DatasetDeletion.Deleted, await library.DeleteAsync("tiny", TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(Path.Combine(hub.Folder.Datasets, "tiny")));
    }

    [Fact]
    public async Task Dataset_KilledBetweenBytesAndRows_LeavesNothing()
    {
        var (killed, store) = await OpenAsync();
        await using (killed)
        {
            store.Taken = new KilledException();
            await Assert.ThrowsAsync<KilledException>(() => AddAsync(killed, "half"));
            Assert.Equal("half", await LabelsAsync(killed));
        }

        var (next, _) = await OpenAsync();
        await using var opened = next;
        Assert.Empty(next.Get<DatasetLibrary>().Own);
        await next.Get<RunDeletion>().PurgeAsync();
        Assert.False(Directory.Exists(Path.Combine(next.Folder.Datasets, "tiny")));
        Assert.Empty(await OwedAsync(next));
    }

    [Fact]
    public async Task Dataset_WithAPinnedFile_IsNotDeleted()
    {
        var (hub, _) = await OpenAsync();
        await using var opened = hub;
        await AddAsync(hub, "needed");
        var (library, pins) = (hub.Get<DatasetLibrary>(), hub.Get<ArtifactPins>());
        var file = library.FindOwn("tiny")!.Files[0];
        Assert.True(await pins.PinAsync(file.Id, "model m/1", TestContext.Current.CancellationToken));
        Assert.Equal(DatasetDeletion.InUse, await library.DeleteAsync("tiny", TestContext.Current.CancellationToken));
        Assert.Equal("needed", await LabelsAsync(hub));
        Assert.Empty(await OwedAsync(hub));
        Assert.True(await pins.ReleaseAsync(file.Id, "model m/1", TestContext.Current.CancellationToken));
        Assert.Equal(DatasetDeletion.Deleted, await library.DeleteAsync("tiny", TestContext.Current.CancellationToken));
        Assert.False(await pins.PinAsync(file.Id, "model m/1", TestContext.Current.CancellationToken));
        await using var db = await DatabaseAsync(hub);
        Assert.Empty(await db.Artifacts.ToListAsync(TestContext.Current.CancellationToken));
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private async Task<(EmptyHub Hub, TroubledStore Store)> OpenAsync(string? node = null)
    {
        TroubledStore store = null!;
        var hub = await EmptyHub.CreateAsync(
            (services, folder) => services.AddSingleton<ArtifactStore>(store = new TroubledStore(folder.Root)), _folder, node: node);
        return (hub, store);
    }

    private static async Task<PlayedRun> EndedAsync(EmptyHub hub, int epochs = 1)
    {
        var run = await PlayedRun.StartAsync(hub);
        for (var epoch = 1; epoch <= epochs; epoch++)
            await run.EpochAsync(epoch, best: epoch == 1);
        await run.EndAsync();
        return run;
    }

    private static async Task AddAsync(EmptyHub hub, string labels)
    {
        var incoming = Path.Combine(hub.Folder.Root, "incoming");
        DataFolder.Create(incoming);
        foreach (var name in DatasetFile.UsualNames)
            await File.WriteAllTextAsync(Path.Combine(incoming, name), labels);
        Assert.True(await hub.Get<DatasetLibrary>().AddAsync(new OwnDataset
        {
            Key = "tiny", Name = "Tiny", TrainSamples = 6, TestSamples = 2, Classes = 2, Height = 2, Width = 2, ClassNames = [],
        }.With(["a", "b", "c", "d"]), incoming));
    }

    private static Task<string> LabelsAsync(EmptyHub hub) =>
        File.ReadAllTextAsync(Path.Combine(hub.Folder.Datasets, "tiny", DatasetFile.UsualNames[1]), TestContext.Current.CancellationToken);

    private static async Task<IReadOnlyList<string>> OwedAsync(EmptyHub hub)
    {
        await using var db = await DatabaseAsync(hub);
        return [.. (await db.OwedBytes.ToListAsync()).Select(owed => owed.Key.Text).Order(StringComparer.Ordinal)];
    }

    private static async Task<int> CountAsync(EmptyHub hub)
    {
        await using var db = await DatabaseAsync(hub);
        return await db.Runs.IgnoreQueryFilters().CountAsync();
    }

    private static Task<TrackingDb> DatabaseAsync(EmptyHub hub) => hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();

    /// <summary>Where a hub is killed, nothing is caught and nothing tidied up.</summary>
    private sealed class KilledException : Exception;
}
