using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Optimization;
using ExperimentHub.Web.Specs;

namespace ExperimentHub.Web.Tests.Specs;

public sealed class SpecCombinationsTests
{
    [Fact]
    public void Of_SingleValues_IsTheOneSpecThatTheDraftReads()
    {
        var draft = SpecDraft.Tutorial.With(SpecFields.LearningRate, "1e-3");
        var all = Of(draft);
        Assert.False(all.IsSeveral);
        Assert.Equal(draft.Check().Spec, Assert.Single(all.Possible).Spec);
        Assert.Equal(draft.Check().Spec, all.Checked.Spec);
    }

    [Fact]
    public void Of_AListOfOneValue_IsOneTraining()
    {
        var all = Of(SpecDraft.Tutorial.With(SpecFields.LearningRate, "0.1, 1e-1").With(SpecFields.Seed, "7-7"));
        Assert.False(all.IsSeveral);
        Assert.Equal((0.1, 7), (all.Checked.Spec.Optimizer.LearningRate, all.Checked.Spec.Seed));
        Assert.True(all.Checked.IsValid);
    }

    [Fact]
    public void Of_SeveralFields_CombinesAllWithTheSeedChangingFirst()
    {
        var all = Of(SpecDraft.Tutorial.With(SpecFields.Seed, "1-2").With(SpecFields.LearningRate, "0.01, 0.1").With(SpecFields.BatchSize, "32, 64"));
        Assert.Equal(["batchSize", "optimizer.learningRate", "seed"], all.Varied.Select(one => one.Field.Path));
        Assert.Equal(
            [(32, 0.01, 1L), (32, 0.01, 2), (32, 0.1, 1), (32, 0.1, 2), (64, 0.01, 1), (64, 0.01, 2), (64, 0.1, 1), (64, 0.1, 2)],
            all.Possible.Select(one => (one.Spec.BatchSize, one.Spec.Optimizer.LearningRate, one.Spec.Seed)));
        Assert.Equal(["64", "0.1", "2"], all.Possible[^1].Values);
        Assert.Equal(all.Possible[0].Spec, all.Checked.Spec);
        Assert.True(all.Checked.IsValid);
    }

    [Fact]
    public void Of_SomeThatCannotBeTrained_LeavesThemOutWithTheirReason()
    {
        var all = Of(SpecDraft.Tutorial.With(SpecFields.BatchSize, "70000, 64").With(SpecFields.Seed, "1-3"));
        Assert.Equal([64, 64, 64], all.Possible.Select(one => one.Spec.BatchSize));
        Assert.Equal(3, all.Impossible.Count);
        Assert.All(all.Impossible, one => Assert.Contains("1 to 60,000", one.Reason, StringComparison.Ordinal));
        Assert.Equal(["70000", "1"], all.Impossible[0].Values);
        Assert.True(all.Checked.IsValid);
        Assert.Equal(64, all.Checked.Spec.BatchSize);
    }

    [Fact]
    public void Of_TwoFieldsThatDoNotGoTogether_LeavesOutOnlyThosePairs()
    {
        var all = Of(SpecDraft.Tutorial.With(SpecFields.BatchSize, "100, 30000").With(SpecFields.ValidationSamples, "1000, 40000"));
        Assert.Equal([(100, 1000), (100, 40000), (30000, 1000)], all.Possible.Select(one => (one.Spec.BatchSize, one.Spec.Validation!.Samples)));
        Assert.Single(all.Impossible);
    }

    [Fact]
    public void Of_NoneThatCanBeTrained_IsAProblemOfTheField()
    {
        var all = Of(SpecDraft.Tutorial.With(SpecFields.BatchSize, "0, 70000"));
        Assert.Empty(all.Possible);
        Assert.Contains("1 to 60,000", all.Checked.Problem("batchSize"), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_WrongTextElsewhere_IsAProblemOfThatFieldAlone()
    {
        var all = Of(SpecDraft.Tutorial.With(SpecFields.Epochs, "ten").With(SpecFields.Seed, "1-3"));
        Assert.Equal(["epochs"], all.Checked.Problems.Keys);
        Assert.Empty(all.Possible);
    }

    [Fact]
    public void Of_ListThatCannotBeRead_SaysSoAndKeepsTheOtherFields()
    {
        var all = Of(SpecDraft.Tutorial.With(SpecFields.LearningRate, "0,01").With(SpecFields.BatchSize, "64, 128").With(SpecFields.Epochs, "0"));
        Assert.Equal(["epochs", "optimizer.learningRate"], all.Checked.Problems.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("could be one number or several", all.Checked.Problem("optimizer.learningRate"), StringComparison.Ordinal);
        Assert.Equal(64, all.Checked.Spec.BatchSize);
    }

    [Fact]
    public void Of_MoreThanAreStartedAtOnce_IsAProblemOfTheLongestList()
    {
        var all = Of(SpecDraft.Tutorial.With(SpecFields.Seed, "1-51").With(SpecFields.LearningRate, "0.1, 0.2"));
        Assert.Empty(all.Possible);
        Assert.Equal("2 × 51 values are 102 runs; at most 100 are started at once.", all.Checked.Problem("seed"));
        Assert.Equal(100, Of(SpecDraft.Tutorial.With(SpecFields.Seed, "1-50").With(SpecFields.LearningRate, "0.1, 0.2")).Possible.Count);
    }

    [Fact]
    public void Of_ListOfAnotherKind_WaitsUntilThatKindIsChosen()
    {
        var draft = SpecDraft.Tutorial.With(SpecFields.Momentum, "0.5, 0.9");
        Assert.Equal(2, Of(draft).Possible.Count);
        Assert.False(Of(draft.With(SpecFields.Optimizer, OptimizerSpec.Adam)).IsSeveral);
    }

    [Fact]
    public void Of_EndsOfTheSeedsRange_AreTakenAndWhatIsBeyondIsLeftOut()
    {
        var all = Of(SpecDraft.Tutorial.With(SpecFields.Seed, "0, 9007199254740991, 9007199254740992"));
        Assert.Equal([0, TrainingSpec.MaxSeed], all.Possible.Select(one => one.Spec.Seed));
        Assert.Equal(["9007199254740992"], Assert.Single(all.Impossible).Values);
    }

    [Fact]
    public void SpecDraft_ListThroughTheAddress_IsTheSame()
    {
        var draft = SpecDraft.Tutorial.With(SpecFields.LearningRate, "0.01, 0.1").With(SpecFields.Seed, "1-9 by 2");
        var address = draft.Beyond(SpecDraft.Tutorial).Where(pair => pair.Value is not null)
            .ToDictionary(pair => pair.Key, pair => (string?)pair.Value);
        Assert.Equal(draft, SpecDraft.Tutorial.With(address));
    }

    [Theory]
    [InlineData("0.01, 0.1")]
    [InlineData("1-5")]
    public void SpecDraft_ListWhereNoneIsTaken_IsNoNumber(string typed)
    {
        Assert.Contains("is not one", SpecDraft.Tutorial.With(SpecFields.LearningRate, typed).Check().Problem("optimizer.learningRate"),
            StringComparison.Ordinal);
        Assert.Contains("is not one", SpecDraft.Tutorial.With(SpecFields.Seed, typed).Check().Problem("seed"), StringComparison.Ordinal);
    }

    private static SpecCombinations Of(SpecDraft draft) => SpecCombinations.Of(draft, one => one.Check());
}
