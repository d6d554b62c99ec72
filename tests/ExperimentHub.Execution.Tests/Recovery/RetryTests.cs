using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Checkpoints;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using static ExperimentHub.TestHub.FakeTrainer;

namespace ExperimentHub.Execution.Tests.Recovery;

public sealed class RetryTests
{
    [Fact]
    public async Task Crash_WithoutAnyCheckpoint_IsTriedThreeTimesThenFailed()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; exit 7");
        await using var hub = await RunningHub.StartAsync(trainer);
        var run = await hub.RunToEndAsync();
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Equal([1, 2, 3], run.Training!.Attempts.Select(attempt => attempt.Number));
        Assert.All(run.Training!.Attempts, attempt => Assert.Equal(AttemptEnding.Crashed, attempt.Ending));
    }

    [Fact]
    public async Task Crash_AfterACheckpoint_GoesOnFromItInANewAttempt()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            case "$start" in
            *'"resume":'*'"epoch":1,'*'{CheckpointName.For(1, 1)}'*) {SayEpoch(2)}; {Say(new TrainingFinished())}; exit 0;;
            *'"resume":'*) echo 'resumed from the wrong place'; exit 0;;
            esac
            {SaveCheckpoint(1, 1)}
            kill -KILL $$
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var run = await hub.RunToEndAsync();
        Assert.Equal((RunStatus.Finished, 2), (run.Status, run.Training!.EpochResults.Count));
        Assert.Equal([AttemptEnding.Crashed, AttemptEnding.Finished], run.Training!.Attempts.Select(attempt => attempt.Ending!.Value));
        Assert.Null(run.Error);
    }

    [Fact]
    public async Task Crash_WithNewCheckpointsBetween_IsNotCountedAgainstTheRun()
    {
        // Each attempt brings one more checkpoint and dies; five deaths, never three without progress.
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            attempt=$(echo "$start" | sed 's/.*"attempt":\([0-9]*\).*/\1/')
            case $attempt in
            1) {SaveCheckpoint(1, 1)};;
            2) {SaveCheckpoint(2, 2)};;
            3) {SaveCheckpoint(3, 3)};;
            4) {SaveCheckpoint(4, 4)};;
            *) {Say(new TrainingFinished())}; exit 0;;
            esac
            kill -SEGV $$
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var run = await hub.RunToEndAsync();
        Assert.Equal((RunStatus.Finished, 5), (run.Status, run.Training!.Attempts.Count));
    }

    [Fact]
    public async Task Resume_NewestCheckpointDamaged_TakesTheOneBefore()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            case "$start" in
            *'"resume":'*'"epoch":1,'*) {SayEpoch(2)}; {Say(new TrainingFinished())}; exit 0;;
            *'"resume":'*) echo 'resumed from the damaged one'; exit 0;;
            esac
            {SaveCheckpoint(1, 1)}
            {SaveCheckpoint(1, 2)}
            printf y > "$folder/{CheckpointName.StateFor(1, 2)}"
            kill -KILL $$
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        Assert.Equal(RunStatus.Finished, (await hub.RunToEndAsync()).Status);
    }

    [Fact]
    public async Task TrainingFailed_ForAReason_IsNotTriedAgain()
    {
        using var trainer = new FakeTrainer($"{Say(new TrainingFailed("Out of memory."))}; exit 1");
        await using var hub = await RunningHub.StartAsync(trainer);
        Assert.Single((await hub.RunToEndAsync()).Training!.Attempts);
    }

    [Fact]
    public async Task Requeue_AfterTheHubEnded_TakesTheOldPlaceAndANewAttempt()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        var later = await hub.EnqueueAsync();
        await hub.InterruptAsync();
        Assert.Equal([key.Run], await hub.Queue.RequeueInterruptedAsync());
        var claimed = await hub.Queue.ClaimAsync("cpu", _ => true);
        Assert.Equal((key.Run, 2), (claimed!.Key.Run, claimed.Key.Attempt));
        Assert.Equal(RunStatus.Queued, (await hub.ReadAsync(later)).Status);
    }

    [Fact]
    public async Task Requeue_RunThatWasAskedToStop_StaysStopped()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await hub.StartAsync();
        await hub.Queue.RequestStopAsync(key.Run);
        await hub.InterruptAsync();
        Assert.Empty(await hub.Queue.RequeueInterruptedAsync());
        Assert.Equal(RunStatus.Stopped, (await hub.ReadAsync(key.Run)).Status);
    }

    [Fact]
    public async Task FurthestResumable_CheckpointWithoutState_IsPassedOver()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = ArtifactKey.OfCheckpoint((await hub.StartAsync()).Run, CheckpointName.For(1, 1));
        var weights = new Artifact
        {
            Name = key.Name, Key = key, Size = 1, Sha256 = new string('0', 64), MediaType = Artifact.AnyBytes,
            CreatedAt = DateTime.UtcNow
        };
        Assert.Null(await hub.Get<CheckpointFiles>()
            .FurthestResumableAsync([new Checkpoint { Epoch = 1, Weights = weights }], null, _ => Assert.Fail("It is not damaged, only old.")));
    }
}
