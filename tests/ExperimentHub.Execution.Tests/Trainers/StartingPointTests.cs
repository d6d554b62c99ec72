using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;
using static ExperimentHub.TestHub.FakeTrainer;

namespace ExperimentHub.Execution.Tests.Trainers;

/// <summary>What a fork and a reproduction start from, and what happens where that is gone.</summary>
public sealed class StartingPointTests
{
    /// <summary>A parent with one checkpoint; a fork fails unless it is given files of its parent, by names in its scratch folder.</summary>
    private static readonly string ParentOrFork = $$"""
        {{SayStarted}}
        case "$start" in
        *'"fork":'*)
            weights=$(echo "$start" | sed 's/.*"fork":{"checkpointFile":"\([^"]*\)".*/\1/')
            state=$(echo "$start" | sed 's/.*"fork":{.*"stateFile":"\([^"]*\)".*/\1/')
            case "$weights $state" in '{{CheckpointName.ForOrigin(1)}} {{CheckpointName.StateForOrigin(1)}}') ;; *) echo "wrong names"; exit 0;; esac
            {{FindScratch}}
            test -f "$folder/$weights" && test -f "$folder/$state" && {{SayEpoch(1)}} && {{Say(new TrainingFinished())}}
            exit 0;;
        esac
        {{SaveCheckpoint(1, 1)}}
        {{Say(new TrainingFinished())}}
        """;

    [Fact]
    public async Task Fork_OfACheckpoint_GetsItsFilesInItsScratchFolder()
    {
        using var trainer = new FakeTrainer(ParentOrFork);
        await using var hub = await RunningHub.StartAsync(trainer);
        var parent = await hub.RunToEndAsync();
        var run = await hub.WaitForEndAsync(await ForkAsync(hub, parent.Id));
        Assert.Equal((RunStatus.Finished, 1), (run.Status, run.Training!.EpochsDone));
        Assert.Empty(run.Checkpoints); // its own folder is its own
    }

    [Fact]
    public async Task Fork_ParentDeletedBeforeItStarts_FailsWithWords()
    {
        using var trainer = new FakeTrainer(ParentOrFork);
        await using var hub = await RunningHub.StartAsync(trainer);
        var parent = await hub.RunToEndAsync();
        var fork = await ForkAsync(hub, parent.Id, waits: true);
        Assert.Equal(DeleteOutcome.Deleted, await hub.Hub.Get<RunDeletion>().DeleteAsync(parent.Id));
        var run = await SuperviseAsync(hub, fork);
        Assert.Equal(RunStatus.Failed, run.Status);
        Assert.Contains("was deleted before this one had weights of its own", run.Error, StringComparison.Ordinal);
        Assert.Single(run.Training!.Attempts); // trying again would end the same way
    }

    [Fact]
    public async Task Fork_DamagedCheckpoint_FailsWithTheReason()
    {
        using var trainer = new FakeTrainer(ParentOrFork);
        await using var hub = await RunningHub.StartAsync(trainer);
        var parent = await hub.RunToEndAsync();
        var fork = await ForkAsync(hub, parent.Id, waits: true);
        await File.WriteAllTextAsync(Path.Combine(hub.Hub.Folder.CheckpointFolder(parent.Id), CheckpointName.StateFor(1, 1)), "y",
            TestContext.Current.CancellationToken);
        Assert.Contains("SHA-256", (await SuperviseAsync(hub, fork)).Error, StringComparison.Ordinal);
    }

    /// <summary>No path of the hub's reaches the trainer: also the hub's own data sets lie in the scratch folder.</summary>
    [Fact]
    public async Task OwnDataset_OfTheHub_IsLentIntoTheScratchFolder()
    {
        using var trainer = new FakeTrainer($"""
            {SayStarted}
            {FindScratch}
            data=$(echo "$start" | sed 's/.*"datasetFolder":"\([^"]*\)".*/\1/')
            case "$data" in "$folder"/*) ;; *) echo "elsewhere"; exit 0;; esac
            for file in {string.Join(' ', DatasetFile.UsualNames)}; do test "$(cat "$data/tiny/$file")" = "$file" || exit 4; done
            {SayEpoch(1)}; {Say(new TrainingFinished())}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var incoming = Path.Combine(hub.Hub.Folder.Root, "incoming");
        DataFolder.Create(incoming);
        DataFolder.Create(hub.Hub.Folder.Datasets);
        foreach (var name in DatasetFile.UsualNames)
            await File.WriteAllTextAsync(Path.Combine(incoming, name), name, TestContext.Current.CancellationToken);
        Assert.True(await hub.Hub.Get<DatasetLibrary>().AddAsync(new OwnDataset
        {
            Key = "tiny", Name = "Tiny", TrainSamples = 60, TestSamples = 20, Classes = 2, Height = 28, Width = 28, ClassNames = [],
        }.With(["", "", "", ""]), incoming, TestContext.Current.CancellationToken));
        var run = await hub.RunToEndAsync(new TrainingSpec { Dataset = "tiny" });
        Assert.Equal((RunStatus.Finished, 1), (run.Status, run.Training!.Attempts.Count));
        Assert.Equal(DatasetFile.UsualNames.Order(StringComparer.Ordinal), Directory.EnumerateFiles(Path.Combine(hub.Hub.Folder.Datasets, "tiny"))
            .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("a", "a", RunStatus.Finished)]
    [InlineData("a", "b", RunStatus.Failed)]
    public async Task Reproduction_OtherData_IsRefusedBeforeItTrains(string before, string now, RunStatus expected)
    {
        string Started(string data) =>
            Say(new TrainingStarted(new DeviceInfo("cpu", 0, "Test CPU"), "2.10.0", 1, 7850, 60000, 10000, 1875) { DatasetSha256 = data });

        using var trainer = new FakeTrainer($"""
            case "$start" in *'"device":"cpu","seed":9'*) {Started(now)};; *) {Started(before)};; esac
            {SayEpoch(1)}
            {Say(new TrainingFinished())}
            """);
        await using var hub = await RunningHub.StartAsync(trainer);
        var original = await hub.RunToEndAsync(new TrainingSpec { Seed = 9 });
        Assert.Equal(RunStatus.Finished, original.Status);
        var run = await hub.WaitForEndAsync((await hub.Hub.Control.ReproduceAsync(original.Id)).Run!.Value);
        Assert.Equal(expected, run.Status);
        Assert.Equal(expected == RunStatus.Failed ? 0 : 1, run.Training!.EpochsDone);
        if (expected == RunStatus.Failed)
            Assert.Contains("its hash is b, not a", run.Error, StringComparison.Ordinal);
    }

    private static async Task<RunId> ForkAsync(RunningHub hub, RunId parent, bool waits = false)
    {
        // On a device that this machine does not have, so that it waits until the test wants it to start.
        var spec = new TrainingSpec { Device = waits ? "cuda" : "cpu" };
        return (await hub.Hub.Queue.EnqueueAsync(new RunRequest("forks", null, spec, Fork: new ForkSource(parent, 1)))).Run!.Value;
    }

    /// <summary>Takes a waiting run by hand and lets a supervisor have it.</summary>
    private static async Task<Run> SuperviseAsync(RunningHub hub, RunId fork)
    {
        var claimed = (await hub.Hub.Queue.ClaimAsync("cuda", _ => true))!;
        await hub.Hub.Get<Execution.Trainers.RunSupervisor>().SuperviseAsync(claimed, new DeviceInfo("cpu", 0, "Test CPU"), CancellationToken.None);
        return await hub.Hub.ReadAsync(fork);
    }
}
