using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Evaluations;
using ExperimentHub.Tracking.Metrics;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Trainings;

/// <summary>A run that goes on in the middle has exactly what a run would have that was never further.</summary>
public sealed class RewindTests
{
    [Fact]
    public async Task Started_AtAPausePoint_KeepsPointsUpToExactlyThatStep()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        run.Steps(2, done: 6);
        await run.PausePointAsync(1, 6);
        run.Steps(2, done: 9, from: 6); // told after it was saved: they come again
        await run.EndAsync(AttemptEnding.Paused);
        await hub.Control.ResumeAsync(run.Id);
        await PlayedRun.StartAsync(hub, waiting: run.Id, resume: new ResumePoint(1, CheckpointName.ForPause(1), CheckpointName.StateForPause(1), 6));
        Assert.Equal(Enumerable.Range(1, 16).Select(step => (long)step),
            (await hub.Get<MetricReader>().ReadAsync(run.Key.RunNumber, MetricNames.TrainLoss)).Select(point => point.Step));
        var attempt = (await run.ReadAsync()).Training!.Attempts[^1];
        Assert.Equal((1, 6, "cpu", 1, "2.10.0"), (attempt.AfterEpoch, attempt.AfterSteps, attempt.Device, attempt.Threads, attempt.TorchVersion));
    }

    [Fact]
    public async Task PausePoint_Recorded_HasThePointsBeforeItOnTheDisk()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        run.Steps(1, done: 4);
        await run.PausePointAsync(0, 4);
        Assert.Equal(4, (await hub.Get<MetricReader>().ReadAsync(run.Key.RunNumber, MetricNames.TrainLoss)).Count);
    }

    [Fact]
    public async Task Started_BeforeTheBestEpoch_HasTheBestOfWhatIsLeft()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1, 0.90);
        await run.EpochAsync(2, 0.85, best: false);
        await run.EpochAsync(3, 0.95);
        await run.EvaluateAsync(3);
        await run.EndAsync(AttemptEnding.Stopped);
        await hub.Control.ResumeAsync(run.Id);
        await PlayedRun.StartAsync(hub, waiting: run.Id, resume: new ResumePoint(2, CheckpointName.For(1, 2), CheckpointName.StateFor(1, 2)));
        var read = await run.ReadAsync();
        Assert.Equal((2, 1, 0.90, 0.85, 1.0),
            (read.Training!.EpochsDone, read.Training!.BestEpoch, read.Training!.BestTestAccuracy, read.Training!.LastTestAccuracy,
                read.Training!.TrainSeconds));
        Assert.Equal([1, 2], read.Training!.EpochResults.Select(epoch => epoch.Number));
        Assert.Empty(await hub.Get<EvaluationStore>().OfRunAsync(run.Id));
        await hub.Get<MetricWriter>().FlushAsync();
        Assert.Equal((PlayedRun.StepsPerEpoch, 0.90),
            ((await hub.Get<MetricReader>().BestAsync(read.Number))!.Step, (await hub.Get<MetricReader>()
                .BestAsync(read.Number))!.Values[MetricNames.TestAccuracy]));
    }

    [Fact]
    public async Task Best_ByValidationLoss_IsTheSameEverywhere()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub, new TrainingSpec { Validation = new ValidationSplit(), BestBy = BestMetrics.ValidationLoss });
        await run.EpochAsync(1, 0.99, best: true, validationLoss: 0.5);
        await run.EpochAsync(2, 0.97, best: true, validationLoss: 0.3);
        await run.EpochAsync(3, 0.98, best: false, validationLoss: 0.4);
        var details = (await hub.History.FindAsync(run.Id))!;
        Assert.Equal((2, 0.97),
            (details.Run.Training!.BestEpoch, details.Run.Training!.BestTestAccuracy)); // the test accuracy of that epoch, not the highest
        Assert.Equal([2], details.Checkpoints.Where(checkpoint => checkpoint.Best).Select(checkpoint => checkpoint.File.Epoch));
        await hub.Get<MetricWriter>().FlushAsync();
        Assert.Equal(0.3, (await hub.Get<MetricReader>().BestAsync(details.Run.Number))!.Values[MetricNames.ValidationLoss]);

        // Going back finds it by the same rule, without the trainer's word.
        await run.EndAsync(AttemptEnding.Stopped);
        await hub.Control.ResumeAsync(run.Id);
        await PlayedRun.StartAsync(hub, waiting: run.Id, resume: new ResumePoint(3, CheckpointName.For(1, 3), CheckpointName.StateFor(1, 3)));
        Assert.Equal(2, (await run.ReadAsync()).Training!.BestEpoch);
    }

    [Fact]
    public async Task Progress_RatesAndNormsOfEachStep_ArePointsOfEachStep()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        hub.Recorder.Progress(run.Key, new TrainingProgress(1, 3, 1, 1)
        {
            Losses = [3, 2, 1], LearningRates = [0.1, 0.2, 0.3],
            GradientNorms = [5, 6, 7]
        });
        // A list of another length belongs to no step that is known.
        hub.Recorder.Progress(run.Key, new TrainingProgress(1, 5, 1, 1) { Losses = [1, 1], LearningRates = [0.4], GradientNorms = [8, 9, 10] });
        await hub.Get<MetricWriter>().FlushAsync();
        Assert.Equal([(1L, 0.1), (2L, 0.2), (3L, 0.3)], await PointsAsync(MetricNames.LearningRate));
        Assert.Equal([(1L, 5.0), (2L, 6.0), (3L, 7.0)], await PointsAsync(MetricNames.GradientNorm));

        async Task<IEnumerable<(long, double)>> PointsAsync(string metric) =>
            (await hub.Get<MetricReader>().ReadAsync(run.Key.RunNumber, metric)).Select(point => (point.Step, point.Value));
    }

    [Fact]
    public async Task Run_Started_KnowsItsDataAndItsFinishReason()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub, started: PlayedRun.Started() with { ValidationSamples = 5_000 });
        await run.EndAsync(AttemptEnding.Finished, "Early stopping: no better test accuracy in 3 epochs.");
        var read = await run.ReadAsync();
        Assert.Equal((5_000, new string('d', 64), "Early stopping: no better test accuracy in 3 epochs."),
            (read.Training!.ValidationSamples, read.Training!.DatasetSha256, read.Training!.FinishReason));
        Assert.True((await hub.Control.TrainOnAsync(run.Id, 1)).Queued);
        Assert.Null((await run.ReadAsync()).Training!.FinishReason);
    }
}
