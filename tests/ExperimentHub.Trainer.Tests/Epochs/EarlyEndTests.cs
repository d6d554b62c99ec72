using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Trainer.Epochs;

namespace ExperimentHub.Trainer.Tests.Epochs;

public sealed class EarlyEndTests
{
    [Fact]
    public void AfterEpoch_Patience_EndsAfterSoManyEpochsWithoutABetterOne()
    {
        var rules = new StopRules { Patience = 2 };

        Assert.Equal(
            [null, null, null, null, "The test accuracy did not get better in the 2 epochs after epoch 3, where it was 95.00 %."],
            Ends(rules, BestMetrics.TestAccuracy, values: [0.9, 0.8, 0.95, 0.95, 0.94]));
    }

    [Fact]
    public void AfterEpoch_PatienceWithMinDelta_CountsSmallStepsAsNone()
    {
        var rules = new StopRules { Patience = 2, MinDelta = 0.1 };

        Assert.Equal(
            [null, null, "The validation loss did not get better by more than 0.1 in the 2 epochs after epoch 1, where it was 1."],
            Ends(rules, BestMetrics.ValidationLoss, values: [1, 0.95, 0.91]));
        Assert.All(Ends(rules, BestMetrics.ValidationLoss, values: [1, 0.95, 0.85, 0.8, 0.7]), Assert.Null);
    }

    [Fact]
    public void AfterEpoch_Divergence_EndsAtTheMultipleOfTheLowestLoss()
    {
        Assert.Equal(
            [null, null, null, "The training diverged: its loss was 1.3 in epoch 4, at least 3 times the 0.4 of the best epoch before."],
            Ends(new StopRules { DivergenceFactor = 3 }, trainLosses: [2, 0.4, 1.1, 1.3]));
    }

    [Fact]
    public void AfterEpoch_DivergenceFromZero_NeverEnds() =>
        Assert.All(Ends(new StopRules { DivergenceFactor = 3 }, trainLosses: [1, 0, 0.5]), Assert.Null);

    [Fact]
    public void AfterEpoch_Plateau_EndsAfterSoManyEpochsInARow()
    {
        Assert.Equal(
            [null, null, null, null, null,
                "The training loss is on a plateau: in each of the 2 epochs up to epoch 6 it fell by less than a thousandth, to 0.5003."],
            Ends(new StopRules { PlateauEpochs = 2 }, trainLosses: [1, 0.9995, 0.7, 0.5, 0.4997, 0.5003]));
    }

    [Fact]
    public void AfterEpoch_MaxSeconds_EndsWhenTheyAreReached()
    {
        var rules = new StopRules { MaxSeconds = 60 };
        var history = new EpochHistory(BestMetrics.TestAccuracy, [0.5], [1]);

        Assert.Null(EarlyEnd.AfterEpoch(rules, 1, history, 59.9));
        Assert.Equal("The time limit of 60 s was reached: the run has trained for 60.2 s.", EarlyEnd.AfterEpoch(rules, 1, history, 60.2));
    }

    [Fact]
    public void AfterEpoch_NoRules_NeverEnds() => Assert.All(Ends(null, trainLosses: [1, 1, 1, 50]), Assert.Null);

    /// <summary>What the rules say after each epoch.</summary>
    private static List<string?> Ends(StopRules? rules, string metric = BestMetrics.TestAccuracy, double[]? values = null,
        double[]? trainLosses = null) =>
        [.. Enumerable.Range(1, (values ?? trainLosses)!.Length)
            .Select(epoch => EarlyEnd.AfterEpoch(rules, epoch, new EpochHistory(metric, values?[..epoch] ?? [], trainLosses?[..epoch] ?? []), 1e9))];
}
