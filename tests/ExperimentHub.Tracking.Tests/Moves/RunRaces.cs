using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.TestHub.Races;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Moves;

/// <summary>Races about one training: who claims it, tells its progress, ends it, stops, pauses, resumes or trains it on.</summary>
internal static class RunRaces
{
    public static IReadOnlyList<Race> All { get; } =
    [
        new("claim, claim", Queued((_, _) => Claim, (_, _) => Claim, (hub, id) => HasAttemptsAsync(hub, id, 1)), "nothing | a", "a | nothing"),
        new("claim, stop", Queued((_, _) => Claim, (_, id) => Stop(id)), "nothing | Stopped", "a | Stopping"),
        new("stop, claim", Queued((_, id) => Stop(id), (_, _) => Claim), "Stopping | a", "Stopped | nothing"),
        new("claim, pause", Queued((_, _) => Claim, (_, id) => Pause(id)), "nothing | Paused", "a | Pausing"),
        new("pause, claim", Queued((_, id) => Pause(id), (_, _) => Claim), "Pausing | a", "Paused | nothing"),
        new("claim, to the end of the queue", WithOneBehindAsync, "b | Queued", "a | StillActive"),
        new("stop, stop", Queued((_, id) => Stop(id), (_, id) => Stop(id)), "AlreadyEnded | Stopped", "Stopped | AlreadyEnded"),
        new("pause, pause", Queued((_, id) => Pause(id), (_, id) => Pause(id)), "Paused | Paused"),
        new("pause, stop", Queued((_, id) => Pause(id), (_, id) => Stop(id)), "AlreadyEnded | Stopped", "Paused | Stopped"),
        new("stop, pause", Queued((_, id) => Stop(id), (_, id) => Pause(id)), "Stopped | Paused", "Stopped | AlreadyEnded"),

        new("pause, stop while it trains", Training(run => Pause(run.Id), run => Stop(run.Id)), "Stopping | Stopping", "Pausing | Stopping"),
        new("stop, ending", Training(run => Stop(run.Id), End), "AlreadyEnded | written", "Stopping | written"),
        new("pause, ending", Training(run => Pause(run.Id), End), "AlreadyEnded | written", "Pausing | written"),
        new("ending, stop", Training(End, run => Stop(run.Id)), "written | Stopping", "written | AlreadyEnded"),
        new("ending, ending", Training(End, End), "stale | written", "written | stale"),
        new("crash, stop", Training(Crash, run => Stop(run.Id), (hub, id) => IsAsync(hub, id, RunStatus.Stopped, RunStatus.Failed)),
            "written | Stopping", "written | AlreadyEnded", "written | Stopped"),
        new("start, next attempt", Training(Start, Retry), "stale | attempt 2", "written | attempt 2"),
        new("progress, next attempt", Training(Progress, Retry), "stale | attempt 2", "written | attempt 2"),
        new("progress, ending", Training(Progress, End), "stale | written", "written | written"),
        new("ending, next attempt", Training(End, Retry), "stale | attempt 2", "written | none"),
        new("next attempt, next attempt", Training(Retry, Retry, (hub, id) => HasAttemptsAsync(hub, id, 2)), "none | attempt 2", "attempt 2 | none"),
        new("next attempt, stop", Training(Retry, run => Stop(run.Id)), "none | Stopping", "attempt 2 | Stopping"),
        new("next attempt, ending", Training(Retry, End), "none | written", "attempt 2 | stale"),

        new("resume, resume", Stopped(Resume, Resume), "StillActive | Queued", "Queued | StillActive"),
        new("resume, train on", Stopped(Resume, TrainOn), "StillActive | Done",
            "Queued | The run is queued; only a finished, stopped or paused one can be trained for more epochs."),
        new("train on, resume", Stopped(TrainOn, Resume),
            "The run is queued; only a finished, stopped or paused one can be trained for more epochs. | Queued", "Done | StillActive"),
        new("train on, train on", Stopped(TrainOn, TrainOn, async (hub, id) => Assert.Equal(4, (await hub.ReadAsync(id)).Training!.PlannedEpochs)),
            "The run is queued; only a finished, stopped or paused one can be trained for more epochs. | Done",
            "Done | The run is queued; only a finished, stopped or paused one can be trained for more epochs."),
        // The same state, and not the same run: it went on and was stopped in between.
        new("train on, trained on and stopped", Stopped(TrainOn, id => async hub => $"{await TrainOn(id)(hub)}, {await Stop(id)(hub)}",
            async (hub, id) => Assert.InRange((await hub.ReadAsync(id)).Training!.PlannedEpochs, 4, 5)),
            "Done | Done, Stopped",
            "Done | The run is queued; only a finished, stopped or paused one can be trained for more epochs., Stopped",
            "The run is queued; only a finished, stopped or paused one can be trained for more epochs. | Done, Stopped"),
        new("queued again at the start, stop", Interrupted(Requeue, Stop), "0 | Stopped", "1 | Stopped"),
        new("queued again at the start, twice", Interrupted(Requeue, Requeue), "0 | 1", "1 | 0"),
    ];

    public static Func<EmptyHub, Task<string>> Claim => async hub => (await hub.Queue.ClaimAsync("cpu", _ => true))?.Name ?? "nothing";

    public static Func<EmptyHub, Task<string>> Stop(RunId id) => async hub => (await hub.Queue.RequestStopAsync(id)).ToString();

    public static Func<EmptyHub, Task<string>> Pause(RunId id) => async hub => (await hub.Control.PauseAsync(id)).ToString();

    public static Func<EmptyHub, Task<string>> Resume(RunId id) => async hub => (await hub.Control.ResumeAsync(id)).ToString();

    private static Func<EmptyHub, Task<string>> TrainOn(RunId id) =>
        async hub => (await hub.Control.TrainOnAsync(id, 1)) is { Queued: false } result ? result.Refusal! : "Done";

    private static Func<EmptyHub, Task<string>> Requeue(RunId id) =>
        async hub => $"{(await hub.Queue.RequeueInterruptedAsync()).Count(run => run == id)}";

    private static Func<EmptyHub, Task<string>> End(PlayedRun run) =>
        async hub => Told(await hub.Recorder.EndAsync(run.Key, AttemptEnding.Finished, null, 0));

    private static Func<EmptyHub, Task<string>> Crash(PlayedRun run) =>
        async hub => Told(await hub.Recorder.EndAsync(run.Key, AttemptEnding.Crashed, "It broke.", 1));

    private static Func<EmptyHub, Task<string>> Start(PlayedRun run) =>
        async hub => Told(await hub.Recorder.StartedAsync(run.Key, PlayedRun.Started()));

    private static Func<EmptyHub, Task<string>> Progress(PlayedRun run) =>
        async hub => Told(await hub.Recorder.EpochAsync(run.Key, new EpochFinished(1, 0.4, 0.3, 0.9, 0.5) { Best = true }));

    private static Func<EmptyHub, Task<string>> Retry(PlayedRun run) =>
        async hub => await hub.Recorder.RetryAsync(run.Key, AttemptEnding.Crashed, "It broke.", 1) is { } next ? $"attempt {next.Attempt}" : "none";

    private static string Told(bool written) => written ? "written" : "stale";

    private static Func<TwoHubs, Task<Contest>> Queued(
        Func<EmptyHub, RunId, Func<EmptyHub, Task<string>>> first, Func<EmptyHub, RunId, Func<EmptyHub, Task<string>>> second,
        Func<EmptyHub, RunId, Task>? check = null) => async hubs =>
    {
        var id = await hubs.One.EnqueueAsync(name: "a");
        return new Contest(first(hubs.One, id), second(hubs.One, id), check is null ? null : hub => check(hub, id));
    };

    private static Func<TwoHubs, Task<Contest>> Training(
        Func<PlayedRun, Func<EmptyHub, Task<string>>> first, Func<PlayedRun, Func<EmptyHub, Task<string>>> second,
        Func<EmptyHub, RunId, Task>? check = null) => async hubs =>
    {
        var run = await PlayedRun.StartAsync(hubs.One);
        return new Contest(first(run), second(run), check is null ? null : hub => check(hub, run.Id));
    };

    private static Func<TwoHubs, Task<Contest>> Stopped(
        Func<RunId, Func<EmptyHub, Task<string>>> first, Func<RunId, Func<EmptyHub, Task<string>>> second,
        Func<EmptyHub, RunId, Task>? check = null) => async hubs =>
    {
        var id = await hubs.One.EnqueueAsync(new TrainingSpec { Epochs = 3 }, name: "a");
        await hubs.One.Queue.RequestStopAsync(id);
        return new Contest(first(id), second(id), check is null ? null : hub => check(hub, id));
    };

    private static Func<TwoHubs, Task<Contest>> Interrupted(Func<RunId, Func<EmptyHub, Task<string>>> first,
        Func<RunId, Func<EmptyHub, Task<string>>> second) => async hubs =>
    {
        var run = await PlayedRun.StartAsync(hubs.One);
        await run.EndAsync(AttemptEnding.Interrupted);
        return new Contest(first(run.Id), second(run.Id));
    };

    /// <summary>Who waits first is paused and resumed, and stands behind the other then.</summary>
    private static async Task<Contest> WithOneBehindAsync(TwoHubs hubs)
    {
        var first = await hubs.One.EnqueueAsync(name: "a");
        await hubs.One.EnqueueAsync(name: "b");
        return new Contest(Claim, async hub =>
        {
            await hub.Control.PauseAsync(first);
            return (await hub.Control.ResumeAsync(first)).ToString();
        });
    }

    private static async Task HasAttemptsAsync(EmptyHub hub, RunId id, int attempts)
    {
        var run = await hub.ReadAsync(id);
        Assert.Equal(attempts, run.Training!.CurrentAttempt);
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        Assert.Equal(attempts, await db.Attempts.CountAsync(attempt => attempt.RunNumber == run.Number));
    }

    private static async Task IsAsync(EmptyHub hub, RunId id, params RunStatus[] any) => Assert.Contains((await hub.ReadAsync(id)).Status, any);
}
