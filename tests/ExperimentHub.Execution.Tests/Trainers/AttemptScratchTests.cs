using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Runs;
using static ExperimentHub.TestHub.FakeTrainer;

namespace ExperimentHub.Execution.Tests.Trainers;

/// <summary>A trainer gets a folder of its own, and nothing of it is left when the attempt is over, however it ends.</summary>
public sealed class AttemptScratchTests
{
    [Theory]
    [InlineData("exit 3")]
    [InlineData("")]
    public async Task Scratch_OfAnAttemptThatEnded_IsGone(string crash)
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            case "$start" in *'"resume":'*) exit 3;; esac
            {SaveCheckpoint(1, 1)}
            printf half > "$folder/{CheckpointName.For(1, 2)}.writing"
            {crash}
            {Say(new TrainingFinished())}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var run = await hub.RunToEndAsync();
        Assert.Equal(crash.Length == 0 ? RunStatus.Finished : RunStatus.Failed, run.Status);
        Assert.Empty(Directory.EnumerateFileSystemEntries(hub.Hub.Folder.Scratch));
        Assert.Equal(2, Directory.GetFiles(hub.Hub.Folder.CheckpointFolder(run.Id)).Length);
    }

    [Fact]
    public async Task Scratch_OfAHubThatWasKilled_IsGoneAfterTheNextStart()
    {
        var root = Path.Combine(Path.GetTempPath(), $"scratch-{Guid.NewGuid():N}");
        try
        {
            var left = new DataFolder(root).ScratchFolder(RunId.New(TimeProvider.System), 1);
            DataFolder.Create(left);
            await File.WriteAllTextAsync(Path.Combine(left, CheckpointName.For(1, 1)), "told to nobody", TestContext.Current.CancellationToken);
            using var trainer = new FakeTrainer(Say(new TrainingFinished()));
            await using var hub = await RunningHub.StartAsync(trainer, existing: root);
            Assert.False(Directory.Exists(left));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>
    /// What it goes on from lies in its folder under another name of the same bytes; what it does there changes nothing of the run's.
    /// </summary>
    [Fact]
    public async Task Scratch_OfAResumedAttempt_HoldsWhatItGoesOnFrom()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            case "$start" in
            *'"resume":'*)
                {FindScratch}
                test -s "$folder/{CheckpointName.For(1, 1)}" && test -s "$folder/{CheckpointName.StateFor(1, 1)}" || exit 4
                rm "$folder/{CheckpointName.For(1, 1)}"; printf other > "$folder/new"; mv "$folder/new" "$folder/{CheckpointName.StateFor(1, 1)}"
                {SayEpoch(2)}; {Say(new TrainingFinished())}; exit 0;;
            esac
            {SaveCheckpoint(1, 1)}
            exit 3
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var run = await hub.RunToEndAsync();
        Assert.Equal((RunStatus.Finished, 2), (run.Status, run.Training!.Attempts.Count));
        Assert.Null(await hub.Hub.Get<Tracking.Checkpoints.CheckpointFiles>()
            .ProblemAsync([run.Checkpoints[0].Weights, run.Checkpoints[0].State!], TestContext.Current.CancellationToken));
    }
}
