using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Trainings;

public sealed class ForkTests
{
    [Fact]
    public async Task Enqueue_Fork_IsKnownOnBothSides()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var parent = await PlayedRun.StartAsync(hub);
        await parent.EpochAsync(1);
        await parent.EpochAsync(2);
        var fork = (await ForkAsync(hub, new ForkSource(parent.Id, 1), new TrainingSpec { BatchSize = 64 })).Run!.Value;
        Assert.Equal(new ForkSource(parent.Id, 1), ForkSource.Of((await hub.ReadAsync(fork)).Training));
        Assert.Equal(parent.Id, (await hub.History.FindAsync(fork))!.Family.Parent!.Id);
        Assert.Equal((fork, 1), (await hub.History.FindAsync(parent.Id))!.Family.Forks.Select(one => (one.Id, one.AfterEpoch)).Single());
    }

    [Fact]
    public async Task Enqueue_ForkOfNothing_NamesTheField()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var parent = await PlayedRun.StartAsync(hub);
        Assert.Equal("fork.epoch", Assert.Single((await ForkAsync(hub, new ForkSource(parent.Id, 1))).Problems).Field);
        await parent.EpochAsync(1);
        Assert.Contains("It has those of 1", Assert.Single((await ForkAsync(hub, new ForkSource(parent.Id, 2))).Problems).Message);
        Assert.Equal("fork.run", Assert.Single((await ForkAsync(hub, new ForkSource(RunId.New(TimeProvider.System), 1))).Problems).Field);
        var other = new TrainingSpec { Model = new ModelSpec { Kind = ModelCatalog.All[1].Kind } };
        Assert.Equal("spec.model", Assert.Single((await ForkAsync(hub, new ForkSource(parent.Id, 1), other)).Problems).Field);
    }

    [Fact]
    public async Task Enqueue_SameKeyOtherFork_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var parent = await PlayedRun.StartAsync(hub);
        await parent.EpochAsync(1);
        var request = new RunRequest("tutorial", null, new TrainingSpec(), "key", Fork: new ForkSource(parent.Id, 1));
        var first = await hub.Queue.EnqueueAsync(request);
        Assert.Equal(first.Run, (await hub.Queue.EnqueueAsync(request)).Run);
        Assert.Equal("Idempotency-Key", Assert.Single((await hub.Queue.EnqueueAsync(request with { Fork = null })).Problems).Field);
    }

    [Fact]
    public async Task Policy_CheckpointThatAForkWaitsFor_Stays()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var parent = await PlayedRun.StartAsync(hub);
        foreach (var epoch in new[] { 1, 2, 3 })
            await parent.EpochAsync(epoch);
        var fork = (await ForkAsync(hub, new ForkSource(parent.Id, 1))).Run!.Value;
        var keeper = hub.Get<CheckpointKeeper>();
        Assert.Equal([2], (await keeper.PreviewAsync(parent.Id, new() { Every = 0, Best = false }))!.Epochs);
        await hub.Queue.RequestStopAsync(fork);
        Assert.Equal([1, 2], (await keeper.PreviewAsync(parent.Id, new() { Every = 0, Best = false }))!.Epochs);
    }

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef:3", true)]
    [InlineData("0123456789abcdef0123456789abcdef:0", false)]
    [InlineData("0123456789abcdef0123456789abcdef", false)]
    [InlineData("0123456789abcdef0123456789abcdef:3:1", false)]
    [InlineData("x:3", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Parse_Address_IsReadOrRefused(string? text, bool good) => Assert.Equal(good ? text : null, ForkSource.Parse(text)?.ToString());

    private static Task<EnqueueResult> ForkAsync(EmptyHub hub, ForkSource fork, TrainingSpec? spec = null) =>
        hub.Queue.EnqueueAsync(new RunRequest("tutorial", null, spec ?? new TrainingSpec(), Fork: fork));
}
