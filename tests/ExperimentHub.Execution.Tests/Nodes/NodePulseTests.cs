using ExperimentHub.Execution.Nodes;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Nodes;
using Microsoft.Extensions.Hosting;

namespace ExperimentHub.Execution.Tests.Nodes;

public sealed class NodePulseTests
{
    [Fact]
    public async Task Beat_WhileARunTrains_SaysWhatTheNodeHasAndWhatIsInUse()
    {
        using var trainer = new FakeTrainer($"{FakeTrainer.SayStarted}; read -r stop; {FakeTrainer.Say(new TrainingStopped())}");
        await using var running = await RunningHub.StartAsync(trainer, options => options with { CpuSlots = 3 });
        var run = await running.Hub.EnqueueAsync();
        await running.WaitForAsync(run, r => r.Training!.StepsPerEpoch is not null);
        await running.Hub.Get<NodePulse>().BeatAsync(TestContext.Current.CancellationToken);
        var node = Assert.Single(await running.Hub.Get<NodeStore>().ListAsync(TestContext.Current.CancellationToken)).Node;
        Assert.Equal(Environment.MachineName, node.Name);
        Assert.Equal([new NodeDevice("cpu", 0, "Test CPU", 3, 1)], node.Devices);
        Assert.NotNull(node.TestedSeconds);
        await running.Hub.Queue.RequestStopAsync(run, TestContext.Current.CancellationToken);
        await running.WaitForEndAsync(run);
    }

    [Fact]
    public async Task Beat_AfterAnotherHubBeganUnderTheName_EndsThisOne()
    {
        using var trainer = new FakeTrainer(FakeTrainer.SayStarted);
        await using var running = await RunningHub.StartAsync(trainer);
        await running.Hub.Get<NodePulse>().BeatAsync(TestContext.Current.CancellationToken);
        await using var other = await EmptyHub.CreateAsync(existing: running.Hub.Folder.Root);
        await other.Get<NodeStore>().BeatAsync([], null, TestContext.Current.CancellationToken);
        await running.Hub.Get<NodePulse>().BeatAsync(TestContext.Current.CancellationToken);
        Assert.True(running.Hub.Get<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
    }
}
