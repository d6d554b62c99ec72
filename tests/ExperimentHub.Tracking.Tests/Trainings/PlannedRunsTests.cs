using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Trainings;

public sealed class PlannedRunsTests
{
    private static readonly DateTime Now = new(2026, 1, 2, 12, 0, 0, DateTimeKind.Utc);

    [Fact]
    public async Task Look_NothingMeasured_KnowsNoTime()
    {
        await using var hub = await EmptyHub.CreateAsync();
        Assert.Equal(new RunOutlook(null, 2, 1, 0, 0), await hub.Get<PlannedRuns>().LookAsync([new TrainingSpec(), new TrainingSpec { Seed = 2 }]));
    }

    [Theory]
    [InlineData(1, 4 + 8 + 12)]
    [InlineData(2, 4 + 12)]
    [InlineData(5, 12)]
    public async Task Look_KindMeasured_TakesThatPaceOnAsManySlotsAsThereAre(int slots, int seconds)
    {
        await using var hub = await MeasuredAsync();
        var cpu = new DeviceInfo("cpu", 0, "Test CPU");
        hub.Devices.Report = EmptyHub.OneCpu;
        hub.Devices.SlotBooks = () => [new DeviceUse(cpu, slots, []), new DeviceUse(new DeviceInfo("cuda", 0, "Test GPU"), 7, [])];
        var outlook = await hub.Get<PlannedRuns>().LookAsync([.. new[] { 1, 2, 3 }.Select(epochs => new TrainingSpec { Epochs = epochs })]);
        Assert.Equal((TimeSpan.FromSeconds(seconds), 0, slots), (outlook.Lasting, outlook.Unmeasured, outlook.AtOnce));
    }

    [Fact]
    public async Task Look_SomeKindsMeasured_CountsTheOthers()
    {
        await using var hub = await MeasuredAsync();
        var outlook = await hub.Get<PlannedRuns>()
            .LookAsync([new TrainingSpec { Epochs = 1 }, new TrainingSpec { BatchSize = 64 }, new TrainingSpec { BatchSize = 128 }]);
        Assert.Equal((TimeSpan.FromSeconds(4), 2), (outlook.Lasting, outlook.Unmeasured));
    }

    [Fact]
    public async Task Look_RunsThatWaitOnTheSameDevice_AreAhead()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.EnqueueAsync();
        await hub.EnqueueAsync();
        await hub.EnqueueAsync(new TrainingSpec { Device = DeviceRequest.Cuda });
        Assert.Equal(2, (await hub.Get<PlannedRuns>().LookAsync([new TrainingSpec { Seed = 9 }])).Ahead);
    }

    [Fact]
    public async Task Look_SameTrainingIsThere_IsARepetitionUnlessItWasStopped()
    {
        await using var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("finished", new TrainingSpec { Seed = 1 }, accuracies: [0.9]);
        await hub.EnqueueAsync(new TrainingSpec { Seed = 2, Checkpoints = new CheckpointPolicy { Every = 2 } });
        await hub.Queue.RequestStopAsync(await hub.EnqueueAsync(new TrainingSpec { Seed = 3 }));
        await hub.EnqueueAsync(new TrainingSpec { Seed = 4, BatchSize = 64 });
        await hub.EnqueueAsync(new TrainingSpec { Seed = 4, Device = DeviceRequest.Cuda });
        Assert.Equal(2, (await hub.Get<PlannedRuns>()
            .LookAsync([.. new long[] { 1, 2, 3, 4, 5 }.Select(seed => new TrainingSpec { Seed = seed })])).Repeats);
    }

    [Fact]
    public async Task Look_AtNothing_IsNothing()
    {
        await using var hub = await EmptyHub.CreateAsync();
        Assert.Equal(new RunOutlook(null, 0, 1, 0, 0), await hub.Get<PlannedRuns>().LookAsync([]));
    }

    /// <summary>A hub on which a run of the tutorial took four seconds for each epoch.</summary>
    private static async Task<EmptyHub> MeasuredAsync()
    {
        var hub = await EmptyHub.CreateAsync();
        await hub.FinishAsync("measured", new TrainingSpec { Seed = 99 }, accuracies: [0.8, 0.9]);
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync();
        await db.Runs.ExecuteUpdateAsync(set => set.SetProperty(run => run.StartedAt, Now).SetProperty(run => run.EndedAt, Now.AddSeconds(8)));
        return hub;
    }
}
