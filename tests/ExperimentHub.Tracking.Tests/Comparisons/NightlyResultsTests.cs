using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Comparisons;
using ExperimentHub.Tracking.Experiments;
using ExperimentHub.Tracking.Schedules;
using ExperimentHub.Tracking.Trainings;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.Tracking.Tests.Comparisons;

public sealed class NightlyResultsTests
{
    private const int Most = 6;
    private readonly SetClock _clock = new();

    [Fact]
    public async Task NightlyResults_NoSchedules_SaysThereAreNone()
    {
        await using var hub = await OpenAsync();
        Assert.Equal(0, (await hub.Get<NightlyResults>().ReadAsync(Most)).Schedules);
    }

    [Fact]
    public async Task NightlyResults_TwoNights_ComparesWithTheNewestResultBefore()
    {
        await using var hub = await OpenAsync();
        var schedule = await ScheduleAsync(hub, "nightly");
        await NightAsync(hub, schedule, 0.91);
        await NightAsync(hub, schedule, accuracy: null); // a night that was stopped before its first epoch
        await NightAsync(hub, schedule, 0.93);

        var listing = await hub.Get<NightlyResults>().ReadAsync(Most);
        var result = Assert.Single(listing.Results);
        Assert.Equal((1, "nightly", 3, 0.93, 0.91),
            (listing.Schedules, result.Experiment.Name, result.Fire.Number, result.Run!.Training!.BestTestAccuracy!.Value,
                result.AccuracyBefore!.Value));
        Assert.Equal(0.02, result.Gain!.Value, 9);
    }

    [Fact]
    public async Task NightlyResults_OtherSettingsThanTheNightBefore_SaySo()
    {
        await using var hub = await OpenAsync();
        var schedule = await ScheduleAsync(hub, "nightly");
        await NightAsync(hub, schedule, 0.91);
        await NightAsync(hub, schedule, 0.92); // another seed is no other setting
        Assert.False(Assert.Single((await hub.Get<NightlyResults>().ReadAsync(Most)).Results).HasOtherSettings);

        var (store, experiment) = (hub.Get<ExperimentStore>(), (await hub.Get<ScheduleStore>().FindAsync(schedule))!.Schedule.Experiment);
        await store.UpdateAsync(experiment.Id, new ExperimentChange(DefaultSpec: experiment.DefaultSpec with { Epochs = 30 }));
        await NightAsync(hub, schedule, 0.95);
        var result = Assert.Single((await hub.Get<NightlyResults>().ReadAsync(Most)).Results);
        Assert.True(result.HasOtherSettings);
        Assert.Equal(_clock.Now.UtcDateTime.AddHours(-1), result.SettingsChangedAt); // the night fires an hour later
        Assert.Equal((5, 30), (result.SpecBefore!.Epochs, result.Run!.Training!.Spec.Epochs));
        var fires = (await hub.Get<ScheduleStore>().FindAsync(schedule))!.Fires;
        Assert.Equal([3], SettingsOfNights.Changes(fires).Keys);

        await NightAsync(hub, schedule, 0.94);
        Assert.False(Assert.Single((await hub.Get<NightlyResults>().ReadAsync(Most)).Results).HasOtherSettings);
    }

    [Fact]
    public async Task NightlyResults_FirstNight_HasNothingToCompareWith()
    {
        await using var hub = await OpenAsync();
        await NightAsync(hub, await ScheduleAsync(hub, "nightly"), 0.91);
        var result = Assert.Single((await hub.Get<NightlyResults>().ReadAsync(Most)).Results);
        Assert.Null(result.AccuracyBefore);
        Assert.Null(result.Gain);
    }

    [Fact]
    public async Task NightlyResults_SeveralSchedules_AreTheNewestFirstAndNoMoreThanAskedFor()
    {
        await using var hub = await OpenAsync();
        var deleted = await ScheduleAsync(hub, "deleted");
        await NightAsync(hub, await ScheduleAsync(hub, "quiet"), 0.91);
        await NightAsync(hub, await ScheduleAsync(hub, "calm"), 0.91);
        await NightAsync(hub, deleted, 0.92);
        await NightAsync(hub, await ScheduleAsync(hub, "busy"), 0.93);
        await ScheduleAsync(hub, "never fired");
        await hub.Get<ExperimentStore>()
            .DeleteAsync((await hub.Get<ScheduleStore>().ListAsync()).Single(s => s.Schedule.Id == deleted).Schedule.ExperimentId);

        var listing = await hub.Get<NightlyResults>().ReadAsync(2);
        Assert.Equal(4, listing.Schedules);
        Assert.Equal(["busy", "calm"], listing.Results.Select(result => result.Experiment.Name));
    }

    [Fact]
    public async Task NightlyResults_StartedByHand_IsNoNight()
    {
        await using var hub = await OpenAsync();
        var schedule = await ScheduleAsync(hub, "nightly");
        await NightAsync(hub, schedule, 0.91);
        await NightAsync(hub, schedule, 0.99, manual: true);
        var result = Assert.Single((await hub.Get<NightlyResults>().ReadAsync(Most)).Results);
        Assert.Equal((1, 0.91), (result.Fire.Number, result.Run!.Training!.BestTestAccuracy));

        await NightAsync(hub, schedule, 0.92);
        result = Assert.Single((await hub.Get<NightlyResults>().ReadAsync(Most)).Results);
        Assert.Equal((3, 0.91), (result.Fire.Number, result.AccuracyBefore));
    }

    [Fact]
    public async Task Band_ThreeEarlierNightsOfTheSameSettings_IsWhatTheyBrought()
    {
        await using var hub = await OpenAsync();
        var schedule = await ScheduleAsync(hub, "nightly");
        await NightAsync(hub, schedule, 0.5);
        var (store, experiment) = (hub.Get<ExperimentStore>(), (await hub.Get<ScheduleStore>().FindAsync(schedule))!.Schedule.Experiment);
        await store.UpdateAsync(experiment.Id, new ExperimentChange(DefaultSpec: experiment.DefaultSpec with { Epochs = 30 }));
        await NightAsync(hub, schedule, 0.92);
        await NightAsync(hub, schedule, 0.91);
        await NightAsync(hub, schedule, 0.99);
        Assert.Null(Assert.Single((await hub.Get<NightlyResults>().ReadAsync(Most)).Results).Band);
        await NightAsync(hub, schedule, 0.95);
        Assert.Equal((0.91, 0.99), Assert.Single((await hub.Get<NightlyResults>().ReadAsync(Most)).Results).Band);
    }

    [Fact]
    public async Task NightGains_Nights_AreHeldAgainstTheNightBeforeOfTheSameSettings()
    {
        await using var hub = await OpenAsync();
        var schedule = await ScheduleAsync(hub, "nightly");
        await NightAsync(hub, schedule, 0.90);
        await NightAsync(hub, schedule, accuracy: null);
        await NightAsync(hub, schedule, 0.99, manual: true);
        await NightAsync(hub, schedule, 0.93);
        await NightAsync(hub, schedule, 0.92);
        var (store, experiment) = (hub.Get<ExperimentStore>(), (await hub.Get<ScheduleStore>().FindAsync(schedule))!.Schedule.Experiment);
        await store.UpdateAsync(experiment.Id, new ExperimentChange(DefaultSpec: experiment.DefaultSpec with { Epochs = 30 }));
        await NightAsync(hub, schedule, 0.95);
        await NightAsync(hub, schedule, 0.96);
        var gains = NightGains.Of((await hub.Get<ScheduleStore>().FindAsync(schedule))!.Fires);
        Assert.Equal([(4, 0.03), (5, -0.01), (7, 0.01)], gains.OrderBy(gain => gain.Key).Select(gain => (gain.Key, Math.Round(gain.Value, 9))));
    }

    [Fact]
    public async Task NightlyResults_SkippedFiring_IsTheOutcome()
    {
        await using var hub = await OpenAsync();
        var schedule = await ScheduleAsync(hub, "nightly");
        await hub.Get<ScheduleStore>().FireAsync(schedule, _clock.Now, manual: false);
        _clock.Now += TimeSpan.FromHours(1);
        await hub.Get<ScheduleStore>().FireAsync(schedule, _clock.Now - TimeSpan.FromMinutes(10), manual: false);
        var result = Assert.Single((await hub.Get<NightlyResults>().ReadAsync(Most)).Results);
        Assert.Equal((FireOutcome.SkippedOverlap, true), (result.Fire.Outcome, result.Fire.Late));
        Assert.Null(result.Run);
    }

    private Task<EmptyHub> OpenAsync() => EmptyHub.CreateAsync((services, _) => services.AddSingleton<TimeProvider>(_clock));

    private static async Task<int> ScheduleAsync(EmptyHub hub, string experiment)
    {
        var id = (await hub.Get<ExperimentStore>().CreateAsync(new ExperimentDraft(experiment, "", new()))).Id!.Value;
        return (await hub.Get<ScheduleStore>().CreateAsync(id, new ScheduleDraft("0 30 2 * * ?", "Etc/UTC"))).Id!.Value;
    }

    /// <summary>A firing whose run is trained to an end, an hour after the one before.</summary>
    private async Task NightAsync(EmptyHub hub, int schedule, double? accuracy, bool manual = false)
    {
        _clock.Now += TimeSpan.FromHours(1);
        await hub.Get<ScheduleStore>().FireAsync(schedule, _clock.Now, manual);
        var key = (await hub.Queue.ClaimAsync(DeviceRequest.Cpu, _ => true))!.Key;
        hub.Recorder.Begin(key);
        await hub.Recorder.StartedAsync(key, new TrainingStarted(new DeviceInfo("cpu", 0, "Test CPU"), "2.10.0", 1, 7850, 60_000, 10_000, 1875));
        if (accuracy is { } value)
            await hub.Recorder.EpochAsync(key, new EpochFinished(1, 0.4, 0.3, value, 0.5) { Best = true });
        await hub.Recorder.EndAsync(key, accuracy is null ? AttemptEnding.Stopped : AttemptEnding.Finished, null, null);
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
