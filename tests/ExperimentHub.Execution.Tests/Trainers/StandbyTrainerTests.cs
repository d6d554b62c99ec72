using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.Execution.Tests.Trainers;

/// <summary>A trainer that waits for a run is a process like any other: it may be taken, die, grow, or outlive its hub.</summary>
public sealed class StandbyTrainerTests : IDisposable
{
    private const long Enough = 1L << 30;

    /// <summary>A trainer that may be told to stand by, and says in a file of its own which process trained.</summary>
    private readonly FakeTrainer _trainer = new($"""
        case "$start" in *standBy*) echo "info: waits" >&2; read -r start || exit 3;; esac
        echo $$ >> "$here/trained"
        {FakeTrainer.SayStarted}
        {FakeTrainer.SayEpoch(1)}
        {FakeTrainer.Say(new TrainingFinished(null))}
        """);

    public void Dispose() => _trainer.Dispose();

    [Fact]
    public async Task Run_WhileOneStandsBy_IsTrainedByIt()
    {
        await using var hub = await StartAsync();
        foreach (var run in new[] { 0, 1 })
        {
            var waiting = await WaitingAsync(run + 1);

            var trained = await hub.RunToEndAsync();

            Assert.Equal(RunStatus.Finished, trained.Status);
            Assert.Equal(waiting, Trained[run]);
            Assert.Contains(await hub.Hub.Get<RunLogs>().TailAsync(trained.Id, 1, 100, TestContext.Current.CancellationToken),
                line => line.Text == "waits");
        }
    }

    [Fact]
    public async Task Run_AfterTheOneThatStoodByWasKilled_GetsAnotherInItsFirstAttempt()
    {
        await using var hub = await StartAsync();
        var waiting = await WaitingAsync(1);
        await Processes.SignalAsync(waiting, "KILL");
        await Processes.WaitForEndAsync(waiting, TimeSpan.FromSeconds(30));

        var run = await hub.RunToEndAsync();

        Assert.Equal(RunStatus.Finished, run.Status);
        Assert.Single(run.Training!.Attempts);
        Assert.DoesNotContain(waiting, Trained);
    }

    [Fact]
    public async Task StandingBy_BeyondItsMemory_IsEndedAndNoOtherTried()
    {
        await using var hub = await StartAsync(bytes: 4096);
        await Processes.WaitForEndAsync(await WaitingAsync(1), TimeSpan.FromSeconds(30));

        Assert.Equal(RunStatus.Finished, (await hub.RunToEndAsync()).Status);
        Assert.Equal(RunStatus.Finished, (await hub.RunToEndAsync()).Status);
        // One that stood by, and one for each run.
        Assert.Equal(3, _trainer.Pids.Count);
    }

    [Theory]
    [InlineData(0, Enough * 4)]
    [InlineData(Enough, Enough)]
    public async Task Hub_WithoutMemoryToSpare_LetsNobodyStandBy(long allowed, long available)
    {
        await using var hub = await StartAsync(allowed, available);

        await hub.RunToEndAsync();
        await hub.RunToEndAsync();

        Assert.Equal(_trainer.Pids, Trained);
    }

    [Fact]
    public async Task Hub_ThatStops_LeavesNobodyStandingBy()
    {
        int waiting;
        await using (await StartAsync())
            waiting = await WaitingAsync(1);

        await Processes.WaitForEndAsync(waiting, TimeSpan.FromSeconds(30));
    }

    private IReadOnlyList<int> Trained => _trainer.Noted("trained");

    private Task<RunningHub> StartAsync(long bytes = Enough, long available = Enough * 4) =>
        RunningHub.StartAsync(_trainer, options => options with { StandbyBytes = bytes },
            services: all => all.AddSingleton<IHardware>(new MachineOf(available)));

    private async Task<int> WaitingAsync(int started)
    {
        while (_trainer.Pids.Count < started)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        return _trainer.Pids[started - 1];
    }

    private sealed class MachineOf(long available) : IHardware
    {
        public Hardware Read() => new(new CpuFacts("Test CPU", 1, 1, available * 2, available), new NvidiaFacts(null, []));
    }
}
