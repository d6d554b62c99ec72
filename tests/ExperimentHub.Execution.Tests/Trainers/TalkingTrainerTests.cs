using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using static ExperimentHub.TestHub.FakeTrainer;

namespace ExperimentHub.Execution.Tests.Trainers;

/// <summary>
/// Trainers that talk faster than anybody can record, or in ways that nobody expects: wishes are heard all the same, and what was said is recorded.
/// </summary>
public sealed class TalkingTrainerTests
{
    /// <summary>Epochs without end, as fast as a shell can say them, until it is told to stop.</summary>
    private static readonly string TalksUntilStopped = $$"""
        {{SayStarted}}
        ( epoch=0; while true; do epoch=$((epoch + 1)); echo '{"type":"epoch","epoch":'$epoch',"trainLoss":0.5,"testLoss":0.4,"testAccuracy":0.9,"seconds":0.001}'; done ) &
        talker=$!
        read -r stop
        kill $talker; wait $talker 2> /dev/null
        {{Say(new TrainingStopped())}}
        """;

    private static readonly string TalksAndIsDeaf = TalksUntilStopped.Replace("read -r stop", "sleep 600", StringComparison.Ordinal);

    [Theory]
    [InlineData(AttemptEnding.Stopped)]
    [InlineData(AttemptEnding.Paused)]
    [InlineData(AttemptEnding.Interrupted)]
    public async Task Wish_TrainerTalksWithoutEnd_IsHeard(AttemptEnding wish)
    {
        using var trainer = new FakeTrainer(TalksUntilStopped);
        var run = await EndAsync(trainer, wish);
        Assert.Equal((wish, 0), (run.Training!.Attempts.Single().Ending, run.Training!.Attempts.Single().ExitCode));
        // Every epoch that was said is there, without a gap.
        Assert.Equal(Enumerable.Range(1, run.Training!.EpochsDone), run.Training!.EpochResults.Select(epoch => epoch.Number));
    }

    [Theory]
    [InlineData(AttemptEnding.Stopped)]
    [InlineData(AttemptEnding.Paused)]
    [InlineData(AttemptEnding.Interrupted)]
    public async Task Wish_TrainerTalksAndIsDeaf_IsKilledAfterTheGrace(AttemptEnding wish)
    {
        using var trainer = new FakeTrainer(TalksAndIsDeaf);
        var run = await EndAsync(trainer, wish, options =>
            options with { StopGrace = TimeSpan.FromMilliseconds(300), ShutdownGrace = TimeSpan.FromMilliseconds(300) });
        Assert.Equal((wish, 137), (run.Training!.Attempts.Single().Ending, run.Training!.Attempts.Single().ExitCode));
        Assert.Equal(Enumerable.Range(1, run.Training!.EpochsDone), run.Training!.EpochResults.Select(epoch => epoch.Number));
    }

    [Fact]
    public async Task Run_EndsWhileThousandsOfWordsWait_HasThemAll()
    {
        using var trainer = new FakeTrainer($$"""
            {{SayStarted}}
            i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); echo '{"type":"epoch","epoch":'$i',"trainLoss":0.5,"testLoss":0.4,"testAccuracy":0.9,"seconds":0.001}'; done
            {{Say(new TrainingFinished())}}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var run = await hub.RunToEndAsync();
        Assert.Equal((RunStatus.Finished, 3000), (run.Status, run.Training!.EpochResults.Count));
        Assert.Equal(3, run.Training!.TrainSeconds, 6);
    }

    [Fact]
    public async Task Run_TrainerFloodsItsLog_EndsAsItSays()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            head -c 3000000 /dev/zero | tr '\0' x >&2
            yes 'warn: something is odd' | head -n 100000 >&2
            {SayEpoch(1)}
            {Say(new TrainingFinished())}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        Assert.Equal(RunStatus.Finished, (await hub.RunToEndAsync()).Status);
    }

    [Fact]
    public async Task Run_TrainerWritesALineWithoutEnd_IsKilled()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; tr '\\0' x < /dev/zero");
        await using var hub = await RunningHub.StartAsync(trainer);
        var run = await hub.RunToEndAsync();
        Assert.Equal(AttemptEnding.Garbled, run.Training!.Attempts[^1].Ending);
        Assert.All(trainer.Pids, pid => Assert.False(Processes.Lives(pid)));
    }

    [Fact]
    public async Task Run_TrainerClosesItsOutputAndLives_IsKilledAfterTheGrace()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; {SayEpoch(1)}; exec 1>&-; sleep 600");
        await using var hub = await RunningHub.StartAsync(trainer, options => options with { StopGrace = TimeSpan.FromMilliseconds(300) });
        var run = await hub.RunToEndAsync();
        Assert.Equal((AttemptEnding.Crashed, 137), (run.Training!.Attempts[^1].Ending, run.Training!.Attempts[^1].ExitCode));
        Assert.All(trainer.Pids, pid => Assert.False(Processes.Lives(pid)));
    }

    [Fact]
    public async Task Run_TrainerEndsAndLeavesItsPipeToSomebody_IsNotWaitedFor()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; {SayEpoch(1)}; {Say(new TrainingFinished())}; sleep 20 &");
        await using var hub = await RunningHub.StartAsync(trainer);
        var run = await hub.RunToEndAsync();
        Assert.Equal((RunStatus.Finished, 1), (run.Status, run.Training!.EpochsDone));
    }

    [Fact]
    public async Task Run_TrainerStopsThoughNobodyAsked_GoesOnInANewAttempt()
    {
        // As where the system tells all programs to end, and the trainer hears it before its hub.
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            case "$start" in *'"attempt":2'*) {SayEpoch(1)}; {Say(new TrainingFinished())}; exit 0;; esac
            {Say(new TrainingStopped())}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var run = await hub.RunToEndAsync();
        Assert.Equal((RunStatus.Finished, 2), (run.Status, run.Training!.Attempts.Count));
    }

    [Theory]
    [InlineData("exit 7")]
    [InlineData("echo garbage")]
    [InlineData("kill -SEGV $$")]
    [InlineData("""echo '{"type":"failed","reason":"The data set is gone."}'""")]
    public async Task HubStops_TrainerFailsOverIt_IsInterrupted(string last)
    {
        using var trainer = new FakeTrainer($"{SayStarted}; read -r stop; {last}");
        var run = await EndAsync(trainer, AttemptEnding.Interrupted);
        Assert.Equal((RunStatus.Interrupted, AttemptEnding.Interrupted), (run.Status, run.Training!.Attempts.Single().Ending));
    }

    [Fact]
    public async Task HubStops_ServicesAreDisposedBeforeTheTrainerHasEnded_EndingIsWritten()
    {
        // Nobody waits for the services before they are disposed: the order of disposal alone keeps the database for the ending.
        using var trainer = new FakeTrainer($"{SayStarted}; read -r stop; sleep 1; {SavePausePoint(1, 0, 7)}; {Say(new TrainingStopped())}");
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            RunId id;
            await using (var hub = await RunningHub.StartAsync(trainer, existing: folder))
            {
                id = await hub.Hub.EnqueueAsync();
                await hub.WaitForAsync(id, run => run.Training!.DeviceName is not null);
                await hub.StopWithoutPatienceAsync();
            }

            await using var next = await EmptyHub.CreateAsync(existing: folder);
            var run = await next.ReadAsync(id);
            Assert.Equal((RunStatus.Interrupted, 7), (run.Status, run.Training!.PausePoint?.StepsDone));
            Assert.False(Processes.Lives(trainer.Pids.Single()));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(false, RunStatus.Stopped)]
    [InlineData(true, RunStatus.Paused)]
    public async Task Wish_WhileTheDeviceIsBeingTaken_StartsNoTrainer(bool pause, RunStatus becomes)
    {
        using var trainer = new FakeTrainer($"{SayStarted}; read -r stop; {Say(new TrainingStopped())}");
        await using var hub = await RunningHub.StartAsync(trainer, options => options with { CpuSlots = 1 });
        var id = await hub.Hub.EnqueueAsync();
        // The moment in which the run is claimed, and nobody listens for it yet.
        using var wishing = hub.Hub.Feed.Listen((run, _) =>
        {
            if (hub.Hub.Get<LiveRuns>().Find(run)?.Attempt == 1)
                Wish(hub, run, pause).GetAwaiter().GetResult();
        });
        var ended = await hub.WaitForAsync(id, run => run.Status == becomes);
        Assert.Equal((becomes, 1), (ended.Status, ended.Training!.Attempts.Count));
        Assert.Empty(trainer.Pids);
    }

    private static async Task Wish(RunningHub hub, RunId run, bool pause)
    {
        if ((await hub.Hub.ReadAsync(run)) is not { Status: RunStatus.Running, Training: { StopRequestedAt: null, PauseRequestedAt: null } })
            return;
        if (pause)
            await hub.Hub.Control.PauseAsync(run);
        else
            await hub.Hub.Queue.RequestStopAsync(run);
    }

    private static async Task<Run> EndAsync(FakeTrainer trainer, AttemptEnding wish, Func<ExecutionOptions, ExecutionOptions>? configure = null)
    {
        await using var hub = await RunningHub.StartAsync(trainer, configure);
        var id = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(id, run => run.Training!.DeviceName is not null);
        if (wish == AttemptEnding.Interrupted)
            await hub.StopAsync();
        else if (wish == AttemptEnding.Paused)
            await hub.Hub.Control.PauseAsync(id);
        else
            await hub.Hub.Queue.RequestStopAsync(id);
        var run = await hub.WaitForEndAsync(id);
        Assert.All(trainer.Pids, pid => Assert.False(Processes.Lives(pid)));
        return run;
    }
}
