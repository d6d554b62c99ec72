using ExperimentHub.TestHub.Races;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Moves;

/// <summary>Races between somebody who needs an artifact and somebody who removes its run.</summary>
internal static class PinRaces
{
    public static IReadOnlyList<Race> All { get; } =
    [
        new("pin, pin", Kept(Pin, Pin), "pinned | pinned"),
        new("pin, delete", Kept(Pin, Delete), "gone | Deleted", "pinned | Deleted"),
        new("delete, pin", Kept(Delete, Pin), "Deleted | pinned", "Deleted | gone"),
        new("pin, release", Kept(Pin, Release), "pinned | nothing", "pinned | released"),
        new("pin, purge", Kept(Pin, Purge, deleted: true), "gone | purged"),
        new("purge, pin", Kept(Purge, Pin, deleted: true), "purged | gone"),
    ];

    private static Func<EmptyHub, Task<string>> Pin(RunId run) => async hub =>
        await ArtifactOfAsync(hub, run) is { } artifact && await hub.Get<ArtifactPins>().PinAsync(artifact, "model m/1") ? "pinned" : "gone";

    private static Func<EmptyHub, Task<string>> Release(RunId run) => async hub =>
        await ArtifactOfAsync(hub, run) is { } artifact && await hub.Get<ArtifactPins>().ReleaseAsync(artifact, "model m/1") ? "released" : "nothing";

    private static Func<EmptyHub, Task<string>> Delete(RunId run) => async hub => (await hub.Get<RunDeletion>().DeleteAsync(run)).ToString();

    private static Func<EmptyHub, Task<string>> Purge(RunId run) =>
        async hub => await hub.Get<RunDeletion>().PurgeAsync([run]) > 0 ? "purged" : "nothing";

    private static Func<TwoHubs, Task<Contest>> Kept(
        Func<RunId, Func<EmptyHub, Task<string>>> first, Func<RunId, Func<EmptyHub, Task<string>>> second, bool deleted = false) => async hubs =>
    {
        var id = await hubs.One.EnqueueAsync(experiment: "e", name: "a");
        await hubs.One.Queue.RequestStopAsync(id);
        using (var log = hubs.One.Get<RunLogs>().Append(id, 1))
            log.Write("info", "kept");
        await hubs.One.Get<RunLogs>().KeepAsync(id, 1);
        if (deleted)
            Assert.Equal(DeleteOutcome.Deleted, await hubs.One.Get<RunDeletion>().DeleteAsync(id));
        return new Contest(first(id), second(id), hub => KeepsWhatIsPinnedAsync(hub, id));
    };

    private static async Task<long?> ArtifactOfAsync(EmptyHub hub, RunId run)
    {
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        return await db.Artifacts.Where(artifact => artifact.Key == ArtifactKey.OfLog(run, 1)).Select(artifact => (long?)artifact.Id)
            .FirstOrDefaultAsync();
    }

    /// <summary>A pin keeps row and bytes, whatever becomes of the run later.</summary>
    private static async Task KeepsWhatIsPinnedAsync(EmptyHub hub, RunId run)
    {
        await hub.Get<RunDeletion>().DeleteAsync(run);
        await hub.Get<RunDeletion>().PurgeAsync([run]);
        var artifact = await ArtifactOfAsync(hub, run);
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        var pinned = await db.ArtifactPins.AnyAsync(pin => pin.ArtifactId == artifact);
        Assert.Equal(pinned, artifact is not null);
        await using var log = await hub.Get<RunLogs>().OpenAsync(run, 1);
        Assert.Equal(pinned, log is not null);
    }
}
