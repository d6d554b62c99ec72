using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Trainings;

public sealed class ReproductionsTests
{
    [Fact]
    public async Task Compare_SameBits_IsIdentical()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var verdict = await ReproduceAsync(hub, run => run.EpochAsync(1));
        Assert.Equal((ReproductionOutcome.Identical, 0.0, 0.0, null, true),
            (verdict.Outcome, verdict.LossDifference, verdict.AccuracyDifference, verdict.FirstDifferentStep, verdict.SameWeights));
        Assert.Empty(verdict.Circumstances);
    }

    [Fact]
    public async Task Compare_SameResultsOtherWeights_IsWithinTolerance()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var verdict = await ReproduceAsync(hub, run => run.EpochAsync(1, weights: "others"));
        Assert.Equal((ReproductionOutcome.WithinTolerance, false), (verdict.Outcome, verdict.SameWeights));
    }

    [Fact]
    public async Task Compare_OneStepDiffers_IsNotIdenticalAndNamesTheStep()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var verdict = await ReproduceAsync(hub, async run =>
        {
            hub.Recorder.Progress(run.Key, new TrainingProgress(1, 4, 1, 1) { Losses = [0.5f, 0.5f, 0.5f, 0.50001f] });
            run.Steps(1, from: 4);
            await hub.Recorder.EpochAsync(run.Key, new EpochFinished(1, 0.5, 0.4, 0.9, 0.5) { Best = true });
            await run.SaveAsync(1);
        });
        Assert.Equal((ReproductionOutcome.WithinTolerance, 4L), (verdict.Outcome, verdict.FirstDifferentStep));
    }

    // The original has a training loss of 0.5, a test loss of 0.4 and an accuracy of 0.9.
    [Theory]
    [InlineData(0.504, 0.4, 0.9, ReproductionOutcome.WithinTolerance)]
    [InlineData(0.51, 0.4, 0.9, ReproductionOutcome.Different)]
    [InlineData(0.5, 0.41, 0.9, ReproductionOutcome.Different)]
    [InlineData(0.5, 0.4, 0.9019, ReproductionOutcome.WithinTolerance)]
    [InlineData(0.5, 0.4, 0.8979, ReproductionOutcome.Different)]
    public async Task Compare_CloseResults_AreJudgedByTheTolerance(double trainLoss, double testLoss, double accuracy, ReproductionOutcome expected)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var verdict = await ReproduceAsync(hub, async run =>
        {
            run.Steps(1);
            await hub.Recorder.EpochAsync(run.Key, new EpochFinished(1, trainLoss, testLoss, accuracy, 0.5) { Best = true });
            await run.SaveAsync(1, "others");
        });
        Assert.Equal(expected, verdict.Outcome);
        Assert.Equal(accuracy - 0.9, verdict.AccuracyDifference!.Value, 9);
        Assert.Equal(Math.Max((trainLoss - 0.5) / trainLoss, (testLoss - 0.4) / testLoss), verdict.LossDifference!.Value, 9);
    }

    [Fact]
    public async Task Compare_FewerEpochs_IsDifferent()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var verdict = await ReproduceAsync(hub, run => run.EpochAsync(1), originalEpochs: 2);
        Assert.Equal((ReproductionOutcome.Different, 1, 2), (verdict.Outcome, verdict.Epochs, verdict.OriginalEpochs));
    }

    [Fact]
    public async Task Compare_OtherCircumstances_AreNamed()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var verdict = await ReproduceAsync(hub, run => run.EpochAsync(1),
            started: PlayedRun.Started("Other CPU", 2, "2.11.0") with { DatasetSha256 = null });
        Assert.Equal(ReproductionOutcome.Identical, verdict.Outcome); // what counts is what came of it
        Assert.Equal(4, verdict.Circumstances.Count);
        Assert.Contains("Another device: Test CPU before, Other CPU now.", verdict.Circumstances);
    }

    [Fact]
    public async Task Compare_NotFinished_HasNoVerdict()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var original = await hub.FinishAsync("a", accuracies: [0.9]);
        var again = (await hub.Control.ReproduceAsync(original)).Run!.Value;
        Assert.Null(await hub.Get<Reproductions>().CompareAsync(original, again));
    }

    private static async Task<ReproductionVerdict> ReproduceAsync(EmptyHub hub, Func<PlayedRun, Task> train, int originalEpochs = 1,
        TrainingStarted? started = null)
    {
        var original = await PlayedRun.StartAsync(hub, new TrainingSpec { Epochs = originalEpochs });
        for (var epoch = 1; epoch <= originalEpochs; epoch++)
            await original.EpochAsync(epoch);
        await original.EndAsync();
        var again = await PlayedRun.StartAsync(hub, waiting: (await hub.Control.ReproduceAsync(original.Id)).Run!.Value, started: started);
        await train(again);
        await again.EndAsync();
        await hub.Get<Tracking.Metrics.MetricWriter>().FlushAsync();
        return (await hub.Get<Reproductions>().CompareAsync(original.Id, again.Id))!;
    }
}
