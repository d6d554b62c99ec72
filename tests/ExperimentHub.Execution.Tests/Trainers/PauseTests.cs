using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using static ExperimentHub.TestHub.FakeTrainer;

namespace ExperimentHub.Execution.Tests.Trainers;

/// <summary>Every way in which a pause can go, with real processes: what becomes of the run, of its slot and of its steps.</summary>
public sealed class PauseTests
{
    private static readonly string SayProgress = Say(new TrainingProgress(2, 1875 + 300, 0.5, 1) { Losses = [.. Enumerable.Repeat(0.5f, 300)] });

    /// <summary>An epoch, 300 steps of the next, and a pause point there when asked; goes on from exactly that point to the end.</summary>
    private static readonly string Polite = $"""
        {SayStarted}
        case "$start" in
        *'"resume":'*'"epoch":1,'*'{CheckpointName.ForPause(1)}'*'"stepsDone":300,"secondsBefore":0.5'*) {SayEpoch(2)}; {Say(new TrainingFinished())}; exit 0;;
        *'"resume":'*) echo 'resumed from the wrong place'; exit 0;;
        esac
        {SaveCheckpoint(1, 1)}
        {SayProgress}
        read -r stop
        {SavePausePoint(1, 1, 300)}
        {Say(new TrainingStopped())}
        """;

    [Fact]
    public async Task Pause_PoliteTrainer_FreesTheSlotAndGoesOnAtThatStep()
    {
        using var trainer = new FakeTrainer(Polite);
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = await StartedAsync(hub);
        Assert.Equal(PauseOutcome.Pausing, await hub.Hub.Control.PauseAsync(id));
        var paused = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Paused, AttemptEnding.Paused, null), (paused.Status, paused.Training!.Attempts.Single().Ending, paused.EndedAt));
        Assert.Equal((1, 300), (paused.Training!.PausePoint!.Epoch, paused.Training!.PausePoint.StepsDone));
        Assert.False(Processes.Lives(trainer.Pids.Single()));

        // The one CPU slot is free: another run gets it.
        var other = await StartedAsync(hub);
        await hub.Hub.Queue.RequestStopAsync(other);
        await hub.WaitForEndAsync(other);

        await hub.Hub.Control.ResumeAsync(id);
        var run = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Finished, 2, 2), (run.Status, run.Training!.EpochsDone, run.Training!.Attempts.Count));
        Assert.Equal(1875 + 300, (await hub.Hub.Get<MetricReader>().ReadAsync(run.Number, MetricNames.TrainLoss))[^1].Step);
    }

    [Fact]
    public async Task HubStops_WhileARunTrains_LosesNoStep()
    {
        using var trainer = new FakeTrainer(Polite);
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            RunId id;
            await using (var hub = await RunningHub.StartAsync(trainer, existing: folder))
            {
                id = await StartedAsync(hub);
                await hub.StopAsync();
                var run = await hub.Hub.ReadAsync(id);
                Assert.Equal((RunStatus.Interrupted, 300), (run.Status, run.Training!.PausePoint?.StepsDone));
            }

            await using var next = await RunningHub.StartAsync(trainer, existing: folder);
            await WaitUntilAsync(next, id, run => run.Status == RunStatus.Finished);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Pause_ThenTheHubStops_IsStillPausedAtTheNextStart()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; read -r stop; read -r again; {Say(new TrainingStopped())}");
        var folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            RunId id;
            await using (var hub = await RunningHub.StartAsync(trainer, existing: folder))
            {
                id = await StartedAsync(hub, epochs: 0);
                await hub.Hub.Control.PauseAsync(id);
                await hub.StopAsync(); // says stop a second time
                Assert.Equal(RunStatus.Paused, (await hub.Hub.ReadAsync(id)).Status);
            }

            await using var next = await RunningHub.StartAsync(trainer, existing: folder);
            // Whatever else waits would start first; the paused run does not.
            var other = await StartedAsync(next, epochs: 0);
            Assert.Equal(RunStatus.Paused, (await next.Hub.ReadAsync(id)).Status);
            Assert.Equal(RunStatus.Running, (await next.Hub.ReadAsync(other)).Status);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Pause_WhilePreparing_IsPausedWithNothingToGoOnFrom()
    {
        using var trainer = new FakeTrainer($"""
            case "$start" in *'"attempt":2'*) {SayStarted}; {SayEpoch(1)}; {Say(new TrainingFinished())}; exit 0;; esac
            {Say(new Preparing("Downloading MNIST"))}
            read -r stop
            {Say(new TrainingStopped())}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(id, run => run.Status == RunStatus.Running && hub.Hub.Get<LiveRuns>().Find(id)?.Activity == "Downloading MNIST");
        await hub.Hub.Control.PauseAsync(id);
        var paused = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Paused, null), (paused.Status, paused.Training!.PausePoint));
        await hub.Hub.Control.ResumeAsync(id);
        Assert.Equal(RunStatus.Finished, (await hub.WaitForEndAsync(id)).Status);
    }

    [Fact]
    public async Task PauseThenStop_BothHeard_IsStopped()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; read -r pause; read -r stop; {SavePausePoint(1, 0, 7)}; {Say(new TrainingStopped())}");
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = await StartedAsync(hub, epochs: 0);
        Assert.Equal(PauseOutcome.Pausing, await hub.Hub.Control.PauseAsync(id));
        Assert.Equal(StopOutcome.Stopping, await hub.Hub.Queue.RequestStopAsync(id));
        var run = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Stopped, AttemptEnding.Stopped, 7),
            (run.Status, run.Training!.Attempts.Single().Ending, run.Training!.PausePoint!.StepsDone));
    }

    [Fact]
    public async Task Pause_DeafTrainer_IsKilledAndPausedAtItsCheckpoint()
    {
        using var trainer = new FakeTrainer($"{SayStarted}; {SaveCheckpoint(1, 1)}; sleep 600");
        await using var hub = await RunningHub.StartAsync(trainer, options => options with { StopGrace = TimeSpan.FromMilliseconds(300) });
        var id = await StartedAsync(hub);
        await hub.Hub.Control.PauseAsync(id);
        var run = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Paused, 137, 1), (run.Status, run.Training!.Attempts.Single().ExitCode, run.Checkpoints.Count));
        Assert.False(Processes.Lives(trainer.Pids.Single()));
    }

    [Fact]
    public async Task Pause_TrainerDiesWhileItSaves_IsPausedAndItsHalfFilesAreGone()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}; {SaveCheckpoint(1, 1)}
            read -r stop
            printf x > "$folder/{CheckpointName.ForPause(1)}"
            kill -KILL $$
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = await StartedAsync(hub);
        await hub.Hub.Control.PauseAsync(id);
        var run = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Paused, null), (run.Status, run.Training!.PausePoint));
        await WaitUntilAsync(hub, id, _ => Directory.GetFiles(hub.Hub.Folder.CheckpointFolder(id)).Length == 2);
    }

    [Fact]
    public async Task Resume_DamagedPausePoint_GoesOnFromTheCheckpointBefore()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            case "$start" in
            *'"resume":'*'"epoch":1,'*'{CheckpointName.For(1, 1)}'*) {SayEpoch(2)}; {Say(new TrainingFinished())}; exit 0;;
            *'"resume":'*) echo 'resumed from the damaged one'; exit 0;;
            esac
            {SaveCheckpoint(1, 1)}
            read -r stop
            {SavePausePoint(1, 1, 300)}
            printf y > "$folder/{CheckpointName.ForPause(1)}"
            {Say(new TrainingStopped())}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = await StartedAsync(hub);
        await hub.Hub.Control.PauseAsync(id);
        await hub.WaitForEndAsync(id);
        await hub.Hub.Control.ResumeAsync(id);
        Assert.Equal(RunStatus.Finished, (await hub.WaitForEndAsync(id)).Status);
    }

    [Fact]
    public async Task TrainOn_Finished_GoesOnFromItsLastCheckpoint()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            case "$start" in
            *'"epochs":7'*'"resume":'*'"epoch":1,'*'{CheckpointName.For(1, 1)}'*) {SayEpoch(2)}; {Say(new TrainingFinished("Plateau: it no longer learns."))}; exit 0;;
            esac
            {SaveCheckpoint(1, 1)}
            {Say(new TrainingFinished())}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var id = (await hub.RunToEndAsync()).Id;
        Assert.True((await hub.Hub.Control.TrainOnAsync(id, 2)).Queued);
        var run = await hub.WaitForEndAsync(id);
        Assert.Equal((RunStatus.Finished, 2, "Plateau: it no longer learns."), (run.Status, run.Training!.EpochsDone, run.Training!.FinishReason));
    }

    /// <summary>A run whose trainer has said what it says before it is asked to stop.</summary>
    private static async Task<RunId> StartedAsync(RunningHub hub, int epochs = 1)
    {
        var id = await hub.Hub.EnqueueAsync();
        await hub.WaitForAsync(id, run => run.Training!.DeviceName is not null && run.Checkpoints.Count == epochs);
        return id;
    }

    private static async Task WaitUntilAsync(RunningHub hub, RunId id, Func<Run, bool> condition)
    {
        // The hub says when something changed; what is there already, it does not say again.
        if (!condition(await hub.Hub.ReadAsync(id)))
            await hub.WaitForAsync(id, condition);
    }
}
