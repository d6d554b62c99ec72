using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Evaluations;

namespace ExperimentHub.Tracking.Tests.Evaluations;

public sealed class EvaluationTests
{
    [Fact]
    public async Task Evaluated_WholeRun_KeepsBestAndLastOnly()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        var store = hub.Get<EvaluationStore>();
        foreach (var (epoch, best) in new[] { (1, true), (2, true), (3, false) })
        {
            await run.EpochAsync(epoch, best: best);
            if (best)
                await run.EvaluateAsync(epoch);
        }

        Assert.Equal([(2, true, true)], (await store.OfRunAsync(run.Id)).Select(e => (e.Evaluation.Epoch, e.Best, e.Last)));
        await run.EvaluateAsync(3);
        Assert.Equal([(2, true, false), (3, false, true)], (await store.OfRunAsync(run.Id)).Select(e => (e.Evaluation.Epoch, e.Best, e.Last)));
        await run.EpochAsync(4);
        await run.EvaluateAsync(4);
        Assert.Equal([(4, true, true)], (await store.OfRunAsync(run.Id)).Select(e => (e.Evaluation.Epoch, e.Best, e.Last)));
    }

    [Fact]
    public async Task Evaluated_ReadBack_IsWhatWasSaid()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        var said = new EpochEvaluated(1, 3, [0, 2, 1, 0], [1, 0, 0, 0, 1, 1, 1, 0, 0],
            [new(1, 1, 2, 7.25f, 0.875f), new(3, 2, 0, float.PositiveInfinity, 1f)]);
        Assert.True(await hub.Recorder.EvaluatedAsync(run.Key, said));
        var read = Assert.Single(await hub.Get<EvaluationStore>().OfRunAsync(run.Id)).Evaluation;
        Assert.Equal(said.Predictions, read.Predictions);
        Assert.Equal(said.Confusion, read.Confusion);
        Assert.Equal(said.Worst, read.Worst);
    }

    public static TheoryData<EpochEvaluated> Unfit =>
    [
        new EpochEvaluated(1, 2, [0, 1], [1, 0, 1], []), // the matrix is not square
        new EpochEvaluated(1, 2, [0, 1], [1, 0, 0, 2], []), // it counts other images
        new EpochEvaluated(1, 2, [0, 1], [3, -1, 0, 0], []),
        new EpochEvaluated(1, 2, [0, 2], [1, 1, 0, 0], []), // no such class
        new EpochEvaluated(1, 2, [0, 1], [1, 0, 0, 1], [new WorstImage(2, 0, 1, 1, 1)]), // no such image
        new EpochEvaluated(1, 2, [0, 1], [1, 0, 0, 1], [new WorstImage(0, 0, 300, 1, 1)]),
        new EpochEvaluated(1, 1_000_000, [], [], []),
    ];

    [Theory]
    [MemberData(nameof(Unfit))]
    public async Task Evaluated_NumbersThatDoNotBelongTogether_AreNotKept(EpochEvaluated said)
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        Assert.True(await hub.Recorder.EvaluatedAsync(run.Key, said)); // the training itself is fine
        Assert.Empty(await hub.Get<EvaluationStore>().OfRunAsync(run.Id));
    }

    [Fact]
    public void Scores_OfAMatrix_AreThoseOfTheTextbook()
    {
        // Labels down, predictions across; nobody is called 2, and the test set has no 3.
        var scores = ClassScores.Of(4, [8, 2, 0, 0, 1, 9, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0]);
        Assert.Equal((8.0 / 12, 8.0 / 10), (scores.Classes[0].Precision!.Value, scores.Classes[0].Recall!.Value));
        Assert.Equal(2 * (8.0 / 12) * 0.8 / (8.0 / 12 + 0.8), scores.Classes[0].F1!.Value, 12);
        Assert.Equal((0.75, 0.9), (scores.Classes[1].Precision, scores.Classes[1].Recall));
        Assert.Equal((null, 0.0, null, 4), (scores.Classes[2].Precision, scores.Classes[2].Recall, scores.Classes[2].F1, scores.Classes[2].Support));
        Assert.Equal((null, null, null, 0), (scores.Classes[3].Precision, scores.Classes[3].Recall, scores.Classes[3].F1, scores.Classes[3].Support));
        Assert.Equal((17.0 / 24, 24), (scores.Accuracy, scores.Images));
        Assert.Equal((scores.Classes[0].F1 + scores.Classes[1].F1) / 2, scores.MacroF1);
    }

    [Fact]
    public void Scores_WithoutImages_SayNothing() =>
        Assert.Equal((null, null), (ClassScores.Of(2, [0, 0, 0, 0]).Accuracy, ClassScores.Of(2, [0, 0, 0, 0]).MacroF1));
}
