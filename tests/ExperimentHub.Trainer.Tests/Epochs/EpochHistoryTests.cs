using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Trainer.Epochs;

namespace ExperimentHub.Trainer.Tests.Epochs;

public sealed class EpochHistoryTests
{
    [Theory]
    [InlineData(BestMetrics.TestAccuracy, 1)]
    [InlineData(BestMetrics.ValidationAccuracy, 1)]
    [InlineData(BestMetrics.TestLoss, 2)]
    [InlineData(BestMetrics.ValidationLoss, 2)]
    [InlineData(BestMetrics.TrainLoss, 2)]
    public void Best_AnyMetric_FollowsItsDirectionAndTheEarliestWinsATie(string metric, int epoch)
    {
        var history = new EpochHistory(metric, [0.2, 0.1, 0.2, 0.1], []);

        Assert.Equal(4 - epoch, history.Best!.Value.Ago);
    }

    [Theory]
    [InlineData(BestMetrics.TrainLoss, 1)]
    [InlineData(BestMetrics.TestLoss, 2)]
    [InlineData(BestMetrics.TestAccuracy, 3)]
    [InlineData(BestMetrics.ValidationLoss, 4)]
    [InlineData(BestMetrics.ValidationAccuracy, 5)]
    public void Add_Epoch_RemembersTheMetricAndTheTrainingLoss(string metric, double value)
    {
        var history = new EpochHistory(metric, [], []);

        history.Add(new EpochFinished(1, 1, 2, 3, 0) { ValidationLoss = 4, ValidationAccuracy = 5 });

        Assert.Equal([value], history.Values);
        Assert.Equal([1], history.TrainLosses);
    }

    [Fact]
    public void Best_NoEpoch_IsNone() => Assert.Null(new EpochHistory(BestMetrics.TestLoss, [], []).Best);
}
