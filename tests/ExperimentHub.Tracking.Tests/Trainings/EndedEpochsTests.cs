using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Trainings;

/// <summary>A page that follows epochs holds what reading everything again would give it.</summary>
public sealed class EndedEpochsTests
{
    [Fact]
    public async Task ReadNewest_TrainingsThatWentOn_HaveTheirBestAndTheirNewestEpochs()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await StartAsync(hub);
        await EpochsAsync(hub, key, 0.5, 0.9, 0.6, 0.7);
        List<Run> runs = [.. await hub.RunsAsync(RunStatus.Running)];
        await EpochsAsync(hub, key, 4, 0.6, 0.8);
        await hub.Get<EndedEpochs>().ReadNewestAsync(runs, newest: 3);
        var training = Assert.Single(runs).Training!;
        Assert.Equal((6, 2, 0.9, 0.8), (training.EpochsDone, training.BestEpoch, training.BestTestAccuracy, training.LastTestAccuracy));
        Assert.Equal([2, 4, 5, 6], training.EpochResults.Select(epoch => epoch.Number));
    }

    [Fact]
    public async Task Follow_EpochsThatEnded_IsWhatFindSays()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await StartAsync(hub);
        await EpochsAsync(hub, key, 0.5);
        var details = (await hub.History.FindAsync(key.Run))!;
        await EpochsAsync(hub, key, 1, 0.9, 0.7);
        var followed = (await hub.History.FollowAsync(details, files: true))!;
        var found = (await hub.History.FindAsync(key.Run))!;
        Assert.Equal(Told(found), Told(followed));
        // Once more, where nothing happened.
        Assert.Equal(Told(found), Told((await hub.History.FollowAsync(followed, files: false))!));
    }

    [Fact]
    public async Task Follow_RunThatDoesNotSimplyGoOn_IsToBeFoundAnew()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var key = await StartAsync(hub);
        await EpochsAsync(hub, key, 0.5, 0.6);
        var details = (await hub.History.FindAsync(key.Run))!;
        await hub.Recorder.EndAsync(key, AttemptEnding.Interrupted, null, null);
        await hub.Control.ResumeAsync(key.Run);
        Assert.NotNull(await hub.Queue.ClaimAsync("cpu", _ => true));
        Assert.Null(await hub.History.FollowAsync(details, files: false));
        Assert.Null(await hub.History.FollowAsync((await hub.History.FindAsync(await hub.FinishAsync("ended", accuracies: 0.9)))!, files: false));
    }

    private static (int, int?, double?, double, string) Told(RunDetails details)
    {
        var training = details.Run.Training!;
        return (training.EpochsDone, training.BestEpoch, training.LastTrainLoss, training.TrainSeconds,
            string.Join(' ', training.EpochResults.Select(epoch => $"{epoch.Number}:{epoch.TestAccuracy}")
                .Concat(details.Checkpoints.Select(checkpoint => $"{checkpoint.File.Epoch}{checkpoint.Best}{checkpoint.Last}"))));
    }

    private static async Task<AttemptKey> StartAsync(EmptyHub hub)
    {
        var key = await hub.StartAsync();
        await hub.Recorder.StartedAsync(key, new TrainingStarted(EmptyHub.OneCpu.Devices[0], "2.10.0", 1, 7850, 60_000, 10_000, 1875));
        return key;
    }

    private static Task EpochsAsync(EmptyHub hub, AttemptKey key, params double[] accuracies) => EpochsAsync(hub, key, 0, accuracies);

    /// <param name="after">Epochs that ended before these.</param>
    private static async Task EpochsAsync(EmptyHub hub, AttemptKey key, int after, params double[] accuracies)
    {
        foreach (var (place, accuracy) in accuracies.Index())
            await hub.Recorder.EpochAsync(key, new EpochFinished(after + place + 1, 0.4, 0.3, accuracy, 0.5) { Best = accuracy is 0.5 or 0.9 });
    }
}
