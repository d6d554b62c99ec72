using ExperimentHub.Protocol;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class RunDraftTests
{
    [Fact]
    public void RunDraft_Tutorial_ReadsAsTheTutorialsSpec()
    {
        var read = RunDraft.Tutorial.Check();
        Assert.True(read.IsValid);
        Assert.Equal(new TrainingSpec(), read.Spec);
    }

    [Theory]
    [InlineData("1e-3", 0.001)]
    [InlineData(" 0.5 ", 0.5)]
    public void RunDraft_LearningRateInAnyNotation_IsReadAndKeptAsTyped(string typed, double value)
    {
        var draft = RunDraft.Tutorial with { LearningRate = typed };
        Assert.Equal(value, draft.Check().Spec.Optimizer.LearningRate);
        Assert.Equal(typed, draft.LearningRate);
    }

    [Theory]
    [InlineData("", "whole number")]
    [InlineData("five", "'five' is not one")]
    [InlineData("2.5", "'2.5' is not one")]
    [InlineData("0", "1 to 10,000")]
    [InlineData("99999999999999999999", "whole number")]
    public void RunDraft_WrongEpochs_SaysWhy(string typed, string reason) =>
        Assert.Contains(reason, (RunDraft.Tutorial with { Epochs = typed }).Check().Problem("epochs"), StringComparison.Ordinal);

    [Fact]
    public void RunDraft_DecimalComma_SaysToWriteAPoint() =>
        Assert.Contains("Write a point", (RunDraft.Tutorial with { Momentum = "0,9" }).Check().Problem("optimizer.momentum"), StringComparison.Ordinal);

    [Fact]
    public void RunDraft_ThroughTheAddress_IsTheSame()
    {
        var draft = RunDraft.Tutorial with { Model = "small-cnn", Epochs = "x", LearningRate = "1e-3", Name = "mine" };
        var address = draft.Beyond(RunDraft.Tutorial).Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => (string?)pair.Value);
        Assert.Equal(4, address.Count);
        Assert.Equal(draft, RunDraft.Tutorial.With(address));
    }
}
