using ExperimentHub.Protocol;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class SpecDraftTests
{
    [Fact]
    public void SpecDraft_Tutorial_ReadsAsTheTutorialsSpec()
    {
        var read = SpecDraft.Tutorial.Check();
        Assert.True(read.IsValid);
        Assert.Equal(new TrainingSpec(), read.Spec);
    }

    [Theory]
    [InlineData("1e-3", 0.001)]
    [InlineData(" 0.5 ", 0.5)]
    public void SpecDraft_LearningRateInAnyNotation_IsReadAndKeptAsTyped(string typed, double value)
    {
        var draft = SpecDraft.Tutorial with { LearningRate = typed };
        Assert.Equal(value, draft.Check().Spec.Optimizer.LearningRate);
        Assert.Equal(typed, draft.LearningRate);
    }

    [Theory]
    [InlineData("", "whole number")]
    [InlineData("five", "'five' is not one")]
    [InlineData("2.5", "'2.5' is not one")]
    [InlineData("0", "1 to 10,000")]
    [InlineData("99999999999999999999", "whole number")]
    public void SpecDraft_WrongEpochs_SaysWhy(string typed, string reason) =>
        Assert.Contains(reason, (SpecDraft.Tutorial with { Epochs = typed }).Check().Problem("epochs"), StringComparison.Ordinal);

    [Fact]
    public void SpecDraft_DecimalComma_SaysToWriteAPoint() =>
        Assert.Contains("Write a point", (SpecDraft.Tutorial with { Momentum = "0,9" }).Check().Problem("optimizer.momentum"), StringComparison.Ordinal);

    [Fact]
    public void SpecDraft_ThroughTheAddress_IsTheSame()
    {
        var draft = SpecDraft.Tutorial with { Model = "small-cnn", Epochs = "x", LearningRate = "1e-3" };
        var address = draft.Beyond(SpecDraft.Tutorial).Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => (string?)pair.Value);
        Assert.Equal(3, address.Count);
        Assert.Equal(draft, SpecDraft.Tutorial.With(address));
    }
}
