using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Search;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Schedules;

/// <summary>A night trains with a seed that no run of the same settings and data has had.</summary>
public sealed class NightSeedTests
{
    private static readonly TrainingSpec Spec = new() { Seed = 1 };

    [Fact]
    public async Task Fire_SeedsWereTakenInAnyWay_TakesTheNextOneThatIsFree()
    {
        await using var hub = await EmptyHub.CreateAsync();
        // By hand and waiting, by hand and finished under other words for the same settings, reproduced, archived.
        await hub.EnqueueAsync(Spec with { Seed = 2 }, experiment: "elsewhere");
        await hub.Queue.RequestStopAsync((await hub.RunsAsync())[0].Id);
        var finished = await hub.FinishAsync("by hand", Spec with { Seed = 3, GradientNorm = true, Device = "cpu" }, accuracies: 0.9);
        var again = (await hub.Control.ReproduceAsync(finished)).Run!.Value;
        await hub.Queue.RequestStopAsync(again);
        var archived = await hub.FinishAsync("archived", Spec with { Seed = 4 }, accuracies: 0.9);
        await hub.Get<RunBulk>().ArchiveAsync(RunTargets.Of([archived]), true);
        Assert.Equal(5, await NightAsync(hub, await ScheduleAsync(hub, Spec)));
    }

    [Fact]
    public async Task Fire_SeedsOfOtherSettingsAndOfDeletedRuns_AreFree()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("other rate", Spec with { Seed = 2, Optimizer = new OptimizerSpec { LearningRate = 0.5 } }, accuracies: 0.9);
        await hub.FinishAsync("other data", Spec with { Seed = 2, Dataset = "fashion-mnist" }, accuracies: 0.9);
        var deleted = await hub.FinishAsync("deleted", Spec with { Seed = 2 }, accuracies: 0.9);
        await hub.Get<RunDeletion>().DeleteAsync(deleted);
        Assert.Equal(2, await NightAsync(hub, await ScheduleAsync(hub, Spec)));
    }

    [Fact]
    public async Task Enqueue_ManyAtOnceWithANewSeed_NeverTakeTheSame()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var results = await Task.WhenAll(Enumerable.Range(0, 12)
            .Select(_ => Task.Run(() => hub.Queue.EnqueueAsync(new RunRequest("nights", null, Spec, NewSeed: true)))));
        var runs = await hub.History.FindManyAsync([.. results.Select(result => result.Run!.Value)]);
        Assert.Equal(Enumerable.Range(1, 12).Select(seed => (long)seed), runs.Select(run => run.Training!.Spec.Seed).Order());
        Assert.All(runs, run => Assert.Equal(run.Training!.Spec.Seed, run.Training!.Seed));
    }

    [Fact]
    public async Task Enqueue_RepeatedAfterACrash_FindsTheRunWhateverSeedItGot()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync(Spec);
        var request = new RunRequest("nights", null, Spec, "schedule-1-night", RunTrigger.Schedule, NewSeed: true);
        var first = await hub.Queue.EnqueueAsync(request);
        var repeated = await hub.Queue.EnqueueAsync(request);
        Assert.Equal((first.Run, true), (repeated.Run, repeated.Repeated));
        Assert.Equal(2, (await hub.ReadAsync(first.Run!.Value)).Training!.Spec.Seed);
    }

    [Fact]
    public async Task Enqueue_GreatestSeedIsTaken_BeginsAtTheLeast()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync(Spec with { Seed = TrainingSpec.MaxSeed });
        var next = await hub.Queue.EnqueueAsync(new RunRequest("nights", null, Spec with { Seed = TrainingSpec.MaxSeed }, NewSeed: true));
        Assert.Equal(0, (await hub.ReadAsync(next.Run!.Value)).Training!.Spec.Seed);
    }

    [Fact]
    public async Task Fire_SameSeedEachNight_StaysAsItIs()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("by hand", Spec, accuracies: 0.9);
        Assert.Equal(1, await NightAsync(hub, await ScheduleAsync(hub, Spec, newSeed: false)));
    }

    [Fact]
    public async Task LastNight_TrainedWhatWasTrainedBefore_SaysSoAndHasNoGain()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var schedule = await ScheduleAsync(hub, Spec, newSeed: false);
        var first = await NightRunAsync(hub, schedule, DateTimeOffset.UtcNow.AddHours(-2), 0.9);
        await NightRunAsync(hub, schedule, DateTimeOffset.UtcNow.AddHours(-1), 0.91);
        var night = Assert.Single((await hub.Get<NightlyResults>().ReadAsync(6, TestContext.Current.CancellationToken)).Results);
        Assert.Equal((first, null), (night.Repeats?.Id, night.Gain));
    }

    private static async Task<int> ScheduleAsync(EmptyHub hub, TrainingSpec spec, bool newSeed = true)
    {
        var experiment = await hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft("nights", "", spec));
        return (await hub.Get<ScheduleStore>().CreateAsync(experiment.Id!.Value,
            new ScheduleDraft("0 30 2 * * ?", "Europe/Berlin", NewSeedEachTime: newSeed))).Id!.Value;
    }

    private static async Task<long> NightAsync(EmptyHub hub, int schedule) =>
        (await hub.ReadAsync((await hub.Get<ScheduleStore>()
            .FireAsync(schedule, DateTimeOffset.UtcNow, manual: true))!.RunId!.Value)).Training!.Spec.Seed;

    private static async Task<RunId> NightRunAsync(EmptyHub hub, int schedule, DateTimeOffset due, double accuracy)
    {
        var night = (await hub.Get<ScheduleStore>().FireAsync(schedule, due, manual: false))!.RunId!.Value;
        var run = await PlayedRun.StartAsync(hub, waiting: night);
        await run.EpochAsync(1, accuracy);
        await run.EndAsync();
        return night;
    }
}
