using ExperimentHub.Protocol;
using ExperimentHub.TestHub.Races;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Schedules;

namespace ExperimentHub.Tracking.Tests.Moves;

/// <summary>Races about a schedule that is due.</summary>
internal static class ScheduleRaces
{
    private static readonly DateTimeOffset Night = new(2026, 3, 1, 2, 0, 0, TimeSpan.Zero);

    public static IReadOnlyList<Race> All { get; } =
    [
        new("schedule: the same night, twice", Due((id, _) => Fire(id), (id, _) => Fire(id)), "before | Started 1", "Started 1 | before"),
        new("schedule: two clicks", Due((id, _) => Click(id, 1), (id, _) => Click(id, 2)), "SkippedOverlap 2 | Started 1",
            "Started 1 | SkippedOverlap 2"),
        new("schedule: night and click", Due((id, _) => Fire(id), (id, _) => Click(id, 1)), "SkippedOverlap 2 | Started 1",
            "Started 1 | SkippedOverlap 2"),
        new("schedule: fire, turn off", Due((id, _) => Fire(id), (id, _) => Off(id)), "before | off", "Started 1 | off"),
        new("schedule: fire, delete", Due((id, _) => Fire(id), (id, _) => Delete(id)), "before | deleted", "Started 1 | deleted"),
        new("schedule: fire, archive the experiment", Due((id, _) => Fire(id), (_, experiment) => Archive(experiment)), "before | archived",
            "Started 1 | archived"),
        new("schedule: fire, delete the experiment", Due((id, _) => Fire(id), (_, experiment) => DeleteExperiment(experiment)), "before | Deleted",
            "Started 1 | StillActive"),
        new("schedule: halt, fire", Due((id, _) => Halt(id), (id, _) => Fire(id)), "halted | Started 1", "halted | before"),
        new("schedule: halt, halt", Due((id, _) => Halt(id), (id, _) => Halt(id)), "was | halted", "halted | was"),
    ];

    private static Func<EmptyHub, Task<string>> Fire(int id) => async hub => Told(await hub.Get<ScheduleStore>().FireAsync(id, Night, manual: false));

    private static Func<EmptyHub, Task<string>> Click(int id, int minute) =>
        async hub => Told(await hub.Get<ScheduleStore>().FireAsync(id, Night.AddMinutes(minute), manual: true));

    private static Func<EmptyHub, Task<string>> Off(int id) =>
        async hub => await hub.Get<ScheduleStore>().SwitchAsync(id, enabled: false) ? "off" : "none";

    private static Func<EmptyHub, Task<string>> Delete(int id) => async hub => await hub.Get<ScheduleStore>().DeleteAsync(id) ? "deleted" : "none";

    private static Func<EmptyHub, Task<string>> Archive(int experiment) =>
        async hub => await hub.Get<ExperimentStore>().ArchiveAsync(experiment, true) ? "archived" : "none";

    private static Func<EmptyHub, Task<string>> DeleteExperiment(int experiment) =>
        async hub => (await hub.Get<ExperimentStore>().DeleteAsync(experiment)).ToString();

    private static Func<EmptyHub, Task<string>> Halt(int id) => async hub =>
    {
        var (store, told) = (hub.Get<ScheduleStore>(), false);
        void Hear(int changed) => told |= changed == id;
        store.Changed += Hear;
        await store.HaltAsync(id, "It cannot go on.");
        store.Changed -= Hear;
        return told ? "halted" : "was";
    };

    private static string Told(ScheduleFire? fire) => fire is null ? "before" : $"{fire.Outcome} {fire.Number}";

    private static Func<TwoHubs, Task<Contest>> Due(Func<int, int, Func<EmptyHub, Task<string>>> first,
        Func<int, int, Func<EmptyHub, Task<string>>> second) => async hubs =>
    {
        var experiment = (await hubs.One.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("nightly", "", new TrainingSpec()))).Id!.Value;
        var id = (await hubs.One.Get<ScheduleStore>().CreateAsync(experiment, new ScheduleDraft("0 0 2 * * ?", "Europe/Berlin"))).Id!.Value;
        return new Contest(first(id, experiment), second(id, experiment), async hub =>
        {
            if (await hub.Get<ScheduleStore>().FindAsync(id) is not { } found)
                return;
            // Each number once, and never two runs of one schedule that wait.
            Assert.Equal(found.Fires.Select(fire => fire.Fire.Number).Distinct().Count(), found.Fires.Count);
            Assert.True((await hub.RunsAsync()).Count <= 1);
        });
    };
}
