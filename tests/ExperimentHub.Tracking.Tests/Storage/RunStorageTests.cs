using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Storage;

namespace ExperimentHub.Tracking.Tests.Storage;

public sealed class RunStorageTests
{
    [Fact]
    public async Task Read_FilesOfRuns_BelongToTheirExperimentsTheLargestFirst()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var (small, one, other, gone) = (await RunAsync(hub, "small", 10), await RunAsync(hub, "large", 300), await RunAsync(hub, "large",
            400), await RunAsync(hub, "large", 5000));
        await hub.EnqueueAsync(experiment: "without files");
        await hub.Queue.RequestStopAsync(gone);
        await hub.Get<RunDeletion>().DeleteAsync(gone);

        var storage = hub.Get<RunStorage>();
        var listing = await storage.ReadAsync();
        Assert.Equal([("large", 2, 700L), ("small", 1, 10L)],
            listing.Experiments.Select(experiment => (experiment.Name, experiment.Runs, experiment.Bytes)));
        Assert.Equal((5000, 5710), (listing.Deleted, listing.Disk.OfRuns.Values.Sum()));
        Assert.Equal([(other, 400L), (one, 300L)], (await storage.RunsAsync(listing.Experiments[0].Id, 10)).Select(run => (run.Run.Id, run.Bytes)));
        Assert.Equal([other], (await storage.RunsAsync(listing.Experiments[0].Id, 1)).Select(run => run.Run.Id));
        Assert.Equal([small], (await storage.RunsAsync(listing.Experiments[1].Id, 10)).Select(run => run.Run.Id));
        Assert.Empty(await storage.RunsAsync(99, 10));
    }

    private static async Task<RunId> RunAsync(EmptyHub hub, string experiment, int bytes)
    {
        var id = await hub.EnqueueAsync(experiment: experiment);
        DataFolder.Create(hub.Folder.CheckpointFolder(id));
        await File.WriteAllBytesAsync(Path.Combine(hub.Folder.CheckpointFolder(id), "epoch-0001.safetensors"), new byte[bytes]);
        return id;
    }
}
