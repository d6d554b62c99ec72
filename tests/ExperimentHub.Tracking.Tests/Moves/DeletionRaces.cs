using ExperimentHub.Protocol;
using ExperimentHub.TestHub.Races;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Moves;

/// <summary>Races about what is archived, deleted, brought back and removed for good.</summary>
internal static class DeletionRaces
{
    public static IReadOnlyList<Race> All { get; } =
    [
        new("delete, delete", Ended(Delete, Delete), "NotFound | Deleted", "Deleted | NotFound"),
        new("delete, resume", Ended(Delete, RunRaces.Resume), "StillActive | Queued", "Deleted | NotFound"),
        new("resume, delete", Ended(RunRaces.Resume, Delete), "NotFound | Deleted", "Queued | StillActive"),
        new("delete several, resume", Ended(DeleteMany, RunRaces.Resume), "0 | Queued", "1 | NotFound"),
        new("delete several, delete", Ended(DeleteMany, Delete), "0 | Deleted", "1 | NotFound"),
        new("archive, archive", Ended(Archive, Archive), "0 | 1", "1 | 0"),
        new("mark as ended, mark as ended", Logged(MarkAsEnded, MarkAsEnded), "AlreadyEnded | Ended", "Ended | AlreadyEnded"),
        new("mark as ended, delete", Logged(MarkAsEnded, Delete), "Ended | StillActive", "Ended | Deleted"),

        new("restore, restore", Deleted(Restore, Restore), "0 | 1", "1 | 0"),
        new("restore, purge", Deleted(Restore, Purge, KeepsFilesWithItsRowAsync), "0 | purged", "1 | nothing"),
        new("purge, restore", Deleted(Purge, Restore, KeepsFilesWithItsRowAsync), "nothing | 1", "purged | 0"),
        new("purge, purge", Deleted(Purge, Purge), "nothing | purged", "purged | nothing"),

        new("experiment: archive, archive", Experiment(ArchiveExperiment, ArchiveExperiment), "was | told", "told | was"),
        new("experiment: enqueue, archive", Experiment(Enqueue, ArchiveExperiment),
            "The experiment e is archived. Unarchive it on its page, or choose another name. | told", "queued | told"),
        new("experiment: delete, delete", Experiment(DeleteExperiment, DeleteExperiment), "NotFound | Deleted", "Deleted | NotFound"),
        new("experiment: delete, enqueue", Experiment(DeleteExperiment, Enqueue, SeesItsRunAsync), "StillActive | queued", "Deleted | queued"),
        new("experiment: enqueue, delete", Experiment(Enqueue, DeleteExperiment, SeesItsRunAsync), "queued | Deleted", "queued | StillActive"),
        new("experiment: resume, delete", Experiment((_, run) => RunRaces.Resume(run), DeleteExperiment), "NotFound | Deleted",
            "Queued | StillActive"),
        new("experiment: delete, resume", Experiment(DeleteExperiment, (_, run) => RunRaces.Resume(run)), "StillActive | Queued",
            "Deleted | NotFound"),
        new("experiment: restore, restore", DeletedExperiment(RestoreExperiment, RestoreExperiment), "back | back"),
        new("experiment: restore, purge", DeletedExperiment(RestoreExperiment, PurgeExperiment, KeepsFilesWithItsRowAsync),
            "It was deleted for good before it could be brought back. | purged", "back | nothing"),
        new("experiment: purge, restore", DeletedExperiment(PurgeExperiment, RestoreExperiment, KeepsFilesWithItsRowAsync), "nothing | back",
            "purged | It was deleted for good before it could be brought back."),
        new("experiment: restore, another of its name", DeletedExperiment(RestoreExperiment, Enqueue),
            "Another experiment is called 'e' by now. Rename that one first. | queued", "back | queued"),
    ];

    private static Func<EmptyHub, Task<string>> Delete(RunId id) => async hub => (await hub.Get<RunDeletion>().DeleteAsync(id)).ToString();

    private static Func<EmptyHub, Task<string>> DeleteMany(RunId id) =>
        async hub => $"{(await hub.Get<RunBulk>().DeleteAsync(RunTargets.Of([id]))).Answer!.Changed}";

    private static Func<EmptyHub, Task<string>> Archive(RunId id) =>
        async hub => $"{(await hub.Get<RunBulk>().ArchiveAsync(RunTargets.Of([id]), true)).Answer!.Changed}";

    private static Func<EmptyHub, Task<string>> Restore(RunId id) => async hub => $"{await hub.Get<RunDeletion>().RestoreAsync([id])}";

    private static Func<EmptyHub, Task<string>> Purge(RunId id) => async hub => Freed(await hub.Get<RunDeletion>().PurgeAsync([id]));

    private static Func<EmptyHub, Task<string>> ArchiveExperiment(int id, RunId run) => async hub =>
    {
        var (store, told) = (hub.Get<ExperimentStore>(), false);
        void Hear(int changed) => told |= changed == id;
        store.Changed += Hear;
        Assert.True(await store.ArchiveAsync(id, archived: true));
        store.Changed -= Hear;
        return told ? "told" : "was";
    };

    private static Func<EmptyHub, Task<string>> DeleteExperiment(int id, RunId run) =>
        async hub => (await hub.Get<ExperimentStore>().DeleteAsync(id)).ToString();

    private static Func<EmptyHub, Task<string>> RestoreExperiment(int id, RunId run) =>
        async hub => await hub.Get<ExperimentStore>().RestoreAsync(id) ?? "back";

    private static Func<EmptyHub, Task<string>> PurgeExperiment(int id, RunId run) =>
        async hub => Freed(await hub.Get<ExperimentStore>().PurgeAsync(id));

    private static Func<EmptyHub, Task<string>> Enqueue(int id, RunId run) => async hub =>
    {
        var result = await hub.Queue.EnqueueAsync(new RunRequest("e", "new", new TrainingSpec()));
        return result.Run is null ? Assert.Single(result.Problems).Message : "queued";
    };

    private static string Freed(long bytes) => bytes > 0 ? "purged" : "nothing";

    private static async Task<(int Experiment, RunId Run)> EndedAsync(EmptyHub hub)
    {
        var id = await hub.EnqueueAsync(experiment: "e", name: "a");
        await hub.Queue.RequestStopAsync(id);
        DataFolder.Create(hub.Folder.CheckpointFolder(id));
        await File.WriteAllTextAsync(Path.Combine(hub.Folder.CheckpointFolder(id), "weights"), "weights");
        return ((await hub.ReadAsync(id)).ExperimentId, id);
    }

    private static Func<EmptyHub, Task<string>> MarkAsEnded(RunId id) => async hub => (await hub.Get<LoggedRuns>().EndAsync(id)).ToString();

    private static Func<TwoHubs, Task<Contest>> Logged(Func<RunId, Func<EmptyHub, Task<string>>> first,
        Func<RunId, Func<EmptyHub, Task<string>>> second) => async hubs =>
    {
        var id = await LoggedRun.MakeAsync(hubs.One, status: RunStatus.Running);
        return new Contest(first(id), second(id));
    };

    private static Func<TwoHubs, Task<Contest>> Ended(Func<RunId, Func<EmptyHub, Task<string>>> first,
        Func<RunId, Func<EmptyHub, Task<string>>> second) => async hubs =>
    {
        var (_, id) = await EndedAsync(hubs.One);
        return new Contest(first(id), second(id));
    };

    private static Func<TwoHubs, Task<Contest>> Deleted(
        Func<RunId, Func<EmptyHub, Task<string>>> first, Func<RunId, Func<EmptyHub, Task<string>>> second,
        Func<EmptyHub, RunId, Task>? check = null) => async hubs =>
    {
        var (_, id) = await EndedAsync(hubs.One);
        Assert.Equal(DeleteOutcome.Deleted, await hubs.One.Get<RunDeletion>().DeleteAsync(id));
        return new Contest(first(id), second(id), check is null ? null : hub => check(hub, id));
    };

    private static Func<TwoHubs, Task<Contest>> Experiment(
        Func<int, RunId, Func<EmptyHub, Task<string>>> first, Func<int, RunId, Func<EmptyHub, Task<string>>> second,
        Func<EmptyHub, RunId, Task>? check = null) => async hubs =>
    {
        var (experiment, id) = await EndedAsync(hubs.One);
        return new Contest(first(experiment, id), second(experiment, id), check is null ? null : hub => check(hub, id));
    };

    private static Func<TwoHubs, Task<Contest>> DeletedExperiment(
        Func<int, RunId, Func<EmptyHub, Task<string>>> first, Func<int, RunId, Func<EmptyHub, Task<string>>> second,
        Func<EmptyHub, RunId, Task>? check = null) => async hubs =>
    {
        var (experiment, id) = await EndedAsync(hubs.One);
        Assert.Equal(ExperimentDeletion.Deleted, await hubs.One.Get<ExperimentStore>().DeleteAsync(experiment));
        return new Contest(first(experiment, id), second(experiment, id), check is null ? null : hub => check(hub, id));
    };

    private static async Task KeepsFilesWithItsRowAsync(EmptyHub hub, RunId id) =>
        Assert.Equal(await hub.History.FindAsync(id) is not null, File.Exists(Path.Combine(hub.Folder.CheckpointFolder(id), "weights")));

    /// <summary>A run that somebody was told is queued is one that people see.</summary>
    private static async Task SeesItsRunAsync(EmptyHub hub, RunId id) =>
        Assert.Contains((await hub.RunsAsync()), run => run.Name == "new");
}
