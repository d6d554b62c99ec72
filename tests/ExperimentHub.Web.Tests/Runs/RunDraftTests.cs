using ExperimentHub.Web.Runs;
using ExperimentHub.Web.Specs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class RunDraftTests
{
    [Fact]
    public void RunDraft_ThroughTheAddress_IsTheSame()
    {
        var usual = SpecDraft.Tutorial.With(SpecFields.Epochs, "9");
        var draft = new RunDraft { Experiment = "mine", Name = "first", Spec = usual.With(SpecFields.LearningRate, "1e-3") };
        var address = draft.Beyond(usual).Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => (string?)pair.Value);
        Assert.Equal(["experiment", "learningRate", "name"], address.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(draft, new RunDraft { Spec = usual }.With(address));
    }

    [Fact]
    public void RunDraft_NamesThatCannotBe_AreProblemsOfTheirFields()
    {
        var read = new RunDraft { Experiment = " ", Name = new string('x', 101) }.Check();
        Assert.Equal(["experiment", "name"], read.Problems.Keys.Order(StringComparer.Ordinal));
    }
}
