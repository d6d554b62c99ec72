using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Tracking.Trainings;

namespace ExperimentHub.Tracking.Tests.Trainings;

/// <summary>Figures of real trainings on MNIST with batches of 256, two epochs each, unless it says otherwise.</summary>
public sealed class DivergenceTests
{
    private static readonly TrainingSpec Spec = new() { BatchSize = 256 };

    [Theory]
    // A network whose units died: SGD at 0.3, 1 and 10 with an MLP, at 1 and 3 with a small CNN, at 1 with sigmoids.
    [InlineData(3.923, 2.303, 0.1028, 2.308, 2.302, 0.1010, 330.7)]
    [InlineData(1.021e5, 2.307, 0.1135, 2.311, 2.312, 0.0982, 1.659e7)]
    [InlineData(8.116e20, 2.395, 0.0974, 2.419, 2.452, 0.1135, 1.847e23)]
    [InlineData(2.345, 2.307, 0.1135, 2.311, 2.312, 0.0982, 9.142)]
    [InlineData(2.548, 2.341, 0.1135, 2.329, 2.33, 0.1135, 35.43)]
    [InlineData(2.318, 2.307, 0.1135, 2.311, 2.312, 0.0982, 3.046)]
    // LeNet-5 saturates: the loss stays high.
    [InlineData(138.3, 208.5, 0.1010, 144, 162.6, 0.0974, 270.5)]
    [InlineData(1.456e4, 1.717e4, 0.1179, 1.648e4, 1.448e4, 0.1029, 3e4)]
    // It knew better before.
    [InlineData(0.4, 0.3, 0.91, 2.303, 2.302, 0.1135, 2.4)]
    // Worse than guessing, though some are right by chance.
    [InlineData(40, 38, 0.31, 30, 28, 0.35, 90)]
    public void Of_TrainingsThatWentWrong_SaysWhy(double train1, double test1, double accuracy1, double train2, double test2, double accuracy2,
        double peak) =>
        Assert.NotNull(Divergence.Of(Spec, [Epoch(1, train1, test1, accuracy1), Epoch(2, train2, test2, accuracy2)], peak, endedNonFinite: false,
            classes: 10, peakBatch: 256));

    [Theory]
    // Rates of 1e-7 and 1e-5: nothing was learned yet, and some have a loss above guessing.
    [InlineData(2.351, 2.345, 0.1324, 2.348, 2.342, 0.1334, 2.45)]
    [InlineData(2.315, 2.315, 0.0762, 2.315, 2.315, 0.0763, 2.331)]
    [InlineData(2.313, 2.31, 0.0855, 2.308, 2.306, 0.0962, 2.326)]
    [InlineData(2.304, 2.303, 0.0976, 2.304, 2.303, 0.0976, 2.321)]
    // A linear network at a rate of 1: its loss is far above guessing and its answers are right.
    [InlineData(38.19, 9.165, 0.8881, 6.637, 6.681, 0.8660, 547.4)]
    [InlineData(3240, 708.3, 0.8911, 597.1, 596, 0.8735, 5.281e4)]
    // A start with a jolt that a good run recovers from.
    [InlineData(1.104, 0.2275, 0.9306, 0.2039, 0.1281, 0.9615, 14.29)]
    // Smoothed labels: 0.9 spread over all classes costs nearly what guessing does, with good answers.
    [InlineData(2.298, 1.9, 0.93, 2.296, 1.88, 0.95, 2.4)]
    public void Of_HonestTrainings_SaysNothing(double train1, double test1, double accuracy1, double train2, double test2, double accuracy2,
        double peak) =>
        Assert.Null(Divergence.Of(Spec, [Epoch(1, train1, test1, accuracy1), Epoch(2, train2, test2, accuracy2)], peak, endedNonFinite: false,
            classes: 10, peakBatch: 256));

    [Fact]
    public void Of_OneEpochAtALowRate_SaysNothing() =>
        Assert.Null(Divergence.Of(Spec, [Epoch(1, 2.351, 2.345, 0.09)], 2.6, endedNonFinite: false, classes: 10, peakBatch: 256));

    [Fact]
    public void Of_TwoClassesThatCannotBeToldApart_SaysNothing() =>
        Assert.Null(Divergence.Of(Spec, [Epoch(1, 0.71, 0.7, 0.51), Epoch(2, 0.70, 0.7, 0.5)], 1.2, endedNonFinite: false, classes: 2,
            peakBatch: 32));

    [Fact]
    public void Of_SingleImagesAsBatches_TakesNoImageForASign()
    {
        Epoch[] epochs = [Epoch(1, 0.74, 0.72, 0.5)];
        Assert.Null(Divergence.Of(Spec, epochs, 6, endedNonFinite: false, classes: 2, peakBatch: 1));
        Assert.NotNull(Divergence.Of(Spec, epochs, 6, endedNonFinite: false, classes: 2, peakBatch: 64));
    }

    [Fact]
    public void Of_MostImagesOfOneClass_SaysNothing() =>
        // Always that class: 90 % right, a loss of 0.33 where guessing costs 0.69.
        Assert.Null(Divergence.Of(Spec, [Epoch(1, 0.34, 0.33, 0.9), Epoch(2, 0.33, 0.33, 0.9)], 1.9, endedNonFinite: false, classes: 2,
            peakBatch: 32));

    [Theory]
    [InlineData(double.NaN, 0.1)]
    [InlineData(0.1, double.PositiveInfinity)]
    public void Of_ALossThatIsNoNumberAtTheEnd_SaysSo(double train, double test) =>
        Assert.NotNull(Divergence.Of(Spec, [Epoch(1, 0.1, 0.1, 0.97), Epoch(2, train, test, 0.97)], 2, endedNonFinite: false, classes: null,
            peakBatch: 32));

    [Fact]
    public void Of_AStepThatIsNoNumberAtTheEnd_SaysSo() =>
        Assert.NotNull(Divergence.Of(Spec, [], null, endedNonFinite: true, classes: 10, peakBatch: 32));

    [Fact]
    public void Of_ItsOwnRuleOfDivergence_Counts()
    {
        var strict = Spec with { StopRules = new StopRules { DivergenceFactor = 3 } };
        Epoch[] epochs = [Epoch(1, 0.2, 0.2, 0.95), Epoch(2, 0.7, 0.6, 0.8)];
        Assert.NotNull(Divergence.Of(strict, epochs, 1, endedNonFinite: false, classes: 10, peakBatch: 32));
        Assert.Null(Divergence.Of(Spec, epochs, 1, endedNonFinite: false, classes: 10, peakBatch: 32));
    }

    [Fact]
    public void Of_ClassesThatNobodyKnows_JudgesByNumbersAlone() =>
        Assert.Null(Divergence.Of(Spec, [Epoch(1, 144, 162.6, 0.0974)], 270, endedNonFinite: false, classes: null, peakBatch: 32));

    private static Epoch Epoch(int number, double train, double test, double accuracy) =>
        new() { Number = number, TrainLoss = train, TestLoss = test, TestAccuracy = accuracy };
}
