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
        var read = new RunDraft { Experiment = " ", Name = new string('x', 101) }.Read().Checked;
        Assert.Equal(["experiment", "name"], read.Problems.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void RunDraft_NameOfSeveral_EndsWithWhatVaries()
    {
        var draft = new RunDraft
        {
            Experiment = "mine", Name = "wide ", Spec = SpecDraft.Tutorial.With(SpecFields.LearningRate, "0.1, 3e-4")
            .With(SpecFields.Seed, "3-4")
        };
        var read = draft.Read();
        Assert.Equal(["wide lr=0.1 seed=3", "wide lr=0.1 seed=4", "wide lr=3e-4 seed=3", "wide lr=3e-4 seed=4"],
            read.Possible.Select(one => draft.NameOf(read, one)));
        Assert.All(read.Possible, one => Assert.Equal("", (draft with { Name = " " }).NameOf(read, one).Trim()));
    }

    [Fact]
    public void RunDraft_NameTooLongWithWhatVaries_IsAProblemThatSaysSo()
    {
        var draft = new RunDraft { Experiment = "mine", Name = new string('x', 95), Spec = SpecDraft.Tutorial.With(SpecFields.Seed, "9-10") };
        Assert.Contains("this one has 103. It ends with what varies: seed=10.", draft.Read().Checked.Problem("name"), StringComparison.Ordinal);
        Assert.Null((draft with { Name = new string('x', 92) }).Read().Checked.Problem("name"));
        Assert.Null((draft with { Spec = SpecDraft.Tutorial }).Read().Checked.Problem("name"));
    }
}
