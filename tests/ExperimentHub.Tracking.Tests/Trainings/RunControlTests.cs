using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Tests.Trainings;

public sealed class RunControlTests
{
    [Fact]
    public async Task Pause_Queued_TakesItOutOfTheQueueAtOnce()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.EnqueueAsync();
        Assert.Equal(PauseOutcome.Paused, await hub.Control.PauseAsync(id));
        Assert.Null(await hub.Queue.ClaimAsync("cpu", _ => true));
        var run = await hub.ReadAsync(id);
        Assert.Equal((RunStatus.Paused, null), (run.Status, run.EndedAt));
        Assert.Equal(PauseOutcome.Paused, await hub.Control.PauseAsync(id));
    }

    [Fact]
    public async Task Resume_Paused_StandsBehindEverybodyWhoWaits()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var first = await hub.EnqueueAsync();
        var second = await hub.EnqueueAsync();
        await hub.Control.PauseAsync(first);
        Assert.Equal(ResumeOutcome.Queued, await hub.Control.ResumeAsync(first));
        var third = await hub.EnqueueAsync();
        List<RunId> order = [];
        while (await hub.Queue.ClaimAsync("cpu", _ => true) is { } claimed)
            order.Add(claimed.Key.Run);
        Assert.Equal([second, first, third], order);
    }

    [Fact]
    public async Task Pause_Running_AsksOnceAndKeepsTheFirstTime()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        Assert.Equal(PauseOutcome.Pausing, await hub.Control.PauseAsync(key.Run));
        var asked = (await hub.ReadAsync(key.Run)).Training!.PauseRequestedAt;
        Assert.Equal(PauseOutcome.Pausing, await hub.Control.PauseAsync(key.Run));
        var run = await hub.ReadAsync(key.Run);
        Assert.Equal((RunStatus.Running, asked), (run.Status, run.Training!.PauseRequestedAt));
        Assert.NotNull(asked);
        Assert.Equal(ResumeOutcome.StillActive, await hub.Control.ResumeAsync(key.Run));
    }

    [Fact]
    public async Task Pause_AfterAStop_IsAnsweredWithTheStop()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        await hub.Queue.RequestStopAsync(key.Run);
        Assert.Equal(PauseOutcome.Stopping, await hub.Control.PauseAsync(key.Run));
        Assert.Null((await hub.ReadAsync(key.Run)).Training!.PauseRequestedAt);
    }

    [Theory]
    [InlineData(AttemptEnding.Paused, false, RunStatus.Paused)]
    [InlineData(AttemptEnding.Paused, true, RunStatus.Stopped)]
    [InlineData(AttemptEnding.Interrupted, false, RunStatus.Paused)] // the hub ended while the trainer saved
    [InlineData(AttemptEnding.Interrupted, true, RunStatus.Stopped)]
    [InlineData(AttemptEnding.Crashed, false, RunStatus.Paused)] // the trainer died while it saved
    [InlineData(AttemptEnding.Finished, true, RunStatus.Finished)] // it was faster
    [InlineData(AttemptEnding.Failed, true, RunStatus.Failed)]
    public async Task End_AfterAPause_IsWhatWasAskedUnlessItIsDone(AttemptEnding ending, bool stopToo, RunStatus expected)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        await hub.Control.PauseAsync(key.Run);
        if (stopToo)
            Assert.Equal(StopOutcome.Stopping, await hub.Queue.RequestStopAsync(key.Run));
        Assert.Null(ending == AttemptEnding.Crashed ? await hub.Recorder.RetryAsync(key, ending, "it died", 137) : null);
        await hub.Recorder.EndAsync(key, ending, "a reason", 0);
        var run = await hub.ReadAsync(key.Run);
        Assert.Equal((expected, ending), (run.Status, run.Training!.Attempts.Single().Ending));
        Assert.Equal(expected == RunStatus.Failed ? "a reason" : null, run.Error);
    }

    [Fact]
    public async Task HubKilled_DuringAPause_LeavesAPausedRunThatIsNotQueuedAgain()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        await hub.Control.PauseAsync(key.Run);
        // The next start of the hub, as Dispatcher does it.
        await hub.InterruptAsync();
        Assert.Empty(await hub.Queue.RequeueInterruptedAsync());
        Assert.Equal(RunStatus.Paused, (await hub.ReadAsync(key.Run)).Status);
    }

    [Theory]
    [InlineData(AttemptEnding.Stopped, RunStatus.Stopped)]
    [InlineData(AttemptEnding.Failed, RunStatus.Failed)]
    [InlineData(AttemptEnding.Interrupted, RunStatus.Interrupted)]
    public async Task Resume_EndedRun_IsQueuedWithNothingLeftOfItsEnd(AttemptEnding ending, RunStatus status)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        if (ending == AttemptEnding.Stopped)
            await hub.Queue.RequestStopAsync(run.Id);
        await run.EndAsync(ending);
        Assert.Equal(status, (await run.ReadAsync()).Status);
        Assert.Equal(ResumeOutcome.Queued, await hub.Control.ResumeAsync(run.Id));
        var queued = await run.ReadAsync();
        Assert.Equal((RunStatus.Queued, null, null, null), (queued.Status, queued.Error, queued.Training!.StopRequestedAt, queued.EndedAt));
        Assert.Equal(2, (await hub.Queue.ClaimAsync("cpu", _ => true))!.Key.Attempt);
    }

    [Fact]
    public async Task Resume_FinishedOrUnknown_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        Assert.Equal(ResumeOutcome.Finished, await hub.Control.ResumeAsync(await hub.FinishAsync("a", accuracies: [0.9])));
        Assert.Equal(ResumeOutcome.NotFound, await hub.Control.ResumeAsync(RunId.New(TimeProvider.System)));
        Assert.Equal(PauseOutcome.NotFound, await hub.Control.PauseAsync(RunId.New(TimeProvider.System)));
    }

    [Fact]
    public async Task Pause_Finished_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        Assert.Equal(PauseOutcome.AlreadyEnded, await hub.Control.PauseAsync(await hub.FinishAsync("a", accuracies: [0.9])));
    }

    [Fact]
    public async Task TrainOn_Finished_HasMoreEpochsAndIsQueued()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.FinishAsync("a", new TrainingSpec { Epochs = 2 }, accuracies: [0.8, 0.9]);
        Assert.True((await hub.Control.TrainOnAsync(id, 3)).Queued);
        var run = await hub.ReadAsync(id);
        Assert.Equal((RunStatus.Queued, 5, 5, 2), (run.Status, run.Training!.PlannedEpochs, run.Training!.Spec.Epochs, run.Training!.EpochsDone));
    }

    [Fact]
    public async Task TrainOn_MoreEpochs_IsWhatASearchFinds()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.FinishAsync("a", new TrainingSpec { Epochs = 2 }, accuracies: [0.8, 0.9]);
        await hub.Control.TrainOnAsync(id, 3);
        await using var db = await hub.Get<IDbContextFactory<TrackingDb>>().CreateDbContextAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["5"], await db.RunParams.Where(param => param.Param.Name == "epochs").Select(param => param.Text)
            .ToListAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(9_999)]
    [InlineData(int.MaxValue)]
    public async Task TrainOn_ImpossibleNumber_IsRefusedWithTheAllowedOnes(int epochs)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.FinishAsync("a", new TrainingSpec { Epochs = 2 }, accuracies: [0.8, 0.9]);
        var result = await hub.Control.TrainOnAsync(id, epochs);
        Assert.False(result.Queued);
        Assert.Contains("from 1 to 9,998", result.Refusal);
        Assert.Equal(RunStatus.Finished, (await hub.ReadAsync(id)).Status);
    }

    [Theory]
    [InlineData(LearningRateSchedule.Cosine, true)]
    [InlineData(LearningRateSchedule.OneCycle, true)]
    [InlineData(LearningRateSchedule.Step, false)]
    [InlineData(LearningRateSchedule.Constant, false)]
    public async Task TrainOn_ScheduleOverTheWholeRun_NeedsConsent(string kind, bool asks)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.FinishAsync("a", new TrainingSpec { Epochs = 2, LearningRateSchedule = new LearningRateSchedule { Kind = kind } },
            accuracies: [0.8, 0.9]);
        var result = await hub.Control.TrainOnAsync(id, 3);
        Assert.Equal((!asks, asks), (result.Queued, result.NeedsConsent));
        if (!asks)
            return;
        Assert.Contains(kind, result.Refusal);
        Assert.Equal(2, (await hub.ReadAsync(id)).Training!.PlannedEpochs);
        Assert.True((await hub.Control.TrainOnAsync(id, 3, consents: true)).Queued);
    }

    [Fact]
    public async Task TrainOn_RunningOrFailed_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        Assert.Contains("running", (await hub.Control.TrainOnAsync(key.Run, 1)).Refusal);
        await hub.Recorder.EndAsync(key, AttemptEnding.Failed, "NaN", 1);
        Assert.Contains("failed", (await hub.Control.TrainOnAsync(key.Run, 1)).Refusal);
    }

    [Fact]
    public async Task Reproduce_Finished_IsANewRunOnTheDeviceThatWasUsed()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var id = await hub.FinishAsync("falcon", new TrainingSpec { Epochs = 1, Seed = 7 }, accuracies: [0.8]);
        var again = await hub.ReadAsync((await hub.Control.ReproduceAsync(id)).Run!.Value);
        Assert.Equal(("falcon again", id, "cpu", 7L),
            (again.Name, again.Training!.Reproduces, again.Training!.Spec.Device, again.Training!.Spec.Seed));
        var (original, reproduction) = ((await hub.History.FindAsync(id))!.Family, (await hub.History.FindAsync(again.Id))!.Family);
        Assert.Equal(again.Id, Assert.Single(original.Reproductions).Id);
        Assert.Equal(id, reproduction.Original!.Id);
    }

    [Fact]
    public async Task Reproduce_NotFinished_IsRefused()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        Assert.Contains("running", Assert.Single((await hub.Control.ReproduceAsync(key.Run)).Problems).Message);
    }
}
