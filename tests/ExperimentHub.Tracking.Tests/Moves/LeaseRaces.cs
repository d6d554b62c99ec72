using ExperimentHub.TestHub.Races;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Moves;

/// <summary>Races about who holds an attempt whose lease has run out.</summary>
internal static class LeaseRaces
{
    public static IReadOnlyList<Race> All { get; } =
    [
        new("taken from a lost node, twice", hubs => RunOutAsync(hubs, owner: null, Take, Take), "0 | 1", "1 | 0"),
        new("taken, beat of its node", hubs => RunOutAsync(hubs, hubs.Other, Take, Beat), "0 | held", "1 | lost"),
        new("beat of its node, taken", hubs => RunOutAsync(hubs, hubs.One, Beat, Take), "lost | 1", "held | 0"),
        new("taken, ending", hubs => RunOutAsync(hubs, hubs.Other, Take, End), "0 | written", "1 | stale"),
    ];

    private static Func<EmptyHub, Task<string>> Take(PlayedRun run) => async hub =>
        $"{(await hub.Get<OrphanedRuns>().InterruptAsync()).Count(id => id == run.Id)}";

    private static Func<EmptyHub, Task<string>> Beat(PlayedRun run) => async hub =>
        (await hub.Get<AttemptLeases>().ProlongAsync()).Any(held => held.Key == run.Key) ? "held" : "lost";

    private static Func<EmptyHub, Task<string>> End(PlayedRun run) => async hub =>
        await hub.Recorder.EndAsync(run.Key, AttemptEnding.Finished, null, 0) ? "written" : "stale";

    /// <param name="owner">Who holds it; a node that is gone where not given.</param>
    private static async Task<Contest> RunOutAsync(
        TwoHubs hubs, EmptyHub? owner, Func<PlayedRun, Func<EmptyHub, Task<string>>> first, Func<PlayedRun, Func<EmptyHub, Task<string>>> second)
    {
        var run = await PlayedRun.StartAsync(hubs.One);
        var life = owner?.Get<ThisNode>().Life ?? Guid.NewGuid();
        await using var db = await hubs.One.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await db.Attempts.Where(a => a.RunNumber == run.Key.RunNumber)
            .ExecuteUpdateAsync(set => set.SetProperty(a => a.Node, "elsewhere").SetProperty(a => a.Life, life).SetProperty(a => a.LeaseSeconds, 0));
        return new Contest(first(run), second(run));
    }
}
