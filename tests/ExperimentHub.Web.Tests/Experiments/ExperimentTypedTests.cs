using ExperimentHub.Web.Experiments;
using ExperimentHub.Web.Specs;

namespace ExperimentHub.Web.Tests.Experiments;

public sealed class ExperimentTypedTests
{
    private static readonly ExperimentTyped Begun = new("name", "why", SpecDraft.Tutorial);

    [Fact]
    public void Over_BothChangedOtherParts_KeepsBoth()
    {
        var theirs = Begun with { Name = "theirs" };
        var mine = Begun with { Description = "mine", Spec = Begun.Spec.With(SpecFields.Epochs, "7") };

        Assert.Equal(mine with { Name = "theirs" }, mine.Over(theirs, Begun));
        Assert.Equal(theirs with { Description = "theirs" }, Begun.Over(theirs with { Description = "theirs" }, Begun));
    }

    [Fact]
    public void DifferencesFrom_BothChangedTheSettings_NamesEveryFieldThatDiffers()
    {
        var theirs = Begun with { Spec = Begun.Spec.With(SpecFields.BatchSize, "64") };
        var mine = Begun with { Spec = Begun.Spec.With(SpecFields.Epochs, "7") };

        Assert.Equal([("epochs", "5", "7"), ("batch size", "64", "32")], mine.DifferencesFrom(theirs, Begun)
            .Select(difference => (difference.Name, difference.Before, difference.After)));
    }

    [Fact]
    public void DifferencesFrom_OnlyTheyChanged_AreNone() =>
        Assert.Empty(Begun.DifferencesFrom(Begun with { Name = "theirs", Spec = Begun.Spec.With(SpecFields.BatchSize, "64") }, Begun));

    [Fact]
    public void DifferencesFrom_BothTypedTheSame_AreNone()
    {
        var same = Begun with { Name = "same", Spec = Begun.Spec.With(SpecFields.Epochs, "7") };
        Assert.Empty(same.DifferencesFrom(same, Begun));
        Assert.Equal(same, same.Over(same, Begun));
    }
}
