using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using static ExperimentHub.TestHub.FakeTrainer;

namespace ExperimentHub.Execution.Tests.Trainers;

/// <summary>One run for every way in which a trainer can end; after each, the slot is free again and no process is left.</summary>
public sealed class RunEndingsTests
{
    [Fact]
    public async Task Run_TrainerFinishes_IsFinishedWithItsEpochs()
    {
        var run = await EndAsync($"""
            {SayStarted}
            {SayEpoch(1)}
            {SayEpoch(2)}
            {Say(new TrainingFinished())}
            """);
        Assert.Equal((RunStatus.Finished, 2, "Test CPU"), (run.Status, run.Training!.EpochResults.Count, run.Training!.DeviceName));
        Assert.Equal(0, Assert.Single(run.Training!.Attempts).ExitCode);
    }

    [Fact]
    public async Task Run_TrainerSaysWhyItCannot_IsFailedWithReasonAndRemedy()
    {
        var run = await EndAsync($"{Say(new TrainingFailed("The loss became NaN.", "Lower the learning rate."))}; exit 1");
        Assert.Equal((RunStatus.Failed, "The loss became NaN. Lower the learning rate."), (run.Status, run.Error));
        Assert.Equal(AttemptEnding.Failed, Assert.Single(run.Training!.Attempts).Ending);
    }

    [Fact]
    public async Task Run_TrainerCrashes_IsFailedWithItsSignalAndLastLines()
    {
        var run = await EndAsync($"""
            {SayStarted}
            {SayEpoch(1)}
            echo 'error: something native broke' >&2
            kill -SEGV $$
            """);
        Assert.Equal((RunStatus.Failed, AttemptEnding.Crashed), (run.Status, run.Training!.Attempts[^1].Ending));
        Assert.Contains("SIGSEGV", run.Error);
        Assert.Contains("something native broke", run.Error);
        Assert.Single(run.Training!.EpochResults); // what was done is kept
    }

    [Fact]
    public async Task Run_TrainerIsKilled_IsFailedAndSaysSo()
    {
        var run = await EndAsync($"{SayStarted}; kill -KILL $$");
        Assert.Equal((RunStatus.Failed, 137), (run.Status, run.Training!.Attempts[^1].ExitCode));
        Assert.Contains("SIGKILL", run.Error);
    }

    [Fact]
    public async Task Run_TrainerHangs_IsKilledAfterTheSilenceLimit()
    {
        var run = await EndAsync($"{SayStarted}; sleep 600", options => options with { SilenceLimit = TimeSpan.FromMilliseconds(500) });
        Assert.Equal((RunStatus.Failed, AttemptEnding.Hung), (run.Status, run.Training!.Attempts[^1].Ending));
    }

    [Theory]
    [InlineData("echo 'Segmentation fault or so'")]
    [InlineData("""echo '{"type":"unheard-of"}'""")]
    [InlineData("""echo '{"type":"epoch","epoch":"one"}'""")]
    [InlineData("echo null")]
    public async Task Run_TrainerWritesGarbage_IsKilledAndTheLineQuoted(string garbage)
    {
        var run = await EndAsync($"{SayStarted}; {garbage}; sleep 600");
        Assert.Equal((RunStatus.Failed, AttemptEnding.Garbled), (run.Status, run.Training!.Attempts[^1].Ending));
        Assert.Contains("not an event", run.Error);
    }

    [Fact]
    public async Task Run_TrainerMissing_IsFailedWithThePlaceItShouldBe()
    {
        using var trainer = new FakeTrainer("");
        await using var hub = await RunningHub.StartAsync(trainer);
        File.Delete(trainer.Program);
        var run = await hub.RunToEndAsync();
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Contains(trainer.Program, run.Error);
    }

    [Fact]
    public async Task Stop_PoliteTrainer_StopsByItself()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; read -r stop; {Say(new TrainingStopped())}");
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(id, run => run.Training!.DeviceName is not null);
        await hub.Hub.Queue.RequestStopAsync(id);
        var run = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Stopped, 0), (run.Status, run.Training!.Attempts.Single().ExitCode));
    }

    [Fact]
    public async Task Stop_DeafTrainer_IsKilledAfterTheGrace()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; sleep 600");
        await using var hub = await RunningHub.StartAsync(trainer, options => options with { StopGrace = TimeSpan.FromMilliseconds(300) });
        var id = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(id, run => run.Training!.DeviceName is not null);
        await hub.Hub.Queue.RequestStopAsync(id);
        var run = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Stopped, 137), (run.Status, run.Training!.Attempts.Single().ExitCode));
        Assert.False(Processes.Lives(trainer.Pids.Single()));
    }

    [Fact]
    public async Task HubStops_WhileARunTrains_IsInterruptedNotFailed()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; read -r stop; {Say(new TrainingStopped())}");
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(id, run => run.Training!.DeviceName is not null);
        await hub.StopAsync();
        var run = await hub.Hub.ReadAsync(id);
        Assert.Equal(RunStatus.Interrupted, run.Status);
        Assert.False(Processes.Lives(trainer.Pids.Single()));
    }

    private static async Task<Run> EndAsync(string script, Func<ExecutionOptions, ExecutionOptions>? configure = null)
    {
        using var trainer = new FakeTrainer(script);
        await using var hub = await RunningHub.StartAsync(trainer, configure);
        var run = await hub.RunToEndAsync();
        // The one CPU slot is free again: a second run gets it and ends the same way.
        var second = await hub.RunToEndAsync();
        Assert.Equal(run.Status, second.Status);
        Assert.All(trainer.Pids, pid => Assert.False(Processes.Lives(pid)));
        return run;
    }
}
