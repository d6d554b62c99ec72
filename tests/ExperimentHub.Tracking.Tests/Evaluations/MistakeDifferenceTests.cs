using ExperimentHub.Tracking.Evaluations;

namespace ExperimentHub.Tracking.Tests.Evaluations;

public sealed class MistakeDifferenceTests
{
    private static readonly byte[] Labels = [0, 1, 2, 0, 1, 2];

    [Fact]
    public void Of_TwoNetworks_TellsWhoIsRightWhere()
    {
        var difference = MistakeDifference.Of(Said(0, 1, 1, 2, 1, 0), Said(0, 2, 2, 1, 1, 0), Labels)!;
        Assert.Equal([new DifferingImage(1, 1, 1, 2)], difference.OnlyLeftRight);
        Assert.Equal([new DifferingImage(2, 2, 1, 2)], difference.OnlyRightRight);
        Assert.Equal(2, difference.BothWrong);
        // Label 0: one 2 became a 1. Label 1: one 1 became a 2. Label 2: one 1 became a 2.
        Assert.Equal([0, 1, -1, 0, -1, 1, 0, -1, 1], difference.Confusion);
    }

    [Fact]
    public void Of_WithoutTheDataSet_StillHasTheMatrix()
    {
        var difference = MistakeDifference.Of(Said(0, 1, 1, 2, 1, 0), Said(0, 2, 2, 1, 1, 0), null)!;
        Assert.Equal(1, difference.Confusion[1]);
        Assert.Empty(difference.OnlyLeftRight);
    }

    [Fact]
    public void Of_OtherImages_IsRefused()
    {
        Assert.Null(MistakeDifference.Of(Said(0, 1, 1, 2, 1, 0), Said(0, 2, 2), null));
        Assert.Null(MistakeDifference.Of(Said(0, 1, 1, 2, 1, 0), Said(0, 2, 2, 1, 1, 0), [0, 1]));
    }

    [Fact]
    public async Task RunsWith_OnlySomeEvaluated_LeavesOutTheOthers()
    {
        await using var hub = await EmptyHub.CreateAsync();
        var run = await PlayedRun.StartAsync(hub);
        await run.EpochAsync(1);
        await run.EvaluateAsync(1);
        await run.EndAsync();
        var other = await hub.EnqueueAsync();
        Assert.Equal([run.Id], await hub.Get<EvaluationStore>().RunsWithAsync([run.Id, other]));
    }

    private static Evaluation Said(params byte[] predictions)
    {
        var confusion = new int[9];
        for (var i = 0; i < predictions.Length; i++)
            confusion[Labels[i] * 3 + predictions[i]]++;
        return new Evaluation { Classes = 3, Predictions = predictions, Confusion = confusion, Worst = [] };
    }
}
